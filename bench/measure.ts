import { setTimeout as delay } from 'node:timers/promises';
import { DEPLOYMENT, GATEWAY, HTTP_ROUTE, SERVICE } from '../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../src/api/llmisvc.ts';
import { LABEL_PART_OF, PART_OF } from '../src/api/wellknown.ts';
import { writeChildren, writeEverything, writeOneKind } from './bareclient.ts';
import type { Cluster } from './cluster.ts';
import type { Figures } from './figures.ts';
import { type Followed, follow, sinceThen, writesOf } from './follow.ts';
import { type Operator, startOperator } from './operator.ts';
import { GATEWAY_OBJECT, gatewayStatus, renderAll, SHARED_CONFIG, sharedConfig } from './services.ts';
import type { Step } from './step.ts';

export const CHILD_KINDS = [DEPLOYMENT, SERVICE, HTTP_ROUTE] as const;

/** Where and with how many services something is measured. */
export interface Context {
  readonly cluster: Cluster;
  readonly services: number;
  readonly step: Step;
  readonly signal: AbortSignal;
}

const PROBED = 20;

/** The kinds of children that the operator reads by name before their first write, so that the bare client does too. */
export async function measureLooks(context: Context): Promise<ReadonlySet<string>> {
  const { found } = await measureFound({ ...context, services: PROBED }, async () => undefined);
  const resources = await Promise.all(CHILD_KINDS.map((gvk) => context.cluster.admin.resource(gvk)));
  const looked = resources.filter((resource) => (found.requests[`get ${resource?.plural}`] ?? 0) >= PROBED);
  return new Set(looked.flatMap((resource) => (resource ? [resource.kind] : [])));
}

/** Seconds in which a bare client writes the children of fresh services. */
export async function measureChildren({ cluster, services, step, signal }: Context): Promise<number> {
  return inNamespace(cluster, async (namespace) => {
    const created = await step('create services', () => cluster.createServices(namespace, services));
    const rendered = renderAll(created, await cluster.installed());
    return step('bare client: children', () => writeChildren(cluster.bare, rendered, signal));
  });
}

/** Seconds in which a bare client sends all requests of the operator for fresh services. */
export async function measureEverything(
  { cluster, services, step, signal }: Context,
  looked: ReadonlySet<string>,
): Promise<number> {
  return inNamespace(cluster, async (namespace) => {
    const created = await step('create services', () => cluster.createServices(namespace, services));
    const rendered = renderAll(created, await cluster.installed());
    return step('bare client: everything', () => writeEverything(cluster.bare, rendered, looked, signal));
  });
}

/** Seconds in which a bare client applies the Deployments of services whose shared config changed. */
export async function measureChangedDeployments({ cluster, services, step, signal }: Context): Promise<number> {
  return inNamespace(cluster, async (namespace) => {
    const created = await step('create services', () => cluster.createServices(namespace, services));
    const known = await cluster.installed();
    const other = known.filter(({ metadata }) => metadata.namespace !== namespace);
    await step('bare client: Deployments', () =>
      writeOneKind(cluster.bare, renderAll(created, known), DEPLOYMENT.kind, signal),
    );
    const changed = renderAll(created, [...other, sharedConfig(namespace, 2)]);
    return step('bare client: changed Deployments', () => writeOneKind(cluster.bare, changed, DEPLOYMENT.kind, signal));
  });
}

export interface Found extends Followed {
  readonly startToReady: number;
  readonly readyToChildren: number;
  readonly readyToSettled: number;
  readonly startToSettled: number;
  readonly cpu: number;
}

/**
 * The services exist, then the operator starts: times from its start and from `/readyz`.
 *
 * @param after what else is measured with that operator, which ends afterwards
 */
export async function measureFound<T>(
  context: Context,
  after: (operator: Operator, namespace: string) => Promise<T>,
): Promise<{ readonly found: Found; readonly after: T }> {
  const { cluster, services, step, signal } = context;
  return inNamespace(cluster, async (namespace) => {
    await step('create services', () => cluster.createServices(namespace, services));
    const operator = await step('start the operator', () => startOperator(cluster, signal));
    try {
      const followed = await step('operator: children and status', () =>
        follow(operator, { applies: services * CHILD_KINDS.length, passes: services }, signal),
      );
      const cpu = operator.cpu();
      await checkDone(context, namespace);
      const { startedAt, readyAt } = operator;
      const { appliedAt = Number.NaN, calmAt } = followed;
      const found: Found = {
        ...followed,
        startToReady: seconds(startedAt, readyAt),
        readyToChildren: seconds(readyAt, appliedAt),
        readyToSettled: seconds(readyAt, calmAt),
        startToSettled: seconds(startedAt, calmAt),
        cpu,
      };
      return { found, after: await after(operator, namespace) };
    } finally {
      await operator.stop();
    }
  });
}

/** The operator runs with nothing to do, then services are created. */
export async function measureCreated(context: Context): Promise<Figures['created']> {
  const { cluster, services, step, signal } = context;
  return inNamespace(cluster, async (namespace) => {
    const operator = await step('start the operator', () => startOperator(cluster, signal));
    try {
      const before = await operator.counters();
      const first = performance.now();
      let last = first;
      const creating = step('create services while it runs', () => cluster.createServices(namespace, services));
      const stamped = creating.then(() => {
        last = performance.now();
      });
      const [followed] = await Promise.all([
        step('operator: children and status', () =>
          follow(operator, { before, applies: services * CHILD_KINDS.length, passes: services }, signal),
        ),
        stamped,
      ]);
      await checkDone(context, namespace);
      const { appliedAt = Number.NaN, calmAt } = followed;
      return {
        creating: seconds(first, last),
        firstToChildren: seconds(first, appliedAt),
        lastToChildren: seconds(last, appliedAt),
        lastToSettled: seconds(last, calmAt),
      };
    } finally {
      await operator.stop();
    }
  });
}

/** What the operator does for so many seconds in which nobody changes anything. */
export async function measureRest(
  { step, signal }: Context,
  operator: Operator,
  duration: number,
): Promise<Figures['rest']> {
  const before = await operator.counters();
  const cpu = operator.cpu();
  await step(`rest for ${duration} s`, () => delay(duration * 1_000, undefined, { signal }));
  const after = await operator.counters();
  const writes = writesOf(sinceThen(after, before));
  return { seconds: duration, writes, passes: after.passes - before.passes, cpu: operator.cpu() - cpu };
}

/** What it does while the counter of attached routes in the status of the Gateway moves twice a second. */
export async function measureCountersOfGateway(
  { cluster, step, signal }: Context,
  operator: Operator,
  duration: number,
): Promise<Figures['countersOfGateway']> {
  const before = await operator.counters();
  const { name, namespace } = GATEWAY_OBJECT.metadata;
  const changes = duration * 2;
  await step(`rest while a Gateway counts for ${duration} s`, async () => {
    for (let count = 1; count <= changes; count += 1) {
      const status = gatewayStatus(count);
      await cluster.admin.patch({ ...GATEWAY, name, namespace }, { status }, { subresource: 'status', signal });
      await delay(500, undefined, { signal });
    }
  });
  const after = await operator.counters();
  const writes = writesOf(sinceThen(after, before));
  return { seconds: duration, changes, writes, passes: after.passes - before.passes };
}

/** The shared config of all services changes: seconds until the last changed child is written. */
export async function measureSharedConfig(
  { cluster, services, step, signal }: Context,
  operator: Operator,
  namespace: string,
): Promise<Figures['sharedConfig']> {
  const before = await operator.counters();
  const ref = { ...LLMISVC_CONFIG, namespace, name: SHARED_CONFIG };
  const start = performance.now();
  await cluster.admin.patch(ref, { spec: sharedConfig(namespace, 2).spec }, { signal });
  const { appliedAt = Number.NaN, requests } = await step('operator: changed shared config', () =>
    follow(operator, { before, applies: services }, signal),
  );
  return { changeToChildren: seconds(start, appliedAt), requests };
}

/** The operator is started anew over services that are as they shall be. */
export async function measureRestart(
  context: Context,
): Promise<{ readonly restart: Figures['restart']; readonly peak: number; readonly steady: number }> {
  const { cluster, services, step, signal } = context;
  const operator = await step('start the operator again', () => startOperator(cluster, signal));
  try {
    const { calmAt, requests } = await step('operator: all services looked at', () =>
      follow(operator, { passes: services }, signal),
    );
    const cpu = operator.cpu();
    await measureRest(context, operator, 10);
    const { now, peak } = operator.memory();
    const { startedAt, readyAt } = operator;
    const restart = {
      startToReady: seconds(startedAt, readyAt),
      startToSteady: seconds(startedAt, calmAt),
      cpu,
      requests,
    };
    return { restart, peak, steady: now };
  } finally {
    await operator.stop();
  }
}

/** Rejects unless every service has its children and a status of its generation: a fast failure is not a result. */
async function checkDone({ cluster, services, signal }: Context, namespace: string): Promise<void> {
  const { items } = await cluster.admin.list<LLMInferenceService>({ ...LLMISVC, namespace }, { signal });
  const current = items.filter(({ metadata, status }) => status?.observedGeneration === metadata.generation);
  if (current.length !== services) throw new Error(`${current.length} of ${services} services have a current status`);
  for (const gvk of CHILD_KINDS) {
    const query = { ...gvk, namespace, labels: { [LABEL_PART_OF]: PART_OF } };
    const children = (await cluster.admin.list(query, { metadataOnly: true, signal })).items.length;
    if (children !== services) throw new Error(`${children} objects of kind ${gvk.kind} for ${services} services`);
  }
}

async function inNamespace<T>(cluster: Cluster, work: (namespace: string) => Promise<T>): Promise<T> {
  const namespace = await cluster.namespace();
  const result = await work(namespace);
  await cluster.clear(namespace);
  return result;
}

function seconds(from: number, to: number): number {
  return (to - from) / 1_000;
}
