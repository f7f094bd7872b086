import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { type KubeObject, refKey, refOf } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';
import { waitFor } from '../process.ts';
import { type Cluster, SYSTEM } from './cluster.ts';
import type { Records, ReferenceCase, Refused } from './folder.ts';
import { liveObjects, type Observed, observe } from './observe.ts';
import { startOperator } from './operator.ts';
import { readyStatus } from './readiness.ts';

/** What our operator made of a case. */
export interface Recording {
  readonly records: Records;
  /** What admission refused here. */
  readonly refused: readonly Refused[];
  /** Services and configs before readiness was faked, as they are. */
  readonly live: readonly KubeObject[];
}

const SEEN_MS = 60_000;
/** Rounds of faked readiness: an operator that changes a child makes it unready again. */
const MOST_ROUNDS = 5;

/**
 * Creates the inputs side by side, each in a namespace of its own, lets the operator settle, fakes readiness, and lets it
 * settle again. All cases share the settings that are in force now.
 *
 * @param complain hears of what did not come to rest; what is there is recorded all the same
 */
export async function recordCases(
  cluster: Cluster,
  cases: readonly ReferenceCase[],
  complain: (sentence: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<ReferenceCase, Recording>> {
  const { client } = cluster;
  const operator = await startOperator(cluster, signal);
  try {
    const refused = new Map(
      await Promise.all(cases.map(async (one) => [one, await createInput(client, one, signal)] as const)),
    );
    const settle = async (): Promise<void> => {
      const observed = await Promise.allSettled(cases.map((one) => untilObserved(client, one, signal)));
      const [settled] = await Promise.allSettled([operator.settled()]);
      signal.throwIfAborted();
      for (const { reason } of [...observed, settled].filter((end) => end.status === 'rejected'))
        complain(String(reason));
    };
    await settle();
    const created = await observe(client, cases, signal);
    const faked = new Set<string>();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (!(await fakeReadiness(client, cases, faked, signal))) break;
      await settle();
    }
    const ready = await observe(client, cases, signal);
    return new Map(
      cases.map((one) => {
        const before = created.get(one) ?? NOTHING;
        const records = recordsOf(before, ready.get(one) ?? NOTHING);
        return [one, { records, refused: refused.get(one) ?? [], live: before.live }] as const;
      }),
    );
  } finally {
    await operator.stop();
  }
}

/** Puts the setting for TLS into the ConfigMap; an operator that starts afterwards has it. */
export async function switchTLS(client: Client, on: boolean, settings: KubeObject, signal: AbortSignal): Promise<void> {
  const { data } = settings as KubeObject & { readonly data?: { readonly ingress?: string } };
  const ingress = { ...(JSON.parse(data?.ingress ?? '{}') as object), enableLLMInferenceServiceTLS: on };
  const ref = { ...refOf(settings), namespace: settings.metadata.namespace ?? SYSTEM };
  await client.patch(ref, { data: { ingress: JSON.stringify(ingress) } }, { signal });
}

/** Creates the objects in their order; those that admission refused. */
async function createInput(client: Client, one: ReferenceCase, signal: AbortSignal): Promise<readonly Refused[]> {
  const { namespace } = one;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, { signal });
  const refused: Refused[] = [];
  for (const object of one.input) {
    const namespaced = (await client.resource(object))?.namespaced ?? true;
    const metadata = namespaced ? { ...object.metadata, namespace } : object.metadata;
    try {
      await client.create({ ...object, metadata }, { signal });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.push({ kind: object.kind, name: object.metadata.name, message: error.detail });
    }
  }
  return refused;
}

/** Resolves when the operator has written a status of each service for its current generation. */
async function untilObserved(client: Client, { namespace }: ReferenceCase, signal: AbortSignal): Promise<void> {
  await waitFor(
    `the status of the services in namespace ${namespace}`,
    SEEN_MS,
    async () => {
      const { items } = await client.list<LLMInferenceService>({ ...LLMISVC, namespace }, { signal });
      return items.every(({ metadata, status }) => status?.observedGeneration === metadata.generation);
    },
    signal,
  );
}

/**
 * Reports what a controller would that does not run here; whether there was anything new to report.
 *
 * @param done objects by name, identity and generation that have their status already; it grows
 */
async function fakeReadiness(
  client: Client,
  cases: readonly ReferenceCase[],
  done: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const live = await liveObjects(client, cases, signal);
  const unready = live.flatMap((object) => {
    const status = readyStatus(object);
    return status && !done.has(keyOf(object)) ? [{ object, status }] : [];
  });
  await Promise.all(
    unready.map(async ({ object, status }) => {
      await client.patch(refOf(object), { status }, { subresource: 'status', signal });
      done.add(keyOf(object));
    }),
  );
  return unready.length > 0;
}

function keyOf(object: KubeObject): string {
  return `${refKey(refOf(object))} ${object.metadata.uid} ${object.metadata.generation ?? ''}`;
}

function recordsOf(created: Observed, ready: Observed): Records {
  return {
    children: created.children,
    status: created.status,
    'children-ready': ready.children,
    'status-ready': ready.status,
  };
}

const NOTHING: Observed = { children: [], status: [], live: [] };
