import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endRecorded, type Running, start, waitFor } from '../../local/process.ts';
import { isSameProcess, processMark } from '../../local/processmark.ts';
import { run, runOrThrow } from '../../local/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'llmisvc-process-'));
const started: Running[] = [];

afterEach(async () => {
  while (started.length > 0) await started.pop()?.stop({ graceMs: 0 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('start', () => {
  it('writes standard output and error to the log and reports the exit code', async () => {
    const running = await shell('codes', 'echo out; echo err >&2; exit 7');
    expect(await running.exited).toEqual({ code: 7, signal: null });
    expect(running.exit()).toEqual({ code: 7, signal: null });
    expect(readFileSync(running.logFile, 'utf8')).toBe('out\nerr\n');
  });

  it('rejects when the program does not exist, and names it', async () => {
    const missing = start({ name: 'ghost', command: join(folder, 'ghost'), logFile: join(folder, 'ghost.log') });
    await expect(missing).rejects.toThrow(/^ghost cannot be started: .*ENOENT.*\/ghost\)$/);
  });

  it('finds a program in the PATH of its own environment', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'only-here'), '#!/bin/sh\necho "$GREETING"\n', { mode: 0o755 });
    const logFile = join(folder, 'only-here.log');
    const running = await start({
      name: 'only-here',
      command: 'only-here',
      env: { PATH: bin, GREETING: 'hello' },
      logFile,
    });
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(readFileSync(logFile, 'utf8')).toBe('hello\n');
  });

  it('stops what the program started as well', async () => {
    const running = await shell('family', 'sleep 1000 & echo $!; wait');
    const mark = await childMark(running.logFile);
    await running.stop();
    await waitFor('the end of the grandchild', 5000, () => !isSameProcess(mark));
  });

  it('kills a program that ignores SIGTERM, after the grace period', async () => {
    const running = await shell('stubborn', 'trap "" TERM; echo ready; while :; do sleep 1000; done');
    await waitFor('the trap', 5000, () => readFileSync(running.logFile, 'utf8').includes('ready'));
    expect(await running.stop({ graceMs: 50 })).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('records a process while it runs', async () => {
    const recordIn = join(folder, 'records');
    const running = await shell('recorded', 'sleep 1000', recordIn);
    expect(JSON.parse(readFileSync(join(recordIn, 'recorded.json'), 'utf8'))).toMatchObject({ pid: running.pid });
    await running.stop();
    expect(readdirSync(recordIn)).toEqual([]);
  });
});

describe('a program that ends', () => {
  const endings: readonly [string, string, (program: ChildProcess) => void][] = [
    ['by returning from its work', 'process.exit(0)', () => undefined],
    ['by an uncaught exception', 'throw new Error("expected by the test")', () => undefined],
    ['by SIGINT', 'setInterval(() => undefined, 1000)', (program) => program.kill('SIGINT')],
    ['by SIGTERM', 'setInterval(() => undefined, 1000)', (program) => program.kill('SIGTERM')],
    ['by SIGKILL', 'setInterval(() => undefined, 1000)', (program) => program.kill('SIGKILL')],
  ];
  it.each(endings)(
    'takes its children with it: %s',
    async (name, last, end) => {
      const logFile = join(folder, `${name}.log`);
      const module = fileURLToPath(new URL('../../local/process.ts', import.meta.url));
      const script = `const { start, waitFor } = await import(${JSON.stringify(module)});
      const { readFileSync } = await import('node:fs');
      const logFile = ${JSON.stringify(logFile)};
      const child = await start({ name: 'child', command: '/bin/sh', args: ['-c', 'echo $$; exec sleep 1000'], logFile });
      await waitFor('output', 5000, () => readFileSync(logFile, 'utf8'));
      process.stdout.write('ready');
      setTimeout(() => { ${last} }, 100);`;
      const program = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ready = new Promise((resolve) => program.stdout.once('data', resolve));
      await ready;
      const mark = await childMark(logFile);
      end(program);
      await waitFor('the end of the child', 5000, () => !isSameProcess(mark));
    },
    20_000,
  );
});

describe('endRecorded', () => {
  it('ends the recorded process', async () => {
    const recordIn = join(folder, 'stale');
    const running = await shell('left-behind', 'sleep 1000', recordIn);
    expect(await endRecorded(recordIn)).toEqual(['left-behind']);
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('leaves a process alone that only has the same id, and forgets half a record', async () => {
    const recordIn = join(folder, 'reused');
    const running = await shell('innocent', 'sleep 1000');
    mkdirSync(recordIn);
    const mark = { ...processMark(running.pid), startTime: '1' };
    writeFileSync(join(recordIn, 'other.json'), JSON.stringify(mark));
    writeFileSync(join(recordIn, 'half.json'), '{"pid":');
    expect(await endRecorded(recordIn)).toEqual([]);
    expect(running.exit()).toBeUndefined();
    expect(readdirSync(recordIn)).toEqual([]);
  });

  it('has nothing to do where nothing was recorded', async () => {
    expect(await endRecorded(join(folder, 'absent'))).toEqual([]);
    expect(existsSync(join(folder, 'absent'))).toBe(false);
  });
});

describe('waitFor', () => {
  it('returns what the probe found, also after it threw', async () => {
    let calls = 0;
    const found = await waitFor('the third call', 5000, () => {
      if (++calls < 3) throw new Error('too early');
      return { calls };
    });
    expect(found).toEqual({ calls: 3 });
  });

  it('says on the deadline what was missing, why, and what the process printed last', async () => {
    const running = await shell('talker', 'echo still loading; sleep 1000');
    await waitFor('the output', 5000, () => readFileSync(running.logFile, 'utf8'));
    const probe = (): never => {
      throw new Error('connection refused');
    };
    await expect(waitFor('the model', 30, probe, undefined, [running])).rejects.toThrow(
      `the model: not seen within 0.03 s (connection refused)\n--- talker, end of ${running.logFile}:\nstill loading`,
    );
  });

  it('gives up at once when the process has ended', async () => {
    const running = await shell('crasher', 'echo no such device; exit 3');
    await expect(waitFor('the model', 60_000, () => false, undefined, [running])).rejects.toThrow(
      /^the model: crasher ended with exit code 3\n[^]*no such device$/,
    );
  });

  it('rejects with the reason of the abort', async () => {
    const controller = new AbortController();
    const waiting = waitFor('nothing', 60_000, () => false, controller.signal);
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow(/interrupted|aborted/);
  });
});

describe('run', () => {
  it('gives exit code, output and what went in', async () => {
    const result = await run('/bin/sh', ['-c', 'cat; echo bad >&2; exit 4'], { input: 'text' });
    expect(result).toEqual({ code: 4, stdout: 'text', stderr: 'bad\n' });
  });

  it('survives a command that does not read its input', async () => {
    expect((await run('/bin/true', [], { input: 'x'.repeat(1_000_000) })).code).toBe(0);
  });

  it('gives 128 and the signal for a command that was ended by one', async () => {
    expect((await run('/bin/sh', ['-c', 'kill -TERM $$'])).code).toBe(143);
  });

  it('ends the command when the signal is aborted', async () => {
    const signal = AbortSignal.timeout(50);
    await expect(run('/bin/sleep', ['1000'], { signal })).rejects.toThrow(/timeout/);
  });

  it('rejects with command line and message when asked to', async () => {
    await expect(runOrThrow('/bin/sh', ['-c', 'echo broken >&2; exit 2'])).rejects.toThrow(
      '/bin/sh -c echo broken >&2; exit 2 failed with exit code 2: broken',
    );
  });
});

async function shell(name: string, script: string, recordIn?: string): Promise<Running> {
  const running = await start({
    name,
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(folder, 'logs', `${name}.log`),
    ...(recordIn === undefined ? {} : { recordIn }),
  });
  started.push(running);
  return running;
}

/** The process whose id is the first word of a log file. */
async function childMark(logFile: string): Promise<NonNullable<ReturnType<typeof processMark>>> {
  const pid = await waitFor('a process id in the log', 5000, () => Number.parseInt(readFileSync(logFile, 'utf8'), 10));
  const mark = processMark(pid);
  if (mark === undefined) throw new Error(`process ${pid} ended too early`);
  return mark;
}
