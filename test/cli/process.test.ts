import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { llmisvc, SERVICE, useFolder } from './cliprocess.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = useFolder();
const FILE = 'examples/qwen2-7b.yaml';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** The package as `npm publish` would send it, from a copy of the project: it builds into a folder of its own. */
function pack(): Packed {
  const root = folder.path('project');
  mkdirSync(root);
  for (const part of ['src', 'scripts', 'manifests', 'crds', 'examples', 'package.json', 'README.md']) {
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json')) as readonly [Packed];
  return packed;
}

function npm(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  // What the build prints comes before npm's own output.
  return stdout.slice(stdout.search(/^[[{]/m));
}

describe('the package, installed into an empty folder', () => {
  let cli = '';
  let plugin = '';
  let packed: Packed;

  beforeAll(() => {
    packed = pack();
    const empty = folder.path('installed');
    mkdirSync(empty);
    npm(empty, 'install', '--offline', '--prefix', empty, join(folder.path('project'), packed.filename));
    const programs = join(empty, 'node_modules', '.bin');
    cli = join(programs, 'llmisvc');
    plugin = join(programs, 'kubectl-llmisvc');
  }, 120_000);

  const run = (program: string, ...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });

  it('holds the command line and nothing else, and needs no other package', () => {
    const files = packed.files
      .map(({ path }) => path.replace(/-[A-Z0-9]{8}\./, '.'))
      .map((path) => path.replace(/\/[^/]*$/, '/*'));
    expect([...new Set(files)].toSorted()).toEqual(['README.md', 'dist/*', 'dist/cli-parts/*', 'package.json']);
    expect(packed.files.map(({ path }) => path)).not.toContain('dist/main.js');
    expect(readdirSync(folder.path('installed/node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'llmisvc',
    ]);
  });

  it('renders, explains and lints as the sources do, with presets, settings and schemas inside', async () => {
    const commands = [
      ['render', '-f', FILE],
      ['explain', 'qwen2-7b', '-f', FILE],
      ['lint', '-f', FILE],
      ['diff', '-f', FILE, '--from', FILE],
    ];
    for (const command of commands) {
      const { status, stdout, stderr } = run(cli, ...command);
      expect({ code: status, stdout, stderr }).toEqual(await llmisvc(command));
    }
  }, 30_000);

  it('reads settings from a file, and says what it cannot reach', () => {
    const settings =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inferenceservice-config, namespace: kserve}\ndata: {}\n';
    const file = folder.write('both.yaml', `${SERVICE}---\n${settings}`);
    expect(run(cli, 'render', '-f', file).stdout).toContain('image: kserve/storage-initializer:latest');
    const { status, stderr } = run(cli, 'diff', '-f', file, '--kubeconfig', '/nowhere');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('kubeconfig /nowhere does not exist'),
    });
  });

  it('calls itself as it was called: as a plugin of kubectl', () => {
    expect(run(plugin, '--help').stdout).toContain('Usage: kubectl llmisvc ');
    expect(run(cli, '--help').stdout).toContain('Usage: llmisvc ');
  });

  it('completes for kubectl, which asks a program of its own', () => {
    const completer = join(dirname(plugin), 'kubectl_complete-llmisvc');
    const offered = (...words: readonly string[]) => run(completer, ...words).stdout.split('\n');
    expect(offered('re')).toEqual([expect.stringMatching(/^render\tPrint the children/), ':4', '']);
    expect(offered('lint', '-f', 'x.yaml', '-o', 's')).toEqual(['sarif\tformat', ':4', '']);
    expect(offered('diff', '--from-')).toEqual([':4', '']);
    expect(offered('render', '--from-')).toEqual([expect.stringMatching(/^--from-cluster\t/), ':4', '']);
    expect(offered('render', '-f', '')).toEqual([':0', '']);
    expect(offered('completion', 'f')).toEqual(['fish\t', ':4', '']);
    expect(offered('nothing', '')).toEqual([':4', '']);
  });

  it('ends quietly when its reader goes away', () => {
    const pipeline = `"${process.execPath}" "${cli}" render -f examples | head -1`;
    const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', pipeline], { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
