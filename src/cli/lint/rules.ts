import type { ProblemCode } from '../../api/problem.ts';

type LintRule =
  | 'Input'
  | 'Schema'
  | 'UnknownKind'
  | 'InvalidMetadata'
  | 'SettingsNotRead'
  | 'UnknownSetting'
  | 'InvalidResources'
  | 'ImageNotSet'
  | 'VolumeNotFound'
  | 'VLLMFlag'
  | 'ParallelismFlag'
  | 'ServerFlag'
  | 'NoDevices'
  | 'DevicesUnused'
  | 'MemoryNotRequested'
  | 'MemoryNotLimited'
  | 'DeprecatedField';

/** What each rule of `lint` is about, in a sentence. The names of problems are rules. */
export const RULES: Readonly<Record<LintRule | ProblemCode, string>> = {
  Input: 'The input can be read: YAML or JSON, Kubernetes objects, each of them once, settings that can be used.',
  Schema: 'Fields exist and have the type and the range of the schema, in embedded pod templates and routes, too.',
  UnknownKind: 'Kinds and API groups exist.',
  InvalidMetadata: 'Labels and annotations have keys and values that Kubernetes takes.',
  SettingsNotRead: 'The ConfigMap with the settings lies in the namespace where the operator reads it.',
  UnknownSetting: 'Settings have names that somebody reads.',
  InvalidResources: 'Requests and limits are quantities that fit together.',
  ImageNotSet: 'Every container has an image.',
  VolumeNotFound: 'Every volume that is mounted is a volume of the pod.',
  VLLMFlag: 'The command line has flags and values that vLLM knows.',
  ParallelismFlag: 'Flags do not contradict spec.parallelism.',
  ServerFlag: 'Flags do not contradict what the operator decides.',
  NoDevices: 'A parallelism over several devices has devices.',
  DevicesUnused: 'A pod does not ask for more devices than vLLM uses.',
  MemoryNotRequested: 'Containers ask for memory.',
  MemoryNotLimited: 'Containers have a limit of memory.',
  DeprecatedField: 'Fields have the names that Kubernetes has for them now.',
  ConfigNotFound: 'Base configs and presets exist.',
  SettingsUnusable: 'The settings of the cluster can be used.',
  ConfigMapNotFound: 'The ConfigMap with the config of the scheduler exists.',
  ConfigMapKeyNotFound: 'The ConfigMap with the config of the scheduler has the key.',
  InvalidAdapter: 'LoRA adapters can be downloaded or mounted.',
  TemplateFailed: 'Templates can be executed.',
  InvalidField: 'Values are allowed, alone and with each other.',
  ValidationRejected: 'The API server accepts the merged spec.',
  ValidationUnavailable: 'The API server can be asked about the merged spec.',
  UnsupportedField: 'Fields are those that the API has.',
  UnbuiltFeature: 'The spec asks for what this operator makes.',
  ServiceAccountNotFound: 'The ServiceAccount of the pods exists.',
  SecretNotFound: 'The Secrets that the ServiceAccount lists exist.',
  GatewayNotFound: 'The Gateways exist.',
  HTTPRouteNotFound: 'The HTTPRoutes that the service names exist.',
  HTTPRouteWithoutParents: 'The HTTPRoutes that the service names belong to a Gateway.',
  ApiNotServed: 'The cluster serves the kinds that the service needs.',
  Forbidden: 'The objects that the service needs may be read and written.',
  NotOurs: 'The names of children are free.',
  ChildRejected: 'The API server accepts the children.',
  QuotaExceeded: 'The quota of the namespace is large enough.',
  NamespaceTerminating: 'The namespace is not being deleted.',
  ApiServerError: 'The API server answers.',
  DeviceCountMismatch: 'Pods ask for as many devices as the parallelism uses.',
  ModelNameOverridden: 'The service and its base configs agree on the name of the model.',
  OptionalConfigMapMissing: 'The optional ConfigMap with the config of the scheduler exists.',
  LatencyPredictorInConfigMap: 'A scheduler that predicts latencies has its config in the spec.',
  LabelKept: 'Labels that select the pods stay as they are.',
  PodsNotSelected: 'The labels of the pods are those that their Service selects.',
  StorageSecretNotUsed: 'The Secret of a download is one that the operator reads.',
  FieldOverridden: 'Fields that the operator sets are left to it.',
  BackendTLSNotServed: 'With TLS the cluster has BackendTLSPolicy.',
  BackendTLSConflicted: 'A Service has one BackendTLSPolicy.',
  BackendTLSFollowsPods: 'The pods speak TLS where the setting says so.',
  TracingWithoutEndpoint: 'Tracing has an endpoint.',
  DuplicateListKey: 'Lists that are merged by key have each key once.',
};

/** The sentence for a rule. */
export function aboutRule(rule: string): string {
  return RULES[rule as keyof typeof RULES];
}
