import { DEPLOYMENT, POD, SECRET, SERVICE, SERVICE_ACCOUNT } from '../../api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../api/llmisvc.ts';
import { describe, gvkKey, type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../api/settings.ts';
import { type Answer, fixedSource, type Read, type Source } from '../../api/snapshot.ts';
import { certificateName, serviceAccountName } from '../../api/wellknown.ts';
import type { Complaint } from '../complaint.ts';
import type { Located } from '../input/input.ts';
import type { Installed } from './installed.ts';
import { positionAt } from '../input/place.ts';
import { isSettings, settingsOf } from '../input/settings.ts';

/** Where the core reads from: the inputs alone, or the inputs before a cluster. */
export interface World {
  readonly settings: Settings;
  /** What `resolve` and `render` see. */
  readonly planning: Source;
  /** What `assess` sees. */
  readonly assessing: Source;
  /** Reads what the core asked for and nobody knew; false when nothing more can be known. */
  readonly fetch: (reads: readonly Read[]) => Promise<boolean>;
  /** The service with what the API server gave it: uid, generation, status. */
  readonly identified: (service: LLMInferenceService) => Promise<LLMInferenceService>;
  /** An object by name; undefined when it does not exist. */
  readonly read: (ref: Ref) => Promise<KubeObject | undefined>;
  /** Whether objects come from a cluster, so that they say whose they are. */
  readonly cluster: boolean;
  /** What was taken for granted so far, one sentence each. */
  readonly notes: () => readonly string[];
}

export interface WorldOptions {
  readonly systemNamespace: string;
  readonly configPrefix: string;
}

/** Settings, the ConfigMap that they were read from, and what is wrong with it. */
export interface SettingsFound {
  readonly settings: Settings;
  readonly configMap?: KubeObject;
  readonly complaints: readonly Complaint[];
}

/** The settings that hold: those of the ConfigMap in the inputs, else those that this version installs. */
export async function settingsFrom(
  inputs: readonly Located[],
  installed: Installed,
  options: WorldOptions,
): Promise<SettingsFound> {
  const located = inputs.find(({ object }) => isSettings(object, options.systemNamespace));
  if (!located) return { settings: { ...installed.settings, ...options }, complaints: [] };
  const { settings, complaints, remarks } = await settingsOf(located.object, { ...DEFAULT_SETTINGS, ...options });
  const { file } = located.place;
  const placed = (message: string, severity: Complaint['severity']): Complaint => {
    const key = /^Key (\w+)/.exec(message)?.[1] ?? '';
    return { severity, file, ...positionAt(located.place, ['data', key]), path: `data.${key}`, message };
  };
  return {
    settings,
    configMap: located.object,
    complaints: [
      ...complaints.map((message) => placed(message, 'error')),
      ...remarks.map((message) => placed(message, 'warning')),
    ],
  };
}

/**
 * The inputs, with the presets of this version where they have none. What else is missing may exist in the cluster:
 * children are taken for new, a ServiceAccount that is named for one without Secrets, a Secret for one without a token.
 */
export function offlineWorld(objects: readonly KubeObject[], installed: Installed, settings: Settings): World {
  const notes = new Set<string>();
  const children = new Set(
    objects
      .filter((object) => gvkKey(object) === gvkKey(LLMISVC))
      .flatMap(({ metadata: { name, namespace = '' } }) => [
        refKey({ ...SECRET, namespace, name: certificateName(name) }),
        refKey({ ...SERVICE_ACCOUNT, namespace, name: serviceAccountName(name) }),
      ]),
  );
  const isChild = (ref: Ref): boolean => children.has(refKey(ref));
  const presets = installed.presets.map((preset) => ({
    ...preset,
    metadata: { ...preset.metadata, namespace: settings.systemNamespace },
  }));
  const given = fixedSource([...presets, ...objects]);
  const planning: Source = {
    get(ref) {
      const answer = given.get(ref);
      if (answer.state !== 'absent' || isChild(ref)) return answer;
      return assumed(ref, notes) ?? answer;
    },
    list: (query) => given.list(query),
  };
  const known = [DEPLOYMENT, SERVICE, POD, LLMISVC_CONFIG].map(gvkKey);
  const assessing: Source = {
    get(ref) {
      const answer = given.get(ref);
      return answer.state === 'absent' && !known.includes(gvkKey(ref)) ? { state: 'unknown' } : answer;
    },
    list: (query) => given.list(query),
  };
  return {
    settings,
    planning,
    assessing,
    fetch: async () => false,
    identified: async (service) => created(service),
    read: async (ref) => found(given.get(ref)),
    cluster: false,
    notes: () => [...notes],
  };
}

/** The inputs as everything that exists: what they lack is absent, presets included. */
export function closedWorld(objects: readonly KubeObject[], settings: Settings): World {
  const source = fixedSource(objects);
  return {
    settings,
    planning: source,
    assessing: source,
    fetch: async () => false,
    identified: async (service) => created(service),
    read: async (ref) => found(source.get(ref)),
    cluster: false,
    notes: () => [],
  };
}

/** What the API server makes of a new object, as far as a status shows it. */
export function created(service: LLMInferenceService): LLMInferenceService {
  return { ...service, metadata: { generation: 1, ...service.metadata } };
}

function found(answer: Answer<KubeObject>): KubeObject | undefined {
  return answer.state === 'found' ? answer.value : undefined;
}

function assumed(ref: Ref, notes: Set<string>): Answer<KubeObject> | undefined {
  const { apiVersion, kind, name, namespace } = ref;
  const bare: KubeObject = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
  if (gvkKey(ref) === gvkKey(SERVICE_ACCOUNT) && name !== 'default') {
    notes.add(`${describe(refOf(bare))} is not in the input: it is taken for one that lists no Secrets.`);
    return { state: 'found', value: bare };
  }
  if (gvkKey(ref) === gvkKey(SECRET)) {
    notes.add(`${describe(refOf(bare))} is not in the input: it is taken for one without the key HF_TOKEN.`);
    return { state: 'found', value: bare };
  }
  return undefined;
}
