import { isMap, isNode, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { pathText, type Step, steps } from '../../config/paths.ts';
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

/**
 * Where the last part of a path stands that exists, and whether that is all of it. Of several items with one key the last
 * counts that has the rest of the path.
 */
function offsetAt(place: Place, path: readonly Step[]): { readonly offset: number; readonly exists: boolean } {
  const { document } = place.yaml;
  const below = (node: unknown, offset: number, left: readonly Step[]): ReturnType<typeof offsetAt> => {
    const [step, ...rest] = left;
    if (step === undefined) return { offset, exists: true };
    const tries = childrenOf(node, step, document).map((found) =>
      below(isPair(found) ? found.value : found, start(isPair(found) ? found.key : found) ?? offset, rest),
    );
    return tries.findLast(({ exists }) => exists) ?? tries.at(-1) ?? { offset, exists: false };
  };
  return below(document.contents, start(document.contents) ?? 0, [...place.base, ...path]);
}

/** The position of a node; the beginning of the file for one that stands nowhere. */
export function startOf(yaml: YamlDocument, node: Node | null): Position {
  return positionAtOffset(yaml, start(node) ?? 0);
}

function positionAtOffset({ lines }: YamlDocument, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function childrenOf(node: unknown, step: Step, document: YamlDocument['document']): readonly (Node | Pair)[] {
  const target = resolved(node, document);
  if (typeof step === 'string') {
    const pair = isMap(target)
      ? target.items.find(({ key }) => isScalar(key) && String(key.value) === step)
      : undefined;
    return pair ? [pair] : [];
  }
  if (!isSeq(target)) return [];
  const items = target.items.filter(isNode);
  if (typeof step === 'number') return items.slice(step, step + 1);
  return items.filter((item) => {
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
