import { styleText } from 'node:util';
import { inOneLine, lineOf } from '../complaint.ts';
import type { Finding } from './findings.ts';
import type { Io } from '../io.ts';
import { wrapped } from '../columns.ts';

const COLOURS = { error: 'red', warning: 'yellow', advice: 'cyan' } as const;
/** Of the words below a finding. */
const INDENT = '    ';

/**
 * Findings as lines: for people by file, with the message wrapped below its place, and else one line each, which depends on
 * no other.
 */
export function findingLines(findings: readonly Finding[], { terminal, colours, columns }: Io): readonly string[] {
  const paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan', text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  if (!terminal) {
    return findings.map((finding) => `${lineOf(finding)} ${paint(COLOURS[finding.severity], `[${finding.rule}]`)}`);
  }
  const width = Math.max(0, ...findings.map((finding) => placeOf(finding).length));
  return findings.flatMap((finding, index) => {
    const { severity, rule, path = '', message } = finding;
    const head = headOf(finding);
    const isFirst = index === 0 || headOf(findings[index - 1] as Finding) !== head;
    const word = paint(COLOURS[severity], severity.padEnd('warning'.length));
    return [
      ...(isFirst ? [...(index === 0 ? [] : ['']), paint('bold', head)] : []),
      `  ${[placeOf(finding).padEnd(width), word, inOneLine(path)].join('  ').trimEnd()} ${paint('dim', `[${rule}]`)}`,
      ...wrapped(inOneLine(message), columns - INDENT.length).map((line) => INDENT + line),
    ];
  });
}

function headOf({ file, object }: Finding): string {
  return inOneLine(file ?? object ?? 'The input');
}

function placeOf({ line, column }: Finding): string {
  return line === undefined ? '' : `${line}:${column ?? 1}`;
}
