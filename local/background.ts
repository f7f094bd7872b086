import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logTail, waitFor } from './process.ts';
import { isSameProcess, type ProcessMark, processMark } from './processmark.ts';
import { type Stack, startStack } from './stack.ts';
import type { Step } from './step.ts';

/** A stack that runs in the background, as its supervisor recorded it. */
export interface Background {
  /** The supervisor. */
  readonly mark: ProcessMark;
  readonly kubeconfig: string;
  /** Path of the kubectl that belongs to the API server. */
  readonly kubectl: string;
}

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));
const START_MS = 60 * 60_000;
const STOP_MS = 30_000;

/**
 * Starts a supervisor that keeps a stack running after this process has ended, passes on what it says, and resolves when the
 * stack is up. A stack that runs already is returned as it is. Rejects with the supervisor's last words when it gives up;
 * an aborted signal ends it again.
 */
export async function startInBackground(
  stateDir: string,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<Background> {
  const running = await backgroundStack(stateDir);
  if (running) return running;
  await rm(recordFile(stateDir), { force: true });
  const logFile = join(stateDir, 'up.log');
  mkdirSync(stateDir, { recursive: true });
  const log = openSync(logFile, 'w');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', CLI, 'supervise', '--state', stateDir],
    {
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  child.unref();
  const passOn = await follower(logFile, print);
  try {
    return await waitFor(
      'the stack in the background',
      START_MS,
      async () => {
        await passOn.more();
        if (child.exitCode !== null || child.signalCode !== null) return { ended: true } as const;
        return backgroundStack(stateDir);
      },
      signal,
    ).then((found) => {
      if ('mark' in found) return found;
      throw new Error(`The stack did not start: ${logTail(logFile, 5)}`);
    });
  } catch (error) {
    if (child.exitCode === null && child.pid !== undefined) {
      child.kill('SIGTERM');
      await waitFor('the end of the stack', STOP_MS, () => child.exitCode !== null || child.signalCode !== null);
    }
    throw error;
  } finally {
    await passOn.close();
  }
}

/** The supervisor's own work: starts the stack, records it, and keeps it until the signal is aborted. */
export async function supervise(stateDir: string, step: Step, signal: AbortSignal): Promise<void> {
  const stack: Stack = await startStack({ stateDir, purpose: `make up in ${dirname(stateDir)}`, step, signal });
  try {
    const mark = processMark(process.pid);
    if (mark === undefined) throw new Error('/proc cannot be read: the local stack needs Linux with /proc mounted');
    const { kubeconfig, kubectlProgram } = stack.controlPlane;
    const record: Background = { mark, kubeconfig, kubectl: kubectlProgram };
    await writeFile(`${recordFile(stateDir)}.new`, JSON.stringify(record));
    await rename(`${recordFile(stateDir)}.new`, recordFile(stateDir));
    await aborted(signal);
  } finally {
    await stack.stop();
    await rm(recordFile(stateDir), { force: true });
  }
}

/** Ends the stack that runs in the background; false when none does. */
export async function stopBackground(stateDir: string): Promise<boolean> {
  const running = await backgroundStack(stateDir);
  if (!running) return false;
  process.kill(running.mark.pid, 'SIGTERM');
  try {
    await waitFor('the end of the stack', STOP_MS, () => !isSameProcess(running.mark));
  } catch (error) {
    if (isSameProcess(running.mark)) process.kill(running.mark.pid, 'SIGKILL');
    throw error;
  }
  return true;
}

async function backgroundStack(stateDir: string): Promise<Background | undefined> {
  const text = await readFile(recordFile(stateDir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as Background;
  return isSameProcess(record.mark) ? record : undefined;
}

function recordFile(stateDir: string): string {
  return join(stateDir, 'up.json');
}

function aborted(signal: AbortSignal): Promise<void> {
  // The timer keeps the process alive; nothing else has to.
  const alive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Reads on in a file that grows. */
async function follower(
  file: string,
  print: (text: string) => void,
): Promise<{ more(): Promise<void>; close(): Promise<void> }> {
  const handle = await open(file, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  return {
    async more() {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead > 0) print(buffer.toString('utf8', 0, bytesRead));
    },
    close: () => handle.close(),
  };
}
