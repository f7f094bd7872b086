import { DEPLOYMENT, HTTP_ROUTE } from '../../api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../api/llmisvc.ts';
import { gvkKey, type KubeObject, type Query, refKey, refOf } from '../../api/object.ts';
import type { Part } from '../../api/problem.ts';
import { LABEL_PART_OF, PART_OF } from '../../api/wellknown.ts';
import type { Client } from '../../kube/types.ts';
import { verdictOf } from '../../status/problems.ts';
import { changesOf, type ServiceChanges } from './changes.ts';
import { type ChangeOutput, differs, printChanges } from './changetext.ts';
import { memoryOf, withIdentity, worldOf } from '../world/cluster.ts';
import { Trouble } from '../complaint.ts';
import { planOf } from '../world/evaluate.ts';
import type { Io } from '../io.ts';
import { applicable } from '../render.ts';
import { openSession, report, type SessionOptions } from '../session.ts';
import { isSettings } from '../input/settings.ts';
import type { World } from '../world/world.ts';

export interface ImpactOptions extends SessionOptions {
  readonly output: ChangeOutput;
  readonly patch: boolean;
  /** Only services of this namespace; all, when it is absent. */
  readonly servicesIn?: string;
}

/**
 * `llmisvc impact`: what the operator would change in the services of a cluster if the shared configs, the settings or the
 * other objects of the input were applied.
 *
 * @returns the exit code: 0 nothing, 1 something, 2 when it cannot be told
 */
export async function impactCommand(given: ImpactOptions, io: Io): Promise<number> {
  if (given.filename.length === 0) throw new Trouble('Name the changed configs or settings with --filename.');
  const options = { ...given, fromCluster: true };
  const session = await openSession(options, io);
  try {
    const { client } = session;
    if (!client) throw new Error('a session with a cluster has a client');
    // What is not understood would seem to change nothing.
    if (session.complaints.some(({ severity }) => severity === 'error')) {
      report(session.complaints, session.inputs.notes, io);
      return 2;
    }
    const changed = session.inputs.objects.map(({ object }) => object);
    refuseOthers(changed, options);
    const memory = memoryOf(await existing(client, options, io.signal));
    const settings = await settingsNow(options, io);
    const before = worldOf([], settings, client, io.signal, memory);
    const after = worldOf(changed, session.world.settings, client, io.signal, memory);
    const services: ServiceChanges[] = [];
    for (const { value } of [...memory.known.values()].flatMap((answer) =>
      answer.state === 'found' ? [answer] : [],
    )) {
      if (gvkKey(value) !== gvkKey(LLMISVC)) continue;
      services.push(await impactOn(value, changed, before, after));
    }
    const sides = { before: 'now', after: 'with the input' };
    await printChanges(services, { output: options.output, patches: options.patch, sides }, io);
    if (report(session.complaints, [...session.inputs.notes, ...after.notes()], io)) return 2;
    return services.some(differs) ? 1 : 0;
  } finally {
    await session.close();
  }
}

async function impactOn(
  service: LLMInferenceService,
  changed: readonly KubeObject[],
  before: World,
  after: World,
): Promise<ServiceChanges> {
  const given = changed.find((object) => refKey(refOf(object)) === refKey(refOf(service)));
  const now = await sideOf(service, before);
  const then = await sideOf(given ? withIdentity(given, service) : service, after);
  // A problem leaves the children of its part as they are.
  const held = now.children.filter(({ part }) => then.held.has(part));
  const changes = changesOf(refOf(service), objectsOf(now.children), objectsOf([...then.children, ...held]));
  return { ...changes, problems: then.problems.filter((problem) => !now.problems.includes(problem)) };
}

interface Side {
  readonly children: readonly { readonly object: KubeObject; readonly part: Part }[];
  readonly held: ReadonlySet<Part>;
  readonly problems: readonly string[];
}

async function sideOf(service: LLMInferenceService, world: World): Promise<Side> {
  const { effective, plan } = (await planOf(service, world)).result;
  const problems = [...effective.problems, ...plan.problems].map(
    (problem) => verdictOf(problem, world.settings).message,
  );
  return { children: plan.children, held: plan.held, problems };
}

function objectsOf(children: Side['children']): readonly KubeObject[] {
  return children.map(({ object }) => applicable(object));
}

/** Objects that many services read are listed at once; the rest is read when a service asks for it. */
async function existing(client: Client, { servicesIn }: ImpactOptions, signal: AbortSignal): Promise<KubeObject[]> {
  const within = servicesIn === undefined ? {} : { namespace: servicesIn };
  const ours = { ...within, labels: { [LABEL_PART_OF]: PART_OF } };
  const queries: readonly Query[] = [
    { ...LLMISVC, ...within },
    { ...LLMISVC_CONFIG, ...within },
    { ...DEPLOYMENT, ...ours },
    { ...HTTP_ROUTE, ...ours },
  ];
  const objects: KubeObject[] = [];
  for (const query of queries) {
    if (await client.resource(query)) objects.push(...(await client.list(query, { signal })).items);
  }
  return objects;
}

/** The settings of the cluster, without those of the input. */
async function settingsNow(options: ImpactOptions, io: Io): Promise<World['settings']> {
  const session = await openSession({ ...options, filename: [] }, io);
  await session.close();
  return session.world.settings;
}

/** A ConfigMap of the settings in another namespace would be read by nobody. */
function refuseOthers(objects: readonly KubeObject[], { systemNamespace }: ImpactOptions): void {
  const misplaced = objects.find(
    (object) => isSettings(object, object.metadata.namespace ?? '') && !isSettings(object, systemNamespace),
  );
  if (!misplaced) return;
  throw new Trouble(
    `ConfigMap ${misplaced.metadata.namespace}/${misplaced.metadata.name} is not read by the operator. Set metadata.namespace to ${systemNamespace}, or name the system namespace with --system-namespace.`,
  );
}
