import { CONFIG_MAP } from '../../api/children.ts';
import { LLMISVC, type LLMInferenceService } from '../../api/llmisvc.ts';
import { gvkKey, jsonEqual, type KubeObject, type Query, type Ref, refKey, refOf } from '../../api/object.ts';
import { type DryRunRef, isDryRun, type Verdict } from '../../api/dryrun.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../api/settings.ts';
import { type Answer, fixedSource, type Source } from '../../api/snapshot.ts';
import { verdictOn } from '../../apply/validation.ts';
import { answerTo } from '../../kube/answers.ts';
import { createClient } from '../../kube/client.ts';
import { withoutValues } from '../../kube/secret.ts';
import type { Client } from '../../kube/types.ts';
import { type Complaint, Trouble } from '../complaint.ts';
import type { Located } from '../input/input.ts';
import { isSettings, SETTINGS_CONFIG_MAP, settingsOf } from '../input/settings.ts';
import { settingsFrom, type SettingsFound, type World, type WorldOptions } from './world.ts';

export interface ClusterOptions extends WorldOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** A world over a cluster, with the client that reads it. */
export interface ClusterWorld {
  readonly world: World;
  readonly client: Client;
  /** That of the settings, if there is one. */
  readonly configMap?: KubeObject;
  readonly complaints: readonly Complaint[];
  readonly close: () => Promise<void>;
}

/**
 * The inputs, and the cluster for what they lack; settings and presets are the cluster's. Nothing is written.
 *
 * @throws Trouble that names the kubeconfig or context that cannot be used; ApiError or the transport's error
 */
export async function clusterWorld(
  inputs: readonly Located[],
  options: ClusterOptions,
  signal: AbortSignal,
): Promise<ClusterWorld> {
  const { kubeconfig, context } = options;
  const client = await createClient({ kubeconfig, context }).catch((error: unknown) => {
    throw new Trouble(error instanceof Error ? error.message : String(error), { cause: error });
  });
  try {
    const { settings, ...found } = await clusterSettings(inputs, options, client, signal);
    const objects = inputs.map(({ object }) => object);
    return { world: worldOf(objects, settings, client, signal), client, ...found, close: () => client.close() };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** What was read from a cluster so far: objects by `refKey`, and lists. */
export interface Memory {
  readonly known: Map<string, Answer<KubeObject>>;
  readonly lists: Map<string, Answer<readonly KubeObject[]>>;
}

/** A memory that holds these objects. */
export function memoryOf(objects: readonly KubeObject[] = []): Memory {
  const known = objects.map((value) => [refKey(refOf(value)), { state: 'found', value }] as const);
  return { known: new Map(known), lists: new Map() };
}

/** A world over a cluster. Worlds with one memory see the same state of the cluster, each behind inputs of its own. */
export function worldOf(
  objects: readonly KubeObject[],
  settings: Settings,
  client: Client,
  signal: AbortSignal,
  { known, lists }: Memory = memoryOf(),
): World {
  const given = fixedSource(objects);
  const notes = new Set<string>();
  const source: Source = {
    get(ref) {
      const answer = given.get(ref);
      return answer.state === 'found' ? answer : (known.get(refKey(ref)) ?? { state: 'unknown' });
    },
    list(query) {
      const answer = lists.get(listKey(query));
      if (answer?.state !== 'found') return answer ?? { state: 'unknown' };
      const own = given.list(query);
      const first = own.state === 'found' ? own.value : [];
      const keys = new Set(objects.map((object) => refKey(refOf(object))));
      return {
        state: 'found',
        value: [...first, ...answer.value.filter((object) => !keys.has(refKey(refOf(object))))],
      };
    },
  };
  const read = async (ref: Ref): Promise<KubeObject | undefined> => {
    const answer = await answerTo(() => readable(client, ref, signal));
    known.set(refKey(ref), answer);
    return answer.state === 'found' ? answer.value : undefined;
  };
  const judge = async (question: DryRunRef): Promise<void> => {
    const verdict = await verdictOn(question, client, signal);
    const unasked = whyUnasked(verdict);
    if (unasked)
      notes.add(`The merged spec of a service in namespace ${question.namespace} was not validated: ${unasked}`);
    known.set(refKey(question), unasked ? { state: 'absent' } : { state: 'found', value: verdict });
  };
  return {
    settings,
    planning: source,
    assessing: source,
    async fetch(reads) {
      for (const asked of reads) {
        signal.throwIfAborted();
        if ('ref' in asked) {
          if (isDryRun(asked.ref)) await judge(asked.ref);
          else await read(asked.ref);
        } else
          lists.set(
            listKey(asked.query),
            await answerTo(async () => (await client.list(asked.query, { signal })).items),
          );
      }
      return true;
    },
    async identified(service) {
      const ref = { ...LLMISVC, ...keyOf(service) };
      return withIdentity(service, (await read(ref)) as LLMInferenceService | undefined);
    },
    read,
    cluster: true,
    notes: () => [...notes],
  };
}

/** Why nobody is to blame that the API server gave no verdict; undefined where the operator would say the same. */
function whyUnasked({ outcome, message }: Verdict): string | undefined {
  if (outcome === 'NotAllowed') return message;
  return outcome === 'Failed' && ABSENT.test(message) ? message : undefined;
}

/** The namespace or the kind is not there yet. */
const ABSENT = /^namespaces .* not found$|does not serve kind/;

async function clusterSettings(
  inputs: readonly Located[],
  options: ClusterOptions,
  client: Client,
  signal: AbortSignal,
): Promise<SettingsFound> {
  const { systemNamespace, configPrefix } = options;
  const base = { ...DEFAULT_SETTINGS, systemNamespace, configPrefix };
  if (inputs.some(({ object }) => isSettings(object, systemNamespace))) {
    return settingsFrom(inputs, { presets: [], settings: base }, { systemNamespace, configPrefix });
  }
  const ref = { ...CONFIG_MAP, namespace: systemNamespace, name: SETTINGS_CONFIG_MAP };
  const answer = await answerTo(() => readable(client, ref, signal));
  if (answer.state !== 'found') return { settings: base, complaints: [] };
  const { settings, complaints, remarks } = await settingsOf(answer.value, base);
  const object = `ConfigMap ${systemNamespace}/${SETTINGS_CONFIG_MAP}`;
  return {
    settings,
    configMap: answer.value,
    complaints: [...complaints, ...remarks].map((message) => ({ severity: 'warning', object, message })),
  };
}

/** The service of the input as an update of the live one. */
export function withIdentity(service: LLMInferenceService, live: LLMInferenceService | undefined): LLMInferenceService {
  if (!live) return { ...service, metadata: { generation: 1, ...service.metadata } };
  if (service === live) return service;
  const { uid, generation = 1, creationTimestamp, resourceVersion } = live.metadata;
  const next = jsonEqual(service.spec, live.spec) ? generation : generation + 1;
  const identity = Object.entries({ uid, creationTimestamp, resourceVersion }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...service,
    metadata: { ...service.metadata, ...Object.fromEntries(identity), generation: next },
    ...(live.status ? { status: live.status } : {}),
  };
}

async function readable(client: Client, ref: Ref, signal: AbortSignal): Promise<KubeObject | undefined> {
  const object = await client.read(ref, signal);
  return object && withoutValues(object);
}

function keyOf({ metadata }: KubeObject): { readonly namespace?: string; readonly name: string } {
  const { namespace, name } = metadata;
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

function listKey(query: Query): string {
  return JSON.stringify([gvkKey(query), query.namespace ?? '', Object.entries(query.labels ?? {}).sort()]);
}
