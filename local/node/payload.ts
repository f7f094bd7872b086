import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One file of a volume. */
export interface PayloadFile {
  readonly content: Buffer;
  /** Permissions, such as 0o644. */
  readonly mode: number;
}

const DATA = '..data';

/**
 * Makes the folder of a volume hold exactly these files, by their relative paths. As a kubelet does it: the files lie in a
 * folder of their own, `..data` is a link to it, and the names that a container sees are links through `..data`. One rename
 * replaces all files at once, so a reader never finds the new certificate with the old key.
 */
export async function writePayload(folder: string, files: ReadonlyMap<string, PayloadFile>): Promise<void> {
  await mkdir(folder, { recursive: true });
  const before = await readlink(join(folder, DATA)).catch(() => undefined);
  if (before !== undefined && (await holds(join(folder, before), files))) return;

  const after = await mkdtemp(`${folder}/..`);
  for (const [path, { content, mode }] of files) {
    const target = join(after, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode: 0o600 });
    await chmod(target, mode);
  }
  const link = join(folder, `${DATA}_tmp`);
  await rm(link, { force: true });
  await symlink(after.slice(dirname(after).length + 1), link);
  await rename(link, join(folder, DATA));
  await linkNames(folder, new Set([...files.keys()].map(firstName)));
  if (before !== undefined) await rm(join(folder, before), { recursive: true, force: true });
}

async function holds(folder: string, files: ReadonlyMap<string, PayloadFile>): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [path, { content, mode }] of files) {
    const old = await readFile(join(folder, path)).catch(() => undefined);
    if (!old?.equals(content)) return false;
    if (((await stat(join(folder, path))).mode & 0o777) !== mode) return false;
  }
  return true;
}

async function linkNames(folder: string, names: ReadonlySet<string>): Promise<void> {
  const visible = (await readdir(folder)).filter((name) => !name.startsWith('..'));
  for (const name of visible) if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  for (const name of names) if (!visible.includes(name)) await symlink(join(DATA, name), join(folder, name));
}

function firstName(path: string): string {
  return path.split('/')[0] ?? path;
}
