import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeHolder, tryLock } from '../../local/lock.ts';
import { processMark } from '../../local/processmark.ts';
import { runOrThrow } from '../../local/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'llmisvc-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tryLock', () => {
  it('says who holds the lock, what for and since when', () => {
    const path = join(folder, 'held.json');
    const { release } = tryLock(path, 'building etcd');
    const { holder } = tryLock(path, 'building etcd as well');
    expect(holder && describeHolder(holder)).toMatch(
      new RegExp(`^process ${process.pid} \\(building etcd, since \\d\\d:\\d\\d:\\d\\d\\)$`),
    );
    release?.();
    expect(tryLock(path, 'next').release).toBeDefined();
  });

  it('takes over the lock of a process that ended, also when its id is in use again', () => {
    const path = join(folder, 'stale.json');
    const reused = {
      ...processMark(process.pid),
      startTime: '1',
      purpose: 'earlier',
      since: new Date(0).toISOString(),
    };
    writeFileSync(path, JSON.stringify(reused));
    expect(tryLock(path, 'now').release).toBeDefined();
  });

  it('takes over half a lock file', () => {
    const path = join(folder, 'half.json');
    writeFileSync(path, '{"pid":');
    expect(tryLock(path, 'now').release).toBeDefined();
  });

  it('lets one of many processes through at a time', async () => {
    const place = mkdtempSync(join(folder, 'race-'));
    const module = fileURLToPath(new URL('../../local/lock.ts', import.meta.url));
    const stale = JSON.stringify({ ...processMark(process.pid), startTime: '1', purpose: 'gone', since: '' });
    // Each worker takes the lock 50 times, and fails when the file that only the holder may make already exists. Every
    // other time it leaves the lock as a process does that was killed.
    const worker = `const { tryLock } = await import(${JSON.stringify(module)});
      const { writeFileSync, rmSync } = await import('node:fs');
      for (let taken = 0; taken < 50; ) {
        const { release } = tryLock(${JSON.stringify(join(place, 'lock.json'))}, 'race');
        if (release === undefined) { await new Promise(setImmediate); continue; }
        writeFileSync(${JSON.stringify(join(place, 'inside'))}, '', { flag: 'wx' });
        rmSync(${JSON.stringify(join(place, 'inside'))});
        if (taken++ % 2 === 0) writeFileSync(${JSON.stringify(join(place, 'lock.json'))}, ${JSON.stringify(stale)});
        else release();
      }`;
    const workers = Array.from({ length: 4 }, () =>
      runOrThrow(process.execPath, ['--input-type=module', '-e', worker]),
    );
    await Promise.all(workers);
    expect(readdirSync(place).filter((file) => file !== 'lock.json')).toEqual([]);
  }, 60_000);

  it('frees the lock when the process ends', async () => {
    const path = join(folder, 'exit.json');
    const module = fileURLToPath(new URL('../../local/lock.ts', import.meta.url));
    const script = `(await import(${JSON.stringify(module)})).tryLock(${JSON.stringify(path)}, 'short')`;
    await runOrThrow(process.execPath, ['--input-type=module', '-e', script]);
    expect(readdirSync(folder)).not.toContain('exit.json');
  });
});
