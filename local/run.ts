import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { onProcessEnd } from './processend.ts';

export interface RunOptions {
  /** The whole environment of the command. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to its standard input. */
  readonly input?: string;
  /** Aborted: the command gets SIGTERM and the call rejects. */
  readonly signal?: AbortSignal;
  /** Called with each line of standard error as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

export interface RunResult {
  /** The exit code; 128 and more when a signal ended the command, as in a shell. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end, at the latest that of this process, and returns what it printed, whatever its exit code. Rejects when it cannot be started, with a
 * message that names the command, and with the signal's reason when that is aborted.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env = process.env, cwd, input, signal, onErrorLine } = options;
  const child = spawn(command, args, { env: { ...env }, cwd, signal, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => {
      reject(signal?.aborted === true ? signal.reason : new Error(`${command}: ${cause.message}`, { cause }));
    });
    child.once('close', (code, by) => resolve(code ?? (by === null ? 1 : 128 + (SIGNAL_NUMBERS[by] ?? 0))));
  });
  const forget = onProcessEnd(() => child.kill('SIGTERM'));
  // A command that does not read its input closes the pipe early; its exit code tells the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  if (onErrorLine !== undefined) eachLine(child.stderr, onErrorLine);
  try {
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  } finally {
    forget();
  }
}

/** As `run`, but rejects with the command line and its standard error when the exit code is not 0. */
export async function runOrThrow(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} failed with exit code ${code}: ${stderr.trim() || stdout.trim()}`);
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
