import { styleText } from 'node:util';
import type { Condition } from '../api/llmisvc.ts';
import { describe, type Ref } from '../api/object.ts';
import type { Explained, FilePosition, Saying, Speaker } from './about.ts';
import type { Io } from './io.ts';
import type { LayerField, LayerSummary } from './layersummary.ts';
import { type ReadObject, readText } from './readobjects.ts';
import { writeYaml } from './yaml.ts';

/** Everything that `explain` says. */
export interface Explanation {
  readonly service: Ref;
  readonly path?: string;
  /** One for each leaf at or below the path. */
  readonly values?: readonly Explained[];
  /** Lowest first. */
  readonly layers: readonly LayerSummary[];
  readonly children: readonly Ref[];
  readonly held: readonly string[];
  readonly reads: readonly ReadObject[];
  readonly conditions: readonly Condition[];
  readonly problems: readonly string[];
}

/** Prints an explanation as text for people, or as data. */
export function printExplanation(explanation: Explanation, output: 'text' | 'json' | 'yaml', io: Io): void {
  if (output === 'text') {
    io.out(`${textOf(explanation, io).join('\n')}\n`);
    return;
  }
  const { layers, values, ...rest } = explanation;
  const data = values ? { ...rest, values } : { ...rest, layers };
  io.out(output === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : writeYaml([data]));
}

const ROLES: Readonly<Record<Saying['role'], string>> = {
  Preset: 'preset',
  UserRef: 'base config',
  Service: 'the service itself',
  Settings: 'settings',
};

function textOf(explanation: Explanation, io: Io): string[] {
  const { service, path, values, conditions, reads, problems, children, held } = explanation;
  const bold = (text: string): string => (io.colours ? styleText('bold', text, { validateStream: false }) : text);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length > 0 ? ['', bold(title), ...lines.map((line) => `  ${line}`)] : [];
  const whole = describe(service);
  const body =
    values && path !== undefined
      ? [`${bold(path)} of ${whole}`, ...(values.length === 1 && values[0] ? single(values[0]) : table(values, io))]
      : [bold(whole), ...layersText(explanation.layers, io)];
  return [
    ...body,
    ...section('Children, in apply order', children.map(describe)),
    ...section('Not rendered because of a problem', held),
    ...section(
      'Problems',
      problems.flatMap((text) => wrapped(text, io.columns - 2)),
    ),
    ...section('Conditions', conditionLines(conditions, io)),
    ...section('Objects read', reads.map(readText)),
  ];
}

/** One value: what it is, who decided it, what it was made from, and who was overridden; nothing is cut. */
function single(explained: Explained): string[] {
  const { value, specPath, layers, path, rule } = explained;
  const lines = ['', ...labelled('  value:', value)];
  if (specPath !== undefined && specPath !== path) lines.push(`  made from: ${specPath}`);
  const winner = rule === undefined ? layers.at(-1) : undefined;
  lines.push(`  ${rule === undefined ? 'set by' : 'set by rule'}: ${originText(explained)}`);
  if (isTemplate(winner, value)) lines.push(...labelled('  from the template:', winner?.value));
  lines.push(...inputLines(explained.inputs ?? [], '  '));
  const overridden = layers.filter((layer) => layer !== winner).toReversed();
  for (const layer of overridden) lines.push(...labelled(`  overrides: ${layerText(layer)}:`, layer.value));
  return lines;
}

/** What a value was made from, each with its own origin. */
function inputLines(inputs: readonly Explained[], indent: string): string[] {
  if (inputs.length === 0) return [];
  const lines = inputs.flatMap((input) => {
    const { path, value, layers } = input;
    const template = input.rule === undefined && isTemplate(layers.at(-1), value);
    return [
      ...labelled(`${indent}  ${path}${value === undefined ? ': not set' : ' ='}`, value),
      ...(value === undefined && layers.length === 0 ? [] : [`${indent}    set by: ${originText(input)}`]),
      ...(template ? labelled(`${indent}    from the template:`, layers.at(-1)?.value) : []),
      ...inputLines(input.inputs ?? [], `${indent}  `),
    ];
  });
  return [`${indent}with:`, ...lines];
}

/** A label and a value: on its line, or below it where the value has several. */
function labelled(label: string, value: unknown): string[] {
  if (value === undefined) return [label];
  if (typeof value !== 'string' || !value.includes('\n')) return [`${label} ${shown(value, Number.POSITIVE_INFINITY)}`];
  const indent = `${/^ */.exec(label)?.[0] ?? ''}  `;
  return [
    `${label} |`,
    ...value
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => `${indent}${line}`),
  ];
}

function originText({ rule, layers }: Explained): string {
  const last = layers.at(-1);
  return rule ?? (last ? layerText(last) : 'nothing that is known');
}

/** Whether a template was executed in what the layer says. */
function isTemplate(layer: Saying | undefined, value: unknown): boolean {
  return typeof layer?.value === 'string' && layer.value !== value && layer.value.includes('{{');
}

function layerText({ source, role, ...place }: Saying): string {
  return `${ROLES[role]}, ${speakerText(source)}${placeText(place)}`;
}

function speakerText({ kind, namespace, name }: Speaker): string {
  return `${kind} ${namespace}/${name}`;
}

function placeText({ file, line }: Partial<FilePosition>): string {
  return file === undefined ? '' : ` (${file}:${line})`;
}

/** Several values: one line each, with who decided it and what it was made from. */
function table(values: readonly Explained[], io: Io): string[] {
  const rows = values.map((explained): readonly [string, string, string] => {
    const inputs = (explained.inputs ?? []).filter(({ value }) => value !== undefined);
    const made = inputs.map((input) => `${input.path}${placeText(input.layers.at(-1) ?? {})}`).join(', ');
    const origin = `${originText(explained)}${made === '' ? '' : `; with ${made}`}`;
    return [explained.path, shown(explained.value, VALUE_WIDTH), origin];
  });
  return ['', ...columns(rows, io)];
}

const VALUE_WIDTH = 40;

function layersText(layers: readonly LayerSummary[], io: Io): string[] {
  const lines = layers.toReversed().flatMap((layer, depth) => {
    const indent = '  '.repeat(depth + 1);
    const head = `${indent}${depth === 0 ? '' : '└ over '}${ROLES[layer.role]}: ${speakerText(layer.source)}${placeText(layer)}`;
    const rows = layer.fields.map(({ path, value, overriddenBy }): readonly [string, string, string] => [
      path,
      shown(value, VALUE_WIDTH),
      overriddenText(overriddenBy),
    ]);
    return [head, ...columns(rows, { ...io, columns: io.columns - indent.length }).map((line) => `${indent}${line}`)];
  });
  return ['', 'Layers, each over the one below it:', ...lines];
}

function overriddenText(by: LayerField['overriddenBy']): string {
  if (!by) return '';
  return `overridden by ${'step' in by ? by.step : speakerText(by)}`;
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
