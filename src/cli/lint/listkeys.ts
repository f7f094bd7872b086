import type { LLMInferenceService } from '../../api/llmisvc.ts';
import { isPlainObject } from '../../api/object.ts';
import { type Pod, podsOf } from './advice/pods.ts';
import type { Finding } from './findings.ts';
import type { Located } from '../input/input.ts';
import type { Leaf } from '../leaves.ts';
import { positionAt } from '../input/place.ts';
import { isOurs } from './shapes.ts';

/** An item of a list whose key another item of the same list has. */
interface Doubled {
  readonly at: Leaf['at'];
  readonly path: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

interface List {
  readonly keys: readonly string[];
  readonly what: string;
  /** Kubernetes refuses the list, or takes it. */
  readonly severity: Doubled['severity'];
}

const IN_POD: Readonly<Record<string, List>> = {
  containers: { keys: ['name'], what: 'container', severity: 'error' },
  initContainers: { keys: ['name'], what: 'init container', severity: 'error' },
  volumes: { keys: ['name'], what: 'volume', severity: 'error' },
};
const IN_CONTAINER: Readonly<Record<string, List>> = {
  env: { keys: ['name'], what: 'variable', severity: 'warning' },
  ports: { keys: ['containerPort', 'protocol'], what: 'port', severity: 'warning' },
  volumeMounts: { keys: ['mountPath'], what: 'mount at', severity: 'error' },
  volumeDevices: { keys: ['devicePath'], what: 'device at', severity: 'error' },
};

/**
 * Items that a service or config writes twice in lists that are merged by key: of two items with one key the merge makes
 * one, so that what the first says is lost before anybody else can look.
 */
export function doubledFindings({ object, place }: Located): readonly Finding[] {
  const { spec } = object as LLMInferenceService;
  if (!isOurs(object) || !isPlainObject(spec)) return [];
  return podsOf(spec)
    .flatMap(doubledInPod)
    .map(({ at, ...doubled }) => ({
      ...doubled,
      rule: 'DuplicateListKey',
      file: place.file,
      ...positionAt(place, ['spec', ...at]),
    }));
}

function doubledInPod({ path, template }: Pod): readonly Doubled[] {
  const at = path.split('.').slice(1);
  const containers = ['initContainers', 'containers'].flatMap((field) =>
    itemsOf(template, field).flatMap(({ item, index }) => {
      const name = typeof item['name'] === 'string' ? `[name=${item['name']}]` : `[${index}]`;
      return doubledIn(item, IN_CONTAINER, [...at, field, index], `${path}.${field}${name}`);
    }),
  );
  return [...doubledIn(template, IN_POD, at, path), ...containers];
}

function doubledIn(
  object: object,
  lists: Readonly<Record<string, List>>,
  at: Leaf['at'],
  path: string,
): readonly Doubled[] {
  return Object.entries(lists).flatMap(([field, { keys, what, severity }]) => {
    const seen = new Set<string>();
    return itemsOf(object, field).flatMap(({ item, index }): readonly Doubled[] => {
      const [name = '', ...others] = keys;
      const value = item[name];
      if (typeof value !== 'string' && typeof value !== 'number') return [];
      const key = JSON.stringify([value, ...others.map((other) => item[other] ?? 'TCP')]);
      if (!seen.has(key)) {
        seen.add(key);
        return [];
      }
      const message = `There are two items for ${what} ${value} in this list, and they become one, in which the last counts. Leave one of them out.`;
      return [{ at: [...at, field, index], path: `${path}.${field}[${name}=${value}]`, severity, message }];
    });
  });
}

function itemsOf(
  object: object,
  field: string,
): readonly { readonly item: Record<string, unknown>; readonly index: number }[] {
  const list = (object as Record<string, unknown>)[field];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => (isPlainObject(item) ? [{ item, index }] : []));
}
