import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { llmisvc, SERVICE, useFolder } from './cliprocess.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = useFolder();
const FILE = 'examples/qwen2-7b.yaml';

function build(): string {
  // A copy of the project builds into a folder of its own, so that nothing else that builds is in the way.
  const root = folder.path('project');
  mkdirSync(root);
  for (const part of ['src', 'scripts', 'manifests', 'crds', 'examples', 'package.json']) {
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return join(root, 'dist');
}

describe('the bundle, in an empty folder', () => {
  let cli = '';

  beforeAll(() => {
    const dist = build();
    const empty = folder.path('installed');
    cpSync(dist, empty, { recursive: true });
    cli = join(empty, 'cli.js');
    symlinkSync(cli, folder.path('kubectl-llmisvc'));
  }, 60_000);

  const run = (program: string, ...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
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
    expect(run(folder.path('kubectl-llmisvc'), '--help').stdout).toContain('Usage: kubectl llmisvc ');
    expect(run(cli, '--help').stdout).toContain('Usage: llmisvc ');
  });

  it('ends quietly when its reader goes away', () => {
    const pipeline = `"${process.execPath}" "${cli}" render -f examples | head -1`;
    const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', pipeline], { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
