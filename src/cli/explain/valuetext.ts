import { type Explained, type FilePosition, type Saying, type Speaker } from './about.ts';
import { columns, hanging, shown, VALUE_WIDTH } from '../columns.ts';
import type { Io } from '../io.ts';

/** Explanations of values as lines: one in full, or many in columns. */
export function valuesText(values: readonly Explained[], io: Io): string[] {
  const [only] = values;
  return values.length === 1 && only ? single(only, io) : table(values, io);
}

export const ROLES: Readonly<Record<Saying['role'], string>> = {
  Preset: 'preset',
  UserRef: 'base config',
  Service: 'the service itself',
  Settings: 'settings',
};

export function speakerText({ kind, namespace, name }: Speaker): string {
  return `${kind} ${namespace}/${name}`;
}

export function placeText({ file, line }: Partial<FilePosition>): string {
  return file === undefined ? '' : ` (${file}:${line})`;
}

/** One value: what it is, who decided it, what it was made from, and who was overridden; nothing is cut. */
function single(explained: Explained, io: Io): string[] {
  const { value, specPath, layers, path, rule } = explained;
  const lines = ['', ...labelled('  value:', value)];
  if (specPath !== undefined && specPath !== path) lines.push(...hanging(`  made from: ${specPath}`, io));
  const winner = rule === undefined ? layers.at(-1) : undefined;
  lines.push(...hanging(`  ${rule === undefined ? 'set by' : 'set by rule'}: ${originText(explained)}`, io));
  if (isTemplate(winner, value)) lines.push(...labelled('  from the template:', winner?.value));
  lines.push(...inputLines(explained.inputs ?? [], '  ', io));
  const overridden = layers.filter((layer) => layer !== winner).toReversed();
  for (const layer of overridden) lines.push(...labelled(`  overrides: ${layerText(layer)}:`, layer.value));
  return lines;
}

/** What a value was made from, each with its own origin. */
function inputLines(inputs: readonly Explained[], indent: string, io: Io): string[] {
  if (inputs.length === 0) return [];
  const lines = inputs.flatMap((input) => {
    const { path, value, layers } = input;
    const template = input.rule === undefined && isTemplate(layers.at(-1), value);
    return [
      ...labelled(`${indent}  ${path}${value === undefined ? ': not set' : ' ='}`, value),
      ...(value === undefined && layers.length === 0 ? [] : hanging(`${indent}    set by: ${originText(input)}`, io)),
      ...(template ? labelled(`${indent}    from the template:`, layers.at(-1)?.value) : []),
      ...inputLines(input.inputs ?? [], `${indent}  `, io),
    ];
  });
  return [`${indent}with:`, ...lines];
}

/** A label and a value: on its line, or below it where the value has several. */
function labelled(label: string, value: unknown): string[] {
  if (value === undefined) return [label];
  if (typeof value !== 'string' || !value.includes('\n')) return [`${label} ${shown(value)}`];
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
