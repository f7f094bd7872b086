import type { LLMInferenceService } from '../src/api/llmisvc.ts';
import { type KubeObject, refOf } from '../src/api/object.ts';
import { FIELD_MANAGER, LABEL_INFERENCE_SERVICE } from '../src/api/wellknown.ts';
import { verdictOn } from '../src/apply/validation.ts';
import type { Client } from '../src/kube/types.ts';
import type { Rendered } from './services.ts';

/** Services that are worked on at the same time, by the operator (its default) and by the bare client. */
export const WORKERS = 8;

/** Seconds in which a bare client writes the children of services that were rendered before, and nothing else. */
export function writeChildren(client: Client, all: readonly Rendered[], signal: AbortSignal): Promise<number> {
  return timed(() =>
    inTurn(all, WORKERS, async ({ groups }) => {
      for (const group of groups) await Promise.all(group.map((child) => apply(client, child, signal)));
    }),
  );
}

/** Seconds in which a bare client writes one child of each service. */
export function writeOneKind(
  client: Client,
  all: readonly Rendered[],
  kind: string,
  signal: AbortSignal,
): Promise<number> {
  const children = all.flatMap(({ groups }) => groups.flat()).filter((child) => child.kind === kind);
  return timed(() => inTurn(children, WORKERS, (child) => apply(client, child, signal)));
}

/**
 * Seconds in which a bare client sends the requests that a service costs the operator: the label on the service, the dry
 * run of its merged spec, an apply for each child, the status.
 *
 * @param looked the kinds of children that are read by name before they are written
 */
export function writeEverything(
  client: Client,
  all: readonly Rendered[],
  looked: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<number> {
  const write = async (child: KubeObject): Promise<void> => {
    const found = looked.has(child.kind) ? await client.read(refOf(child), signal) : undefined;
    if (found) throw new Error(`${child.kind} ${child.metadata.name} exists already: the namespace is not fresh`);
    await apply(client, child, signal);
  };
  return timed(() =>
    inTurn(all, WORKERS, async ({ service, question, groups, status }) => {
      const { resourceVersion, name } = service.metadata;
      const labels = { [LABEL_INFERENCE_SERVICE]: name };
      const ref = refOf(service);
      const labelled = await client.patch<LLMInferenceService>(
        ref,
        { metadata: { resourceVersion, labels } },
        { signal },
      );
      const { outcome, message } = await verdictOn(question, client, signal);
      if (outcome !== 'Accepted') throw new Error(`the service ${name} is refused: ${message}`);
      for (const group of groups) await Promise.all(group.map(write));
      const version = labelled.metadata.resourceVersion;
      const body = { metadata: { resourceVersion: version }, status };
      await client.patch(ref, body, { subresource: 'status', signal });
    }),
  );
}

/** Calls `work` for each item, so many at a time, in their order; the results in that order. */
export async function inTurn<T, R>(
  items: readonly T[],
  lines: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const line = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: lines }, line));
  return results;
}

async function apply(client: Client, child: KubeObject, signal: AbortSignal): Promise<void> {
  await client.apply(child, { manager: FIELD_MANAGER, force: true, signal });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}
