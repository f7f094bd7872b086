import { isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { pathText, type Step, steps } from '../config/paths.ts';
import { writtenPath } from './writtenpath.ts';
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
  return positionAt(place, stepsOf(path));
}

/** The same for a path in steps. */
export function positionAt(place: Place, path: readonly Step[]): Position {
  return positionAtOffset(place.yaml, offsetAt(place, asWritten(place, path)).offset);
}

/** The path as it is in the file, where the version of the API in which the object is written has another one. */
export function pathAsWritten(place: Place, path: string): string {
  const read = stepsOf(path);
  const found = asWritten(place, read);
  return found === read ? path : pathText(found.slice(1));
}

function stepsOf(path: string): readonly Step[] {
  const below = steps(path);
  return /^spec(\W|$)/.test(path) ? ['spec', ...below] : below;
}

function asWritten(place: Place, path: readonly Step[]): readonly Step[] {
  return writtenPath(path, (wanted) => offsetAt(place, wanted).exists);
}

/** Where the last part of a path stands that exists, and whether that is all of it. */
function offsetAt(place: Place, path: readonly Step[]): { readonly offset: number; readonly exists: boolean } {
  const { document } = place.yaml;
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const step of [...place.base, ...path]) {
    const found = childOf(node, step, document);
    if (found === undefined) return { offset, exists: false };
    offset = start(isPair(found) ? found.key : found) ?? offset;
    node = isPair(found) ? found.value : found;
  }
  return { offset, exists: true };
}

/** The position of a node; the beginning of the file for one that stands nowhere. */
export function startOf(yaml: YamlDocument, node: Node | null): Position {
  return positionAtOffset(yaml, start(node) ?? 0);
}

function positionAtOffset({ lines }: YamlDocument, offset: number): Position {
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
