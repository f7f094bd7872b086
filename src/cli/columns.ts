import type { Io } from './io.ts';

/** Longer values are cut in a list of many. */
export const VALUE_WIDTH = 40;

/**
 * Rows as columns, the last one wrapped; where the terminal is too narrow for that, the columns of a row stand below each
 * other. For programs they are neither padded nor wrapped, so that a line does not depend on the others.
 */
export function columns(
  rows: readonly (readonly [string, string, string])[],
  { terminal, columns: total }: Pick<Io, 'terminal' | 'columns'>,
): string[] {
  if (!terminal) return rows.map((row) => `  ${row.filter((cell) => cell !== '').join('  ')}`);
  const [first, second] = [0, 1].map((index) => Math.max(0, ...rows.map((row) => row[index]?.length ?? 0))) as [
    number,
    number,
  ];
  const before = first + second + 6;
  if (total - before < NARROWEST_COLUMN) return rows.flatMap((row) => stacked(row, total));
  return rows.flatMap(([a, b, c]) => {
    const [head = '', ...rest] = wrapped(c, total - before);
    const line = `  ${a.padEnd(first)}  ${b.padEnd(second)}  ${head}`.trimEnd();
    return [line, ...rest.map((text) => `${' '.repeat(before)}${text}`)];
  });
}

const NARROWEST_COLUMN = 30;

function stacked([a, b, c]: readonly [string, string, string], total: number): string[] {
  const below = c === '' ? [] : wrapped(c, total - 6).map((line) => `      ${line}`);
  const short = `  ${a}  ${b}`;
  return short.length <= total ? [short, ...below] : [`  ${a}`, `    ${b}`, ...below];
}

/** A line for people, wrapped on a terminal; what follows stands further in. */
export function hanging(line: string, { terminal, columns: total }: Pick<Io, 'terminal' | 'columns'>): string[] {
  if (!terminal || line.length <= total) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const [head = '', ...rest] = wrapped(line.trimStart(), total - indent.length - HANGING.length);
  return [`${indent}${head}`, ...rest.map((text) => `${indent}${HANGING}${text}`)];
}

const HANGING = '    ';

/** A value on one line, of at most so many characters where a limit is given. */
export function shown(value: unknown, limit = Number.POSITIVE_INFINITY): string {
  const text = typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > limit ? `${text.slice(0, Math.max(1, Math.floor(limit) - 1))}…` : text;
}

/** Words in lines of at most so many characters; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
