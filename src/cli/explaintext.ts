import { styleText } from 'node:util';
import type { Condition } from '../api/llmisvc.ts';
import type { Source } from '../api/problem.ts';
import type { Explained, Saying } from './explainvalue.ts';
import type { Io } from './io.ts';
import { writeYaml } from './yaml.ts';

/** A layer with the fields that it sets. */
export interface LayerSummary {
  readonly source: Source;
  readonly role: Saying['role'];
  readonly fields: readonly { readonly path: string; readonly value: unknown; readonly overriddenBy?: string }[];
}

/** Everything that `explain` says. */
export interface Explanation {
  readonly service: string;
  readonly path?: string;
  /** One for each leaf at or below the path. */
  readonly values?: readonly Explained[];
  /** Lowest first. */
  readonly layers: readonly LayerSummary[];
  readonly children: readonly string[];
  readonly held: readonly string[];
  readonly reads: readonly string[];
  readonly conditions: readonly Condition[];
  readonly problems: readonly string[];
  /** `file:line` of a field; undefined where it comes from no file. */
  readonly placeOf: (source: Source, path: string) => string | undefined;
}

/** Prints an explanation as text for people, or as data. */
export function printExplanation(explanation: Explanation, output: 'text' | 'json' | 'yaml', io: Io): void {
  if (output === 'text') {
    io.out(`${textOf(explanation, io).join('\n')}\n`);
    return;
  }
  const { placeOf: _placeOf, layers, values, ...rest } = explanation;
  const data = values ? { ...rest, values } : { ...rest, layers };
  io.out(output === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : writeYaml([data]));
}

const ROLES: Readonly<Record<Saying['role'], string>> = {
  Preset: 'preset',
  UserRef: 'base config',
  Service: 'the service itself',
};

function textOf(explanation: Explanation, io: Io): string[] {
  const { service, path, values, conditions, reads, problems, children, held } = explanation;
  const bold = (text: string): string => (io.colours ? styleText('bold', text, { validateStream: false }) : text);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length > 0 ? ['', bold(title), ...lines.map((line) => `  ${line}`)] : [];
  const body =
    values && path !== undefined
      ? values.length === 1 && values[0]
        ? [`${bold(path)} of ${service}`, ...single(values[0], explanation, io)]
        : [`${bold(path)} of ${service}`, ...table(values, explanation, io)]
      : [bold(service), ...layersText(explanation, io)];
  return [
    ...body,
    ...section('Children, in apply order', children),
    ...section('Not rendered because of a problem', held),
    ...section(
      'Problems',
      problems.flatMap((text) => wrapped(text, io.columns - 2)),
    ),
    ...section('Conditions', conditionLines(conditions, io)),
    ...section('Objects read', reads),
  ];
}

/** One value: what it is, who decided it, and who was overridden. */
function single(explained: Explained, explanation: Explanation, io: Io): string[] {
  const { value, rule, specPath, layers, path } = explained;
  const lines = ['', `  value: ${shown(value, io.columns - 9)}`];
  if (specPath !== undefined && specPath !== path) lines.push(`  made from: ${specPath}`);
  if (rule !== undefined) lines.push(`  set by rule: ${rule}`);
  const winner = rule === undefined ? layers.at(-1) : undefined;
  if (winner) lines.push(`  set by: ${layerText(winner, explained, explanation)}`, ...template(winner, value, io));
  const overridden = layers.filter((layer) => layer !== winner).toReversed();
  for (const layer of overridden) {
    lines.push(`  overrides: ${layerText(layer, explained, explanation)}: ${shown(layer.value, io.columns / 2)}`);
  }
  if (rule === undefined && !winner) lines.push('  set by: nothing that is known');
  return lines;
}

/** The layer's own text, when a template was executed in it. */
function template(layer: Saying, value: unknown, io: Io): string[] {
  const isTemplate = typeof layer.value === 'string' && layer.value !== value && layer.value.includes('{{');
  return isTemplate ? [`  from the template: ${shown(layer.value, io.columns - 21)}`] : [];
}

function layerText({ source, role }: Saying, { specPath = 'spec' }: Explained, { placeOf }: Explanation): string {
  const place = placeOf(source, specPath);
  return `${ROLES[role]}, ${source.kind} ${source.namespace}/${source.name}${place ? ` (${place})` : ''}`;
}

/** Several values: one line each, with who decided it. */
function table(values: readonly Explained[], explanation: Explanation, io: Io): string[] {
  const rows = values.map((explained): readonly [string, string, string] => {
    const last = explained.layers.at(-1);
    const origin = explained.rule ?? (last ? layerText(last, explained, explanation) : 'nothing that is known');
    return [explained.path, shown(explained.value, VALUE_WIDTH), origin];
  });
  return ['', ...columns(rows, io)];
}

const VALUE_WIDTH = 40;

function layersText(explanation: Explanation, io: Io): string[] {
  const lines = explanation.layers.toReversed().flatMap((layer, depth) => {
    const indent = '  '.repeat(depth + 1);
    const place = explanation.placeOf(layer.source, 'spec');
    const { kind, namespace, name } = layer.source;
    const head = `${indent}${depth === 0 ? '' : '└ over '}${ROLES[layer.role]}: ${kind} ${namespace}/${name}${place ? ` (${place})` : ''}`;
    const rows = layer.fields.map(({ path, value, overriddenBy }): readonly [string, string, string] => [
      path,
      shown(value, VALUE_WIDTH),
      overriddenBy === undefined ? '' : `overridden by ${overriddenBy}`,
    ]);
    return [head, ...columns(rows, { ...io, columns: io.columns - indent.length }).map((line) => `${indent}${line}`)];
  });
  return ['', 'Layers, each over the one below it:', ...lines];
}

/**
 * Rows as columns, the last one wrapped; for programs they are neither padded nor wrapped, so that a line does not depend
 * on the others.
 */
function columns(
  rows: readonly (readonly [string, string, string])[],
  { terminal, columns: total }: Pick<Io, 'terminal' | 'columns'>,
): string[] {
  if (!terminal) return rows.map((row) => `  ${row.filter((cell) => cell !== '').join('  ')}`);
  const [first, second] = [0, 1].map((index) => Math.max(0, ...rows.map((row) => row[index]?.length ?? 0))) as [
    number,
    number,
  ];
  const before = first + second + 6;
  const room = Math.max(NARROWEST_COLUMN, total - before);
  return rows.flatMap(([a, b, c]) => {
    const [head = '', ...rest] = wrapped(c, room);
    const line = `  ${a.padEnd(first)}  ${b.padEnd(second)}  ${head}`.trimEnd();
    return [line, ...rest.map((text) => `${' '.repeat(before)}${text}`)];
  });
}

const NARROWEST_COLUMN = 30;

function conditionLines(conditions: readonly Condition[], { columns: width }: Io): string[] {
  return conditions.flatMap(({ type, status, reason, message }) => [
    `${type}: ${status}${reason ? ` (${reason})` : ''}`,
    ...(message ? wrapped(message, width - 4).map((line) => `  ${line}`) : []),
  ]);
}

/** A value on one line of at most so many characters. */
function shown(value: unknown, limit: number): string {
  const text = typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > limit ? `${text.slice(0, Math.max(1, Math.floor(limit) - 1))}…` : text;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
