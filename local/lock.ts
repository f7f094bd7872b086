import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
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
      const release = (): void => {
        forget();
        rmSync(path, { force: true });
      };
      const forget = onProcessEnd(() => rmSync(path, { force: true }));
      return { release };
    }
    const holder = readHolder(path);
    if (holder !== undefined && isSameProcess(holder)) return { holder };
    breakLock(path, holder);
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

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}

function breakLock(path: string, stale: LockHolder | undefined): void {
  // Moved away first: of two processes that break the same lock, one moves it. The other may have moved a new lock of the
  // first by then, and puts it back.
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.startTime !== stale?.startTime && isSameProcess(moved)) linkBack(aside, path);
  rmSync(aside, { force: true });
}

function linkBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
