import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { onProcessEnd } from './processend.ts';
import { isSameProcess, type ProcessMark, processMark } from './processmark.ts';

export interface LockHolder extends ProcessMark {
  /** What the holder does, for a person. */
  readonly purpose: string;
  /** ISO 8601. */
  readonly since: string;
}

export type LockResult =
  | { readonly release: () => void; readonly holder?: undefined }
  | { readonly release?: undefined; readonly holder: LockHolder };

const BREAKING_MS = 5000;

/**
 * Takes a lock file for this process, or says who holds it. The lock of a process that no longer runs is taken over. It
 * is released by the returned function, and when this process ends. Throws when the folder cannot be written.
 */
export function tryLock(path: string, purpose: string): LockResult {
  const mark = processMark(process.pid);
  if (mark === undefined) throw new Error('/proc cannot be read: the local stack needs Linux with /proc mounted');
  const mine: LockHolder = { ...mark, purpose, since: new Date().toISOString() };
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    if (linkInto(path, mine)) {
      const remove = (): void => {
        if (isDeepStrictEqual(readHolder(path), mine)) rmSync(path, { force: true });
      };
      const forget = onProcessEnd(remove);
      const release = (): void => {
        forget();
        remove();
      };
      return { release };
    }
    const holder = readHolder(path);
    if (holder === 'absent') continue;
    if (holder !== 'unreadable' && isSameProcess(holder)) return { holder };
    removeStale(path, holder);
  }
}

/** `process 4711 (building kube-apiserver, since 12:03:55)`. */
export function describeHolder(holder: LockHolder): string {
  return `process ${holder.pid} (${holder.purpose}, since ${new Date(holder.since).toTimeString().slice(0, 8)})`;
}

function linkInto(path: string, content: LockHolder): boolean {
  // Written aside and linked into place, so that nobody reads half a lock.
  const aside = `${path}.${randomUUID()}`;
  writeFileSync(aside, JSON.stringify(content));
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

type Held = LockHolder | 'absent' | 'unreadable';

function readHolder(path: string): Held {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
  try {
    return JSON.parse(content) as LockHolder;
  } catch {
    // A full disk leaves an empty file.
    return 'unreadable';
  }
}

/**
 * Removes the lock of a process that ended. Several may try at once, and one that comes late must not remove the new lock
 * of one that was faster: so only one at a time does it, and looks again before.
 */
function removeStale(path: string, stale: Exclude<Held, 'absent'>): void {
  const turn = `${path}.breaking`;
  try {
    writeFileSync(turn, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // The turn takes microseconds. One that lasts seconds belongs to a process that was killed in it.
    const age = Date.now() - (statSync(turn, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > BREAKING_MS) rmSync(turn, { force: true });
    return;
  }
  try {
    if (isDeepStrictEqual(readHolder(path), stale)) rmSync(path, { force: true });
  } finally {
    rmSync(turn, { force: true });
  }
}
