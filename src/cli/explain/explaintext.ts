import { styleText } from 'node:util';
import type { Condition } from '../../api/llmisvc.ts';
import { describe, type Ref } from '../../api/object.ts';
import type { Explained } from './about.ts';
import { columns, hanging, shown, VALUE_WIDTH, wrapped } from '../columns.ts';
import type { Io } from '../io.ts';
import type { LayerField, LayerSummary } from './layersummary.ts';
import { type ReadObject, readText } from './readobjects.ts';
import { placeText, ROLES, speakerText, valuesText } from './valuetext.ts';
import { writeYaml } from '../input/yaml.ts';

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

function textOf(explanation: Explanation, io: Io): string[] {
  const { service, path, values, conditions, reads, problems, children, held } = explanation;
  const bold = (text: string): string => (io.colours ? styleText('bold', text, { validateStream: false }) : text);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length > 0 ? ['', bold(title), ...lines.map((line) => `  ${line}`)] : [];
  const whole = describe(service);
  const body =
    values && path !== undefined
      ? [`${bold(path)} of ${whole}`, ...valuesText(values, io)]
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
    ...section(
      'Objects read',
      reads.flatMap((read) => hanging(readText(read), { ...io, columns: io.columns - 2 })),
    ),
  ];
}

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

function conditionLines(conditions: readonly Condition[], { columns: width }: Io): string[] {
  return conditions.flatMap(({ type, status, reason, message }) => [
    `${type}: ${status}${reason ? ` (${reason})` : ''}`,
    ...(message ? wrapped(message, width - 4).map((line) => `  ${line}`) : []),
  ]);
}
