import { parse } from 'yaml';
import { CONFIG_MAP } from '../api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec, SchedulerSpec } from '../api/llmisvc.ts';
import { isPlainObject, type KubeObject, type Ref } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import { type Snapshot, type View, view } from '../api/snapshot.ts';
import { MAIN_CONTAINER, SHARED_SCHEDULER_CONFIG } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_SCHEDULER_CONFIG = 'scheduler config from its ConfigMap';

const TEXT_FLAGS = ['--config-text', '-config-text', '--configText', '-configText'];
const FLAGS = [...TEXT_FLAGS, '--config-file', '-config-file', '--configFile', '-configFile'];
/** The key that is read when a config names none. */
const DEFAULT_KEY = 'epp';
const CONFIG = 'spec.router.scheduler.config';

/**
 * The configuration of the endpoint picker as far as it stands in the spec: `config.inline`, else the text that container
 * `main` of the scheduler's template gets as an argument. Undefined when there is none or it cannot be parsed.
 */
export function schedulerConfigOf(scheduler: SchedulerSpec): unknown {
  const inline = isPlainObject(scheduler.config) ? scheduler.config.inline : undefined;
  if (inline !== undefined && inline !== null) return typeof inline === 'string' ? parsed(inline) : inline;
  const containers: unknown = scheduler.template?.containers;
  const main = (Array.isArray(containers) ? containers : []).find((one) => one?.name === MAIN_CONTAINER);
  const args: readonly unknown[] = Array.isArray(main?.args) ? main.args : [];
  const at = args.findIndex((arg, index) => FLAGS.includes(arg as string) && index + 1 < args.length);
  const text = TEXT_FLAGS.includes(args[at] as string) ? args[at + 1] : undefined;
  return typeof text === 'string' ? parsed(text) : undefined;
}

/** The types of the plugins that a configuration of the endpoint picker lists. */
export function pluginTypes(config: unknown): ReadonlySet<string> {
  const plugins = isPlainObject(config) && Array.isArray(config['plugins']) ? (config['plugins'] as unknown[]) : [];
  return new Set(
    plugins.flatMap((plugin) => (isPlainObject(plugin) && typeof plugin['type'] === 'string' ? [plugin['type']] : [])),
  );
}

/** What reading the ConfigMap of `config.ref` came to. */
export interface SchedulerConfig {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
  /** What keeps the spec from being combined. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The ConfigMap has not been read yet. */
  readonly undecided: boolean;
}

/**
 * Puts the text that `scheduler.config.ref` names into `config.inline`, as it is. The ConfigMap lies in the namespace of the
 * service, or in the system namespace if its name begins with `config-scheduler-`. One that is missing and `optional` is
 * taken for no config. Errors: ConfigMapNotFound, ConfigMapKeyNotFound, Forbidden.
 */
export function withSchedulerConfig(
  service: LLMInferenceService,
  spec: LLMInferenceServiceSpec,
  snapshot: Snapshot,
  settings: Settings,
): SchedulerConfig {
  const nothing: SchedulerConfig = { spec, marks: [], errors: [], warnings: [], undecided: false };
  const scheduler = spec.router?.scheduler;
  const ref = scheduler?.config?.ref;
  // A config of both kinds, or a reference to nothing, is what validation complains about.
  if (!scheduler || !ref?.name || isPlainObject(scheduler.config?.inline)) return nothing;
  const { name, optional = false } = ref;
  const key = ref.key || DEFAULT_KEY;
  const found = lookUp(service, name, key, snapshot, settings);
  if (found === 'undecided') return { ...nothing, undecided: true };
  if ('text' in found) {
    const text = found.text;
    const predicts = pluginTypes(parsed(text)).has('predicted-latency-producer');
    return {
      ...nothing,
      spec: withConfig(spec, scheduler, { inline: text }),
      marks: [{ path: 'router.scheduler.config', step: STEP_SCHEDULER_CONFIG }],
      warnings: predicts ? [{ code: 'LatencyPredictorInConfigMap', ref: found.ref, path: `${CONFIG}.ref` }] : [],
    };
  }
  if (!optional || found.problem.code === 'Forbidden') return { ...nothing, errors: [found.problem] };
  return {
    ...nothing,
    spec: withConfig(spec, scheduler, undefined),
    marks: [{ path: 'router.scheduler.config', step: STEP_SCHEDULER_CONFIG }],
    warnings: [{ code: 'OptionalConfigMapMissing', name, key, path: `${CONFIG}.ref` }],
  };
}

type LookUp = { readonly text: string; readonly ref: Ref } | { readonly problem: Problem } | 'undecided';

function lookUp(
  service: LLMInferenceService,
  name: string,
  key: string,
  snapshot: Snapshot,
  settings: Settings,
): LookUp {
  const { namespace = '' } = service.metadata;
  const shared = name.startsWith(SHARED_SCHEDULER_CONFIG) ? [settings.systemNamespace] : [];
  const namespaces = [...new Set([namespace, ...shared])];
  for (const candidate of namespaces) {
    const ref: Ref = { ...CONFIG_MAP, namespace: candidate, name };
    const answer = snapshot.get(ref, textAt(key));
    if (answer.state === 'unknown') return 'undecided';
    if (answer.state === 'forbidden') {
      const message = `this operator may not read ConfigMaps in namespace ${candidate}`;
      return { problem: { code: 'Forbidden', part: 'config', ref, verb: 'get', message } };
    }
    if (answer.state !== 'found') continue;
    const { text, keys } = answer.value;
    if (text !== undefined) return { text, ref };
    return { problem: { code: 'ConfigMapKeyNotFound', ref, key, keys: keys ?? [], path: `${CONFIG}.ref.key` } };
  }
  return { problem: { code: 'ConfigMapNotFound', name, namespaces, path: `${CONFIG}.ref.name` } };
}

interface Text {
  readonly text?: string;
  /** What there is instead. */
  readonly keys?: readonly string[];
}

/** The text at one key of a ConfigMap; where it is missing, the keys that there are. */
function textAt(key: string): View<KubeObject, Text> {
  return view(`config/configmap/${key}`, (configMap: KubeObject & { readonly data?: unknown }) => {
    const data = isPlainObject(configMap.data) ? configMap.data : {};
    const text = Object.hasOwn(data, key) ? data[key] : undefined;
    return typeof text === 'string' ? { text } : { keys: Object.keys(data).sort() };
  });
}

function withConfig(
  spec: LLMInferenceServiceSpec,
  { config: _before, ...scheduler }: SchedulerSpec,
  config: SchedulerSpec['config'],
): LLMInferenceServiceSpec {
  return { ...spec, router: { ...spec.router, scheduler: { ...scheduler, ...(config && { config }) } } };
}

const MOST_PARSED = 100;
const known = new Map<string, unknown>();

/** YAML or JSON; undefined when it is neither. Parsing is slow, so the last results are remembered. */
function parsed(text: string): unknown {
  if (known.has(text)) return known.get(text);
  const value = attempt(text);
  known.set(text, value);
  if (known.size > MOST_PARSED) known.delete(known.keys().next().value as string);
  return value;
}

function attempt(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error', prettyErrors: false }) as unknown;
  } catch {
    return undefined;
  }
}
