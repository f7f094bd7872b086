import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, runOrThrow } from '../run.ts';
import { partialPath } from './cache.ts';
import { type GoProgram, linkerFlags, toolsDir } from './catalog.ts';
import type { Progress } from './progress.ts';

/**
 * Builds a program from its pinned module into `target`. Modules that are not in Go's module cache are downloaded and
 * checked against `go.sum`. Rejects with the compiler's last lines.
 */
export async function buildGoProgram(
  program: GoProgram,
  target: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const cwd = join(toolsDir, program.module);
  const partial = partialPath(target);
  mkdirSync(dirname(target), { recursive: true });
  const total = await packageCount(program, signal);
  let packages = 0;
  let modules = 0;
  const onErrorLine = (line: string): void => {
    if (line.startsWith('go: downloading')) modules++;
    else packages++;
    progress.detail(
      `${modules > 0 ? `${modules} modules downloaded, ` : ''}${packages} of at most ${total} packages compiled`,
    );
  };
  try {
    const args = ['build', '-v', '-trimpath', '-ldflags', linkerFlags(program), '-o', partial, program.package];
    const { code, stderr } = await run('go', args, { cwd, env: goEnv(), onErrorLine, ...optional(signal) });
    if (code !== 0) throw new Error(`${program.name} cannot be built: ${lastLines(stderr)}`);
    renameSync(partial, target);
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * The folder of the pinned Envoy Gateway module in Go's module cache; it holds the custom resource definitions below
 * `charts/gateway-helm/charts/crds/crds/`. Downloaded when it is not there. Rejects with Go's message.
 */
export async function envoyGatewayModuleDir(signal?: AbortSignal): Promise<string> {
  const cwd = join(toolsDir, 'envoy-gateway');
  const module = 'github.com/envoyproxy/gateway';
  const options = { cwd, env: goEnv(), ...optional(signal) };
  const list = async (): Promise<string> =>
    (await runOrThrow('go', ['list', '-m', '-f', '{{.Dir}}', module], options)).trim();
  const dir = await list();
  if (dir !== '' && existsSync(dir)) return dir;
  await runOrThrow('go', ['mod', 'download', module], options);
  return await list();
}

/** How many packages a program consists of. Downloads the modules that are not there yet. */
async function packageCount(program: GoProgram, signal: AbortSignal | undefined): Promise<number> {
  const options = { cwd: join(toolsDir, program.module), env: goEnv(), ...optional(signal) };
  const list = await runOrThrow('go', ['list', '-deps', '-f', '{{.ImportPath}}', program.package], options);
  return list.trim().split('\n').length;
}

/** The environment for Go: static programs, and never a change of `go.mod` or `go.sum`. */
export function goEnv(): Readonly<Record<string, string | undefined>> {
  return { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off' };
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-20).join('\n');
}
