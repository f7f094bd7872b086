import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { enclose, type Isolation, probeIsolation } from '../../local/node/isolation.ts';
import type { Mount } from '../../local/node/layout.ts';
import { run } from '../../local/run.ts';

let dir: string;
let found: Isolation;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
  found = await probeIsolation(() => undefined, join(dir, 'probe'));
});

afterAll(() => rmSync(dir, { recursive: true }));

describe('a container', () => {
  it('finds its volumes where it expects them, and leaves no mount behind', async () => {
    if (found === 'substituted paths') return;
    const before = readFileSync('/proc/self/mounts', 'utf8');
    const targets = [
      '/mnt/models',
      '/models',
      '/home',
      '/tmp',
      '/dev/shm',
      '/var/run/kserve/tls',
      '/var/run/secrets/x/y',
    ];
    const mounts = targets.map((target, index) => mount(`${index}`, target, target === '/mnt/models'));
    const script = targets.map((target) => `cat ${target}/name`).join('; ');
    expect(await inside(found, mounts, script)).toBe(targets.join(''));
    expect(
      await inside(
        found,
        mounts,
        'touch /mnt/models/x 2>/dev/null || echo -n refused; touch /models/x && echo -n done',
      ),
    ).toBe('refuseddone');
    expect(existsSync(join(mounts[1]?.source ?? '', 'x'))).toBe(true);
    for (const target of ['/mnt/models', '/models', '/run/kserve']) expect(existsSync(target)).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(before);
  });

  it('keeps the folders it needs, although a volume lies over them', async () => {
    if (found === 'substituted paths') return;
    const kept = join(dir, 'kept');
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(kept, 'file'), 'still here');
    const mounts = [mount('over', dirname(dir), false)];
    expect(await inside(found, mounts, `cat ${kept}/file; cat ${dirname(dir)}/name`, [kept])).toBe(
      `still here${dirname(dir)}`,
    );
  });

  it('sees the rest of the machine, and its working folder', async () => {
    const mounts = [mount('m', '/mnt/models', true)];
    expect(await inside(found, mounts, 'pwd; test -c /dev/null && test -d /proc/self && echo -n yes', [], '/usr')).toBe(
      '/usr\nyes',
    );
  });

  it('gets paths replaced where nothing can be mounted', async () => {
    const models = mount('models', '/mnt/models', true);
    const out = await inside('substituted paths', [models], 'cat /mnt/models/name; echo " /mnt/models-2 $HOME"');
    expect(out).toBe(`${models.target} /mnt/models-2 ${models.source}\n`);
  });
});

function mount(name: string, target: string, readOnly: boolean): Mount {
  const source = join(dir, 'volumes', name);
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'name'), target);
  return { source, target, readOnly };
}

async function inside(
  isolation: Isolation,
  mounts: readonly Mount[],
  script: string,
  keep: readonly string[] = [],
  workingDir = '/',
): Promise<string> {
  const root = join(dir, 'root');
  mkdirSync(root, { recursive: true });
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/mnt/models' };
  const command = enclose(
    isolation,
    { command: '/bin/sh', args: ['-c', script], env },
    { mounts, keep, workingDir, root },
  );
  const { code, stdout, stderr } = await run(command.command, command.args, { env: command.env });
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}
