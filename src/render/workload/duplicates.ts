import type { Container, PartialPodSpec } from '../../api/children.ts';
import type { Problem } from '../../api/problem.ts';

/** The keys of the lists that the API server accepts with doubled entries in a create, but not in an apply. */
const KEYS = {
  env: (item: { name?: string }) => [['name', item.name]],
  volumeMounts: (item: { mountPath?: string }) => [['mountPath', item.mountPath]],
  ports: (item: { containerPort?: number; protocol?: string }) => [
    ['containerPort', String(item.containerPort)],
    ['protocol', item.protocol ?? 'TCP'],
  ],
} as const;

type ListName = keyof typeof KEYS;
type KeyOf = (item: never) => readonly (readonly [string, string | undefined] | readonly (string | undefined)[])[];

interface Collapsed<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/**
 * A pod spec in which no `env` name, mount path or port occurs twice in a container. The last entry wins, as in a running
 * container; it takes the place of the first, so that references such as `$(NAME)` in later entries still resolve.
 * Each doubled entry gives a warning DuplicateListKey. `path` is where the user wrote the pod spec.
 */
export function collapseDuplicates(podSpec: PartialPodSpec, path: string): Collapsed<PartialPodSpec> {
  const containers = collapseContainers(podSpec.containers, `${path}.containers`);
  const initContainers = collapseContainers(podSpec.initContainers, `${path}.initContainers`);
  return {
    value: {
      ...podSpec,
      ...(containers.value && { containers: containers.value }),
      ...(initContainers.value && { initContainers: initContainers.value }),
    },
    problems: [...initContainers.problems, ...containers.problems],
  };
}

function collapseContainers(
  containers: readonly Container[] | undefined,
  path: string,
): Collapsed<Container[] | undefined> {
  const collapsed = containers?.map((container) => collapseContainer(container, `${path}[name=${container.name}]`));
  return {
    value: collapsed?.map((entry) => entry.value),
    problems: collapsed?.flatMap((entry) => entry.problems) ?? [],
  };
}

function collapseContainer(container: Container, path: string): Collapsed<Container> {
  const lists = (Object.keys(KEYS) as ListName[])
    .filter((name) => Array.isArray(container[name]))
    .map((name) => ({ name, ...collapseList(container[name] as readonly object[], KEYS[name], `${path}.${name}`) }));
  return {
    value: { ...container, ...Object.fromEntries(lists.map((list) => [list.name, list.value])) },
    problems: lists.flatMap((list) => list.problems),
  };
}

function collapseList(items: readonly object[], keyOf: KeyOf, path: string): Collapsed<readonly object[]> {
  const byKey = new Map<string, object>();
  const problems: Problem[] = [];
  for (const item of items) {
    const pairs = keyOf(item as never);
    const key = pairs.map(([name, value]) => `${name}=${value}`).join(',');
    if (byKey.has(key)) {
      const [name, value] = pairs[0] as readonly [string, string];
      problems.push({ code: 'DuplicateListKey', path: `${path}[${key}]`, key: name, value });
    }
    byKey.set(key, item);
  }
  return { value: [...byKey.values()], problems };
}
