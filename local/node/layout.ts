import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder or file of this machine that a process finds somewhere else. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** One step towards the file tree of a container; paths of `dir`, `tmpfs`, `link` and `to` are inside that tree. */
export type Step =
  | { readonly op: 'tmpfs' | 'dir'; readonly path: string }
  | { readonly op: 'link'; readonly path: string; readonly to: string }
  | {
      readonly op: 'bind';
      readonly from: string;
      readonly path: string;
      readonly readOnly: boolean;
      readonly file: boolean;
    };

/**
 * The steps that make this machine's file tree with the mounts in it, although their targets may not exist and cannot
 * be made: a folder that lacks a target's name is laid anew, in memory, with everything in it bound from the real one.
 * What the mounts would hide of the `keep` paths is bound once more on top.
 */
export function layout(mounts: readonly Mount[], keep: readonly string[]): readonly Step[] {
  const placed = mounts
    .map((mount) => ({ ...mount, target: resolved(mount.target) }))
    .sort((a, b) => a.target.length - b.target.length);
  const rebuilt = new Set([
    '/',
    ...placed.map(({ target }) => existingParent(target)).filter((dir) => dir !== undefined),
  ]);
  const steps: Step[] = [];
  for (const dir of [...rebuilt].sort((a, b) => a.length - b.length)) {
    // Below a mount the real folder is not seen, so nothing has to be laid there.
    if (placed.some(({ target }) => inside(dir, target))) continue;
    if (dir !== '/') steps.push({ op: 'tmpfs', path: dir });
    for (const name of readdirSync(dir)) steps.push(...entry(join(dir, name)));
  }
  for (const { source, target, readOnly } of placed) steps.push(...bind(source, target, readOnly));
  const kept = keep.map((path) => realpathSync(path));
  for (const path of new Set(kept)) {
    if (placed.some(({ target }) => inside(path, target))) steps.push(...bind(path, path, false));
  }
  return steps;
}

function bind(from: string, path: string, readOnly: boolean): Step[] {
  const file = statSync(from).isFile();
  return [
    { op: 'dir', path: file ? dirname(path) : path },
    { op: 'bind', from, path, readOnly, file },
  ];
}

function entry(path: string): Step[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) return [{ op: 'link', path, to: readlinkSync(path) }];
  if (found?.isDirectory()) {
    return [
      { op: 'dir', path },
      { op: 'bind', from: path, path, readOnly: false, file: false },
    ];
  }
  return found?.isFile() ? [{ op: 'bind', from: path, path, readOnly: false, file: true }] : [];
}

/** The last existing folder on the way to a path that does not exist; undefined for one that does. */
function existingParent(path: string): string | undefined {
  if (exists(path)) return undefined;
  let dir = dirname(path);
  while (!exists(dir)) dir = dirname(dir);
  return dir;
}

/** The path with the links on its way followed as far as it exists: `/var/run/x` is `/run/x`. */
function resolved(path: string): string {
  const clean = join('/', path).replace(/(.)\/+$/, '$1');
  if (clean === '/') throw new Error('a volume cannot be mounted at /');
  return exists(clean)
    ? realpathSync(clean)
    : join(resolvedParent(dirname(clean)), clean.slice(clean.lastIndexOf('/') + 1));
}

function resolvedParent(dir: string): string {
  if (exists(dir)) return realpathSync(dir);
  return join(resolvedParent(dirname(dir)), dir.slice(dir.lastIndexOf('/') + 1));
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function inside(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`);
}
