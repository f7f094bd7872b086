import { type Alias, isCollection, isScalar, type Node, visit } from 'yaml';
import { DEEPEST, tooDeep } from '../../api/object.ts';
import { type Position, startOf } from './place.ts';
import type { YamlDocument } from './yaml.ts';

/** Why a document has no value, and where. */
export interface Fault extends Position {
  readonly message: string;
}

/** The value of a document as kubectl reads it, or what keeps it from being read. */
export function documentValue(yaml: YamlDocument): { readonly value: unknown } | { readonly fault: Fault } {
  const { document, lines } = yaml;
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    return { fault: { line, column: col, message: inWords(error.message) } };
  }
  const at = (node: Node | null, message: string): { fault: Fault } => ({ fault: { ...startOf(yaml, node), message } });
  try {
    const value: unknown = document.toJS();
    if (tooDeep(value)) return at(document.contents, NESTED);
    const key = keyThatIsNone(yaml);
    return key ? at(key, NO_KEY) : { value };
  } catch (cause) {
    // Aliases that lead nowhere, or that multiply beyond measure.
    const message = inWords(cause instanceof Error ? cause.message : String(cause));
    const alias = message.startsWith('Unresolved alias') ? lostAlias(yaml) : undefined;
    return at(alias ?? document.contents, message);
  }
}

const NESTED = `This is nested deeper than ${DEEPEST} levels, or contains itself through an alias; no Kubernetes object is.`;
const NO_KEY =
  'This key is a map, a list or nothing; allowed is text. If it is the text of a Helm chart, build it first: "helm template CHART | llmisvc render -f -".';

/** The parser runs out of stack before anybody can look. */
function inWords(message: string): string {
  return message.includes('call stack') ? NESTED : message;
}

/** The first key that no JSON object can have, such as the map that `{{ .Values.x }}` is read as. */
function keyThatIsNone({ document }: YamlDocument): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Pair(_position, { key }) {
      if (!isCollection(key) && !(isScalar(key) && key.value === null)) return undefined;
      found = key;
      return visit.BREAK;
    },
  });
  return found;
}

/** The first alias whose anchor does not stand before it. */
function lostAlias({ document }: YamlDocument): Alias | undefined {
  let found: Alias | undefined;
  const anchors = new Set<string>();
  visit(document, {
    Node(_position, node) {
      if ('anchor' in node && typeof node.anchor === 'string') anchors.add(node.anchor);
    },
    Alias(_position, alias) {
      if (anchors.has(alias.source)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}
