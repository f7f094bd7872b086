/** Something to tell a person about his input, with its position where it has one. */
export interface Complaint {
  readonly severity: 'error' | 'warning' | 'advice';
  readonly file?: string;
  /** Line and column count from 1. */
  readonly line?: number;
  readonly column?: number;
  /** The object, where it comes from no file. */
  readonly object?: string;
  /** A path in the object: `spec.template.containers[name=main].image`. */
  readonly path?: string;
  readonly message: string;
}

/** The command cannot do its work; the message tells what to do. Ends it with exit code 2. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
}

/** The complaint in one line: `file:line:column: path: message`; warnings and advice say so before the message. */
export function lineOf(complaint: Complaint): string {
  const { severity, file, line, column, object, path, message } = complaint;
  const where = file === undefined ? object : [file, line, column].filter((part) => part !== undefined).join(':');
  const said = severity === 'error' ? undefined : severity;
  return inOneLine([where, path, said, message].filter((part) => part).join(': '));
}

/** Text of others without line ends, and without characters by which it could write elsewhere on a terminal. */
export function inOneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Complaints in the order of files and positions, each once. */
export function sortedComplaints(complaints: readonly Complaint[]): readonly Complaint[] {
  const unique = [...new Map(complaints.map((complaint) => [lineOf(complaint), complaint])).values()];
  return unique.sort(
    (a, b) =>
      compare(a.file ?? a.object ?? '', b.file ?? b.object ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0) ||
      compare(lineOf(a), lineOf(b)),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
