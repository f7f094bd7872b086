import { isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { type Step, steps } from '../config/paths.ts';
import type { YamlDocument } from './yaml.ts';

/** Where an object stands: a document of a file, and the way to the object in it. */
export interface Place {
  readonly file: string;
  readonly yaml: YamlDocument;
  readonly base: readonly (string | number)[];
}

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/**
 * The position of a path as problems write it (`spec.template.containers[name=main].image`): of the field's name for a
 * field, of the item for an item of a list. A path that leads nowhere gives the position of the last part that exists.
 */
export function positionOf(place: Place, path: string): Position {
  const below = steps(path);
  return positionAt(place, /^spec(\W|$)/.test(path) ? ['spec', ...below] : below);
}

/** The same for a path in steps. */
export function positionAt(place: Place, path: readonly Step[]): Position {
  const { document, lines } = place.yaml;
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const step of [...place.base, ...path]) {
    const found = childOf(node, step, document);
    if (found === undefined) break;
    offset = start(isPair(found) ? found.key : found) ?? offset;
    node = isPair(found) ? found.value : found;
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function childOf(node: unknown, step: Step, document: YamlDocument['document']): Node | Pair | undefined {
  const target = resolved(node, document);
  if (typeof step === 'string') {
    return isMap(target) ? target.items.find(({ key }) => isScalar(key) && String(key.value) === step) : undefined;
  }
  if (!isSeq(target)) return undefined;
  const items = target.items.filter(isNode);
  if (typeof step === 'number') return items[step];
  return items.findLast((item) => {
    const map = resolved(item, document);
    return isMap(map) && String(map.get(step.key)) === step.value;
  });
}

function resolved(node: unknown, document: YamlDocument['document']): unknown {
  return isNode(node) && 'resolve' in node ? (node.resolve(document) ?? node) : node;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
