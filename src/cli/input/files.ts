import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Complaint, Trouble } from '../complaint.ts';
import type { Io } from '../io.ts';

export interface FileOptions {
  /** Files, folders, and `-` for standard input. */
  readonly filename: readonly string[];
  /** Also the folders in folders. */
  readonly recursive: boolean;
}

/** The text of a file. */
export interface FileText {
  readonly file: string;
  readonly text: string;
  /** Whether the file itself was named, rather than a folder around it. */
  readonly named: boolean;
}

export interface Files {
  readonly texts: readonly FileText[];
  readonly complaints: readonly Complaint[];
}

/**
 * Reads files, the files of folders that hold YAML or JSON, and standard input, each once. A link in a folder that leads
 * nowhere becomes a complaint.
 *
 * @throws Trouble when a file or folder does not exist or holds nothing
 */
export async function readFiles({ filename, recursive }: FileOptions, io: Io): Promise<Files> {
  const texts = new Map<string, FileText>();
  const complaints: Complaint[] = [];
  for (const name of filename) {
    if (name === '-') {
      if (!texts.has(STDIN)) texts.set(STDIN, { file: STDIN, text: await io.stdin(), named: true });
      continue;
    }
    const { files, named } = filesOf(name, recursive);
    for (const { file, dangling } of files) {
      const path = resolve(file);
      if (dangling) complaints.push({ severity: 'error', file, message: DANGLING });
      else if (named || !texts.has(path)) texts.set(path, { file, text: readFileSync(file, 'utf8'), named });
    }
  }
  return { texts: [...texts.values()], complaints };
}

const STDIN = '<stdin>';
const EXTENSIONS = /\.(ya?ml|json)$/;
const DANGLING = 'This link leads to a file that does not exist. Correct it, or remove it from the folder.';

interface Found {
  readonly file: string;
  readonly dangling?: boolean;
}

function filesOf(name: string, recursive: boolean): { readonly files: readonly Found[]; readonly named: boolean } {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (!stat) throw new Trouble(`${name} does not exist. Name a file, a folder, or - for standard input.`);
  if (!stat.isDirectory()) return { files: [{ file: name }], named: true };
  const files = folder(name, recursive);
  const below = recursive ? '' : ' (folders in it are read with --recursive)';
  if (files.length === 0) throw new Trouble(`${name} holds no file ending in .yaml, .yml or .json${below}.`);
  return { files, named: false };
}

function folder(name: string, recursive: boolean): readonly Found[] {
  return readdirSync(name, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): readonly Found[] => {
      const file = join(name, entry.name);
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return recursive ? folder(file, recursive) : [];
      if (!EXTENSIONS.test(entry.name)) return [];
      return [stat ? { file } : { file, dangling: true }];
    });
}
