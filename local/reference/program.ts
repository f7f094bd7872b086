import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from '../../src/api/object.ts';
import { start } from '../process.ts';
import type { Rule } from './allowed.ts';
import { type Records, RECORDS } from './folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const VIEWS = [
  { view: 'created', children: 'children', status: 'status' },
  { view: 'ready', children: 'children-ready', status: 'status-ready' },
] as const;

/** A case for the program of the recordings. */
export interface Pair {
  readonly name: string;
  readonly kserve: Records;
  readonly ours: Records;
}

/**
 * Runs the program that comes with the recordings over both moments of the cases, staged below `folder`.
 *
 * @param rules those that explain something: the program looks at fewer of their fields, so that an idle one could hide
 * from it what it is not about
 */
export async function runProgram(
  program: string,
  pairs: readonly Pair[],
  rules: readonly Rule[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly { readonly view: string; readonly code: number; readonly text: string }[]> {
  const allow = join(folder, 'allow.yaml');
  mkdirSync(folder, { recursive: true });
  writeFileSync(allow, stringify(rules));
  return Promise.all(
    VIEWS.map(async ({ view, children, status }) => {
      for (const { name, kserve, ours } of pairs) {
        for (const [side, records] of [
          ['kserve', kserve],
          ['ours', ours],
        ] as const) {
          const place = join(folder, view, side, name);
          mkdirSync(place, { recursive: true });
          writeFileSync(join(place, 'input.yaml'), '');
          writeFileSync(join(place, 'children.yaml'), yamlOf(records[children]));
          writeFileSync(join(place, 'status.yaml'), yamlOf(records[status]));
        }
      }
      const sides = ['kserve', 'ours'].map((side) => join(folder, view, side));
      const args = [program, ...sides, '--allow', allow, '--status'];
      // Into a file: the program ends before all of a long output has gone through a pipe.
      const logFile = join(folder, `${view}.txt`);
      const running = await start({ name: 'compare.mjs', command: process.execPath, args, cwd: ROOT, logFile });
      const { code } = await running.exited;
      signal.throwIfAborted();
      return { view, code: code ?? 1, text: readFileSync(logFile, 'utf8') };
    }),
  );
}

/** Writes what was observed of a case in the form of the recordings. */
export function writeRecords(folder: string, records: Records): void {
  mkdirSync(folder, { recursive: true });
  for (const record of RECORDS) writeFileSync(join(folder, `${record}.yaml`), yamlOf(records[record]));
}

function yamlOf(objects: readonly KubeObject[]): string {
  return objects
    .map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false, sortMapEntries: true })}`)
    .join('');
}
