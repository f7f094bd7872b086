import type { ConditionStatus } from '../api/llmisvc.ts';
import { describe } from '../api/object.ts';
import type { Part, Problem, ProblemCode, RejectedField, Source } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { ConditionType, Finding } from './conditions.ts';
import { CONDITION_OF_FEATURE, WORDS_OF_FEATURE } from './features.ts';

/** What a problem means to the user and to the queue. */
export interface Verdict extends Finding {
  readonly condition: ConditionType;
  readonly reason: string;
  readonly message: string;
  /** `backoff`: nothing that is watched will tell when the problem is gone, so it is tried again. */
  readonly retry: 'none' | 'backoff';
}

/**
 * The condition, reason, status, sentence and retry of a problem. Reasons are KServe's where it has one for the case.
 * Problems of type `Warning` have the status True: the warning is there.
 */
export function verdictOf(problem: Problem, settings: Settings): Verdict {
  const row = TABLE[problem.code] as Row<Problem>;
  return {
    condition: row.condition(problem),
    status: row.status,
    reason: row.reason(problem),
    message: ended(row.sentence(problem, settings)),
    retry: row.retry,
  };
}

/** The text with a full stop, unless it ends like a sentence. The first letter stays: it may be that of a name. */
export function ended(text: string): string {
  const trimmed = text.trim();
  return /[.!?\u2026]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

interface Row<P> {
  readonly condition: (problem: P) => ConditionType;
  readonly reason: (problem: P) => string;
  readonly status: ConditionStatus;
  readonly retry: 'none' | 'backoff';
  readonly sentence: (problem: P, settings: Settings) => string;
}

const CONDITION_OF_PART: Readonly<Record<Part, ConditionType>> = {
  config: 'PresetsCombined',
  workload: 'MainWorkloadReady',
  route: 'HTTPRoutesReady',
  gateway: 'GatewaysReady',
};

const REASON_OF_PART: Readonly<Record<Part, string>> = {
  config: 'InvalidRenderedConfig',
  workload: 'ReconcileSingleNodeWorkloadError',
  route: 'HTTPRouteReconcileError',
  gateway: 'RefsInvalid',
};

const combined = (): ConditionType => 'PresetsCombined';
const routes = (): ConditionType => 'HTTPRoutesReady';
const warning = (): ConditionType => 'Warning';
const ofPart = (problem: { readonly part: Part }): ConditionType => CONDITION_OF_PART[problem.part];
const partReason = (problem: { readonly part: Part }): string => REASON_OF_PART[problem.part];
const own = (problem: { readonly code: string }): string => problem.code;
const always = (reason: string) => (): string => reason;

const TABLE: { readonly [C in ProblemCode]: Row<Extract<Problem, { code: C }>> } = {
  ConfigNotFound: {
    condition: combined,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `LLMInferenceServiceConfig "${p.name}" not found in namespaces [${p.namespaces.join(' ')}]. ` +
      (p.path
        ? `Create it in one of them, or correct ${p.path}.`
        : p.asked
          ? `It is the preset for ${p.asked}, which no installation brings: write it, or divide the model by parallelism.data and dataLocal.`
          : 'It is a preset: install the presets again.'),
  },
  ConfigMapNotFound: {
    condition: combined,
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `ConfigMap "${p.name}" not found in namespaces [${p.namespaces.join(' ')}]. ` +
      `Create it, correct ${fieldOf(p)}, or set optional beside it.`,
  },
  ConfigMapKeyNotFound: {
    condition: combined,
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `${describe(p.ref)} has no key "${p.key}"${p.keys.length > 0 ? `; it has ${p.keys.join(', ')}` : ''}. ` +
      `Add the key, or correct ${fieldOf(p)}.`,
  },
  InvalidAdapter: {
    condition: combined,
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `LoRA adapter "${p.adapter}" cannot be used: ${fieldOf(p)} is ${p.found}; allowed is ${p.allowed}`,
  },
  TemplateFailed: {
    condition: combined,
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `The template${at(p)} cannot be executed${p.column === undefined ? '' : `, column ${p.column} of the text`}: ${p.message}`,
  },
  InvalidField: {
    condition: ofPart,
    reason: partReason,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Field ${fieldOf(p)} is ${p.found || 'empty'}; allowed is ${p.allowed}`,
  },
  ValidationRejected: {
    condition: combined,
    reason: always('InvalidRenderedConfig'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `${merged(p)}: ${p.fields.map(rejected).join('; ')}`,
  },
  ValidationUnavailable: {
    condition: combined,
    reason: own,
    status: 'Unknown',
    retry: 'backoff',
    sentence: (p) =>
      `${merged(p)}: ${ended(p.message)} ` +
      (p.namespace === undefined
        ? 'This is tried again.'
        : `Allow the operator's ServiceAccount to create llminferenceservices in namespace ${p.namespace}: it does so with dryRun alone, and nothing is stored.`),
  },
  UnsupportedField: {
    condition: combined,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Field ${fieldOf(p)} is set, but this operator does not act on it. Remove the field.`,
  },
  UnbuiltFeature: {
    condition: (p) => CONDITION_OF_FEATURE[p.feature],
    reason: always('UnsupportedField'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `Field ${fieldOf(p)} asks for ${WORDS_OF_FEATURE[p.feature]}, which this operator does not make yet, so nothing is changed. ` +
      'Remove the field.',
  },
  ServiceAccountNotFound: {
    condition: () => 'MainWorkloadReady',
    reason: always('ReconcileSingleNodeWorkloadError'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `ServiceAccount ${p.namespace}/${p.name} does not exist. Create it, or correct ${p.path}.`,
  },
  SecretNotFound: {
    condition: () => 'MainWorkloadReady',
    reason: always('ReconcileSingleNodeWorkloadError'),
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `Secret ${p.namespace}/${p.name}, listed in secrets of ServiceAccount ${p.namespace}/${p.serviceAccount}, does not exist. ` +
      'Create it, or remove it from the list.',
  },
  GatewayNotFound: {
    condition: (p) => (p.path?.startsWith('spec.router.gateway') ? 'GatewaysReady' : 'HTTPRoutesReady'),
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p, settings) =>
      `Gateway ${p.namespace}/${p.name} does not exist. ` +
      (p.path
        ? `Create it, or correct ${p.path}.`
        : 'It is the default Gateway: create it, name another one in spec.router.gateway.refs, or correct the setting ' +
          `kserveIngressGateway of key ingress in ConfigMap ${settings.systemNamespace}/inferenceservice-config.`),
  },
  HTTPRouteNotFound: {
    condition: routes,
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `HTTPRoute ${p.namespace}/${p.name} does not exist. Create it, or correct ${p.path}.`,
  },
  HTTPRouteWithoutParents: {
    condition: routes,
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `HTTPRoute ${p.namespace}/${p.name}, named in ${p.path}, belongs to no Gateway. Name one in its spec.parentRefs.`,
  },
  ApiNotServed: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `The cluster does not serve the kind ${p.kind} of ${p.apiVersion}, which the service needs. ` +
      'Install its CustomResourceDefinition; the service goes on by itself afterwards.',
  },
  Forbidden: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `The operator may not ${p.verb} ${describe(p.ref)}${p.message ? `: ${ended(p.message)}` : '.'} ` +
      'Give its ServiceAccount the right to, or serve that namespace.',
  },
  NotOurs: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `${describe(p.ref)} exists and belongs to ${p.owner ?? 'somebody else'}, so it is left as it is. ` +
      'Delete or rename it, or rename this service.',
  },
  ChildRejected: {
    condition: ofPart,
    reason: partReason,
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `The API server refuses ${describe(p.ref)}: ${ended(p.message)} ` +
      (p.path
        ? `Correct ${fieldOf(p)}.`
        : p.childPath
          ? `The field is ${p.childPath} of the ${p.ref.kind}.`
          : 'Correct the field of the service or of its configs that this comes from.'),
  },
  QuotaExceeded: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `A ResourceQuota does not allow ${describe(p.ref)}: ${ended(p.message)} Free resources or raise the quota.`,
  },
  NamespaceTerminating: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Namespace ${p.namespace} is being deleted, so nothing can be created in it.`,
  },
  ApiServerError: {
    condition: ofPart,
    reason: own,
    status: 'Unknown',
    retry: 'backoff',
    sentence: (p) => `A request for ${describe(p.ref)} failed: ${ended(p.message)} This is tried again.`,
  },
  DeviceCountMismatch: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${fieldOf(p)} asks for ${p.requested} of ${p.resource}, but the parallelism of the service uses ${p.expected} in each pod. ` +
      `Make them equal, or remove the request: it is then derived from spec.${p.path.startsWith('spec.prefill.') ? 'prefill.' : ''}parallelism.`,
  },
  ModelNameOverridden: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The service names its model "${p.own}", but ${fieldOf(p)} is "${p.used}", and the name of a base config wins. ` +
      'Remove the name from the base config, or from the service.',
  },
  OptionalConfigMapMissing: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The scheduler runs without the config that ${fieldOf(p)} names: ConfigMap "${p.name}" or its key "${p.key}" does not exist, ` +
      'and it is optional. Create it, or remove the field.',
  },
  LatencyPredictorInConfigMap: {
    condition: warning,
    reason: always('LatencyPredictorConfigRef'),
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The scheduler config in ${describe(p.ref)} has the plugin predicted-latency-producer, but the containers that it needs are only ` +
      'added for a config in the spec. Write it into spec.router.scheduler.config.inline.',
  },
  LabelKept: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `${describe(p.ref)} selects its pods by the label in ${p.path}, so they keep the value "${p.kept}" ` +
      `${p.wanted === undefined ? 'although the spec no longer has the label' : `instead of "${p.wanted}"`}. ` +
      `Delete the ${p.ref.kind} to have it made again with the new labels.`,
  },
  FieldOverridden: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${p.path} is set by the operator, to ${p.used}; the value in the spec is not used. Remove it.`,
  },
  BackendTLSNotServed: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: () =>
      'The setting enableLLMInferenceServiceTLS is on, but the cluster does not serve BackendTLSPolicy of gateway.networking.k8s.io/v1, ' +
      'so nothing tells the gateway to speak TLS to the model server. Install the Gateway API 1.4 or later; the service goes on by itself.',
  },
  TracingWithoutEndpoint: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: () =>
      'Tracing is asked for, but spec.tracing.exporterEndpoint is empty, so no traces are sent. ' +
      'Set it to the OTLP address of your collector, such as http://otel-collector:4317.',
  },
  DuplicateListKey: {
    condition: warning,
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${p.path} has several entries with ${p.key} "${p.value}". The last one is used; remove the others.`,
  },
};

function fieldOf(where: { readonly path?: string; readonly source?: Source }): string {
  const { path = 'a field', source } = where;
  return source ? `${path} of ${source.kind} ${source.namespace}/${source.name}` : path;
}

/** As KServe words it. */
function merged({ configs }: { readonly configs: readonly string[] }): string {
  return `Dry-run validation failed after merging configs [${configs.join(', ')}]`;
}

function rejected({ path, sources = [], step, message }: RejectedField): string {
  if (path === undefined) return message;
  const writers = sources.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  const by = step === undefined ? '' : ` (set by the operator: ${step})`;
  return `${path}${writers.length > 0 ? ` of ${writers.join(' and ')}` : by}: ${message}`;
}

function at(where: { readonly path?: string; readonly source?: Source }): string {
  return where.path || where.source ? ` at ${fieldOf(where)}` : '';
}
