import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onProcessEnd } from './processend.ts';
import { isSameProcess, type ProcessMark, processMark } from './processmark.ts';

export interface StartOptions {
  /** Used in messages and for the record of the process. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the process. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Standard output and standard error are appended here. */
  readonly logFile: string;
  /** A folder in which the process is recorded while it runs, for `endRecorded`. */
  readonly recordIn?: string;
  /**
   * Whether the kernel ends the process when this one dies, even by SIGKILL. Default true; needs `setpriv` and has no
   * effect without it, nor on programs that change their own credentials.
   */
  readonly dieWithParent?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** How it ended, or undefined while it runs. */
  exit(): Exit | undefined;
  /** Sends a signal to the process and everything it started. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after `graceMs` (default 5,000) to the whole process group; resolves when it has ended. */
  stop(options?: { readonly graceMs?: number }): Promise<Exit>;
}

/**
 * Starts a program in a process group of its own, with output to a file. It ends with this process, however this one
 * ends. Rejects when the program cannot be started (not found, not executable).
 */
export async function start(options: StartOptions): Promise<Running> {
  const { name, command, args = [], env = process.env, cwd, logFile, recordIn, dieWithParent = true } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const [file, argv] = dieWithParent ? withDeathSignal(command, args, env['PATH'] ?? '') : [command, args];
  const child = spawn(file, argv, { env: { ...env }, cwd, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new Error(`${name} cannot be started: ${cause.message} (${command})`, { cause })),
    );
  });
  const pid = child.pid as number;
  const record = recordIn === undefined ? undefined : writeRecord(recordIn, name, pid);
  const forget = onProcessEnd(() => killGroup(pid, 'SIGKILL'));
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      killGroup(pid, 'SIGKILL');
      forget();
      if (record !== undefined) rmSync(record, { force: true });
      resolve(exit);
    });
  });
  const kill = (signal: NodeJS.Signals): void => {
    if (exit === undefined) killGroup(pid, signal);
  };
  const stop = async (stopOptions: { readonly graceMs?: number } = {}): Promise<Exit> => {
    kill('SIGTERM');
    const hard = setTimeout(() => kill('SIGKILL'), stopOptions.graceMs ?? 5000);
    const result = await exited;
    clearTimeout(hard);
    return result;
  };
  return { name, pid, logFile, exited, exit: () => exit, kill, stop };
}

/**
 * Ends the processes that an earlier run recorded in a folder and could not end itself, and returns their names. A
 * process is ended only when it is the recorded one: same id, same start time, same boot of the machine.
 */
export async function endRecorded(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const ended: string[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const path = join(folder, file);
    const mark = readRecord(path);
    if (mark !== undefined && isSameProcess(mark)) {
      killGroup(mark.pid, 'SIGKILL');
      await waitFor(`the end of process ${mark.pid} of an earlier run`, 10_000, () => !isSameProcess(mark));
      ended.push(file.slice(0, -'.json'.length));
    }
    rmSync(path, { force: true });
  }
  return ended;
}

/**
 * Calls `probe` until it returns something truthy, and returns that. A probe that throws is
 * called again. After `deadlineMs`, or as soon as one of the `watched` processes has ended, rejects with an
 * error that says what was missing, the last error of the probe, and the end of the watched logs. Rejects with the
 * signal's reason when that is aborted.
 */
export async function waitFor<T>(
  what: string,
  deadlineMs: number,
  probe: () => T | Promise<T>,
  signal?: AbortSignal,
  watched: readonly Running[] = [],
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + deadlineMs;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
    signal?.throwIfAborted();
    let failure: unknown;
    try {
      const found = await probe();
      if (found) return found as NonNullable<Exclude<T, false>>;
    } catch (error) {
      failure = error;
    }
    const gone = watched.filter((running) => running.exit() !== undefined);
    if (gone.length > 0) throw new Error(`${what}: ${gone.map(describeEnd).join('; ')}${detail(failure, gone)}`);
    if (Date.now() >= deadline) {
      throw new Error(`${what}: not seen within ${deadlineMs / 1000} s${detail(failure, watched)}`);
    }
    await delay(Math.min(pause, Math.max(1, deadline - Date.now())), undefined, signal === undefined ? {} : { signal });
  }
}

/** The last lines of a log file; empty when there is none. */
export function logTail(file: string, lines = 15): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

function describeEnd(running: Running): string {
  const exit = running.exit();
  return `${running.name} ended with ${exit?.signal ?? `exit code ${exit?.code}`}`;
}

function detail(failure: unknown, processes: readonly Running[]): string {
  const reason = failure === undefined ? '' : ` (${failure instanceof Error ? failure.message : String(failure)})`;
  const logs = processes.map(({ name, logFile }) => `\n--- ${name}, end of ${logFile}:\n${logTail(logFile)}`);
  return reason + logs.join('');
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function withDeathSignal(command: string, args: readonly string[], path: string): [string, readonly string[]] {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  const found = command.includes('/') ? [command] : path.split(':').map((folder) => join(folder, command));
  const program = found.find((file) => existsSync(file));
  if (setpriv === undefined || program === undefined) return [command, args];
  // setpriv replaces itself by the program, so the process id stays the one that is known here.
  return [setpriv, ['--pdeathsig', 'KILL', '--', program, ...args]];
}

function writeRecord(folder: string, name: string, pid: number): string | undefined {
  const mark = processMark(pid);
  if (mark === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(mark));
  return path;
}

function readRecord(path: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessMark;
  } catch {
    // A record that was cut off while it was written names no process.
    return undefined;
  }
}
