import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type GoProgram, goPrograms, linkerFlags, type ProgramName, toolsDir } from './catalog.ts';

/** The folder for programs: `$LLMISVC_CACHE`, else `$XDG_CACHE_HOME/llmisvc`, else `~/.cache/llmisvc`. */
export function cacheDir(): string {
  const { LLMISVC_CACHE, XDG_CACHE_HOME } = process.env;
  return LLMISVC_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'llmisvc');
}

/** Where a program lies, or will lie, in the cache. The folder changes whenever what it is made from changes. */
export function cachedPath(name: ProgramName): string {
  const program = goPrograms.find((candidate) => candidate.name === name);
  if (program !== undefined) return join(cacheDir(), goKey(program), name);
  return join(cacheDir(), key('envoy', [readTool('envoy', 'requirements.txt')]), name);
}

/** The path of a program that is at hand: from `KUBEBUILDER_ASSETS` where it is there, else from the cache. */
export function findProgram(name: ProgramName): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets && ['etcd', 'kube-apiserver', 'kubectl'].includes(name)) {
    const path = join(assets, name);
    if (existsSync(path)) return path;
  }
  const path = cachedPath(name);
  return existsSync(path) ? path : undefined;
}

/** A file or folder beside a program's final path, for work that has not ended; see `removeLeftovers`. */
export function partialPath(target: string): string {
  return `${target}.partial-${process.pid}`;
}

/** Removes what a killed run left half done. Only for the holder of the cache's lock. */
export function removeLeftovers(): void {
  for (const folder of new Set(
    goPrograms.map(({ name }) => dirname(cachedPath(name))).concat(dirname(cachedPath('envoy'))),
  )) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((name) => name.includes('.partial-'))) {
      rmSync(join(folder, file), { recursive: true, force: true });
    }
  }
}

function goKey(program: GoProgram): string {
  const { module } = program;
  return key(module, [readTool(module, 'go.sum'), readTool(module, 'go.mod'), linkerFlags(program)]);
}

function key(name: string, contents: readonly string[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content).update('\0');
  return `${name}-${hash.digest('hex').slice(0, 16)}`;
}

function readTool(folder: string, file: string): string {
  return readFileSync(join(toolsDir, folder, file), 'utf8');
}
