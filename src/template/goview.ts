/**
 * The data of a config template: the service's own object with the names and types of KServe's Go structs, and
 * `GlobalConfig`. Fields that this operator does not act on are there as well, so that `{{ if .Spec.Prefill }}` works.
 */
import type { LLMInferenceService } from '../api/llmisvc.ts';
import { inferencePoolName } from '../api/wellknown.ts';
import type { Settings } from '../api/settings.ts';
import {
  BOOL,
  type GoField,
  type GoStruct,
  type GoType,
  type GoValue,
  INT32,
  INT64,
  jsonName,
  ownProperty,
  STRING,
} from './values.ts';

/** The template data of a service: what `.` is at the top of a config. */
export function templateData(service: LLMInferenceService, settings: Settings): GoValue {
  const { name, namespace } = service.metadata;
  const globalConfig = {
    systemNamespace: settings.systemNamespace,
    ingressGatewayName: settings.ingressGateway.name,
    ingressGatewayNamespace: settings.ingressGateway.namespace,
    enableTLS: settings.enableTLS,
    modelBasedRoutingHeaderName: settings.modelBasedRoutingHeaderName,
    inferencePoolNamespacedName: `${namespace ?? ''}/${inferencePoolName(name)}`,
  };
  return { type: ROOT, json: { metadata: service.metadata, spec: service.spec, status: service.status, globalConfig } };
}

const pointer = (of: GoType): GoType => ({ kind: 'pointer', of });
const list = (of: GoType): GoType => ({ kind: 'list', of });
const map = (of: GoType): GoType => ({ kind: 'map', of });
const open = (name: string): GoType => ({ kind: 'open', name });
const STRINGS = map(STRING);
const QUANTITIES = map(STRING);

/** A struct whose fields have the JSON name of their Go name. */
function struct(name: string, fields: Readonly<Record<string, GoType>>): GoStruct {
  return {
    kind: 'struct',
    name,
    fields: Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, plain(type, jsonName(field))])),
  };
}

function plain(type: GoType, json: string): GoField {
  return { type, read: (value) => ownProperty(value, json) };
}

/** Fields of one name and type. */
function all(type: GoType, ...names: readonly string[]): Record<string, GoType> {
  return Object.fromEntries(names.map((name) => [name, type]));
}

const CONTAINER = struct('v1.Container', {
  ...all(
    STRING,
    'Name',
    'Image',
    'WorkingDir',
    'TerminationMessagePath',
    'TerminationMessagePolicy',
    'ImagePullPolicy',
  ),
  Command: list(STRING),
  Args: list(STRING),
  Env: list(struct('v1.EnvVar', { Name: STRING, Value: STRING, ValueFrom: pointer(open('v1.EnvVarSource')) })),
  EnvFrom: list(open('v1.EnvFromSource')),
  Ports: list(open('v1.ContainerPort')),
  Resources: struct('v1.ResourceRequirements', {
    Limits: QUANTITIES,
    Requests: QUANTITIES,
    Claims: list(open('v1.ResourceClaim')),
  }),
  ResizePolicy: list(open('v1.ContainerResizePolicy')),
  RestartPolicy: pointer(STRING),
  VolumeMounts: list(open('v1.VolumeMount')),
  VolumeDevices: list(open('v1.VolumeDevice')),
  ...all(pointer(open('v1.Probe')), 'LivenessProbe', 'ReadinessProbe', 'StartupProbe'),
  Lifecycle: pointer(open('v1.Lifecycle')),
  SecurityContext: pointer(open('v1.SecurityContext')),
  ...all(BOOL, 'Stdin', 'StdinOnce', 'TTY'),
});

const POD_SPEC = struct('v1.PodSpec', {
  Volumes: list(open('v1.Volume')),
  InitContainers: list(CONTAINER),
  Containers: list(CONTAINER),
  EphemeralContainers: list(open('v1.EphemeralContainer')),
  ...all(
    STRING,
    'RestartPolicy',
    'DNSPolicy',
    'ServiceAccountName',
    'NodeName',
    'Hostname',
    'Subdomain',
    'SchedulerName',
    'PriorityClassName',
  ),
  ...all(pointer(INT64), 'TerminationGracePeriodSeconds', 'ActiveDeadlineSeconds'),
  NodeSelector: STRINGS,
  ...all(BOOL, 'HostNetwork', 'HostPID', 'HostIPC'),
  ...all(
    pointer(BOOL),
    'AutomountServiceAccountToken',
    'ShareProcessNamespace',
    'EnableServiceLinks',
    'SetHostnameAsFQDN',
    'HostUsers',
  ),
  SecurityContext: pointer(open('v1.PodSecurityContext')),
  ImagePullSecrets: list(open('v1.LocalObjectReference')),
  Affinity: pointer(open('v1.Affinity')),
  Tolerations: list(open('v1.Toleration')),
  HostAliases: list(open('v1.HostAlias')),
  Priority: pointer(INT32),
  DNSConfig: pointer(open('v1.PodDNSConfig')),
  ReadinessGates: list(open('v1.PodReadinessGate')),
  ...all(pointer(STRING), 'RuntimeClassName', 'PreemptionPolicy', 'HostnameOverride'),
  Overhead: QUANTITIES,
  TopologySpreadConstraints: list(open('v1.TopologySpreadConstraint')),
  OS: pointer(open('v1.PodOS')),
  SchedulingGates: list(open('v1.PodSchedulingGate')),
  ResourceClaims: list(open('v1.PodResourceClaim')),
  Resources: pointer(open('v1.ResourceRequirements')),
});

const url = (part: (uri: string) => string): GoField => ({
  type: STRING,
  read: (uri) => part(typeof uri === 'string' ? uri : ''),
});

const URL_STRUCT: GoStruct = {
  kind: 'struct',
  name: 'apis.URL',
  fields: {
    Scheme: url((uri) => /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase() ?? ''),
    Host: url((uri) => /^[^:]*:\/\/([^/?#]*)/.exec(uri)?.[1] ?? ''),
    Path: url((uri) => /^[^:]*:\/\/[^/?#]*([^?#]*)/.exec(uri)?.[1] ?? ''),
  },
  text: (uri) =>
    typeof uri === 'string' ? uri.replace(/^[a-zA-Z][a-zA-Z0-9+.-]*:/, (scheme) => scheme.toLowerCase()) : '',
};

const WORKLOAD: Readonly<Record<string, GoType>> = {
  Replicas: pointer(INT32),
  Scaling: pointer(open('v1alpha2.ScalingSpec')),
  Parallelism: pointer(
    struct('v1alpha2.ParallelismSpec', {
      ...all(pointer(INT32), 'Tensor', 'Pipeline', 'Data', 'DataLocal', 'DataRPCPort'),
      Expert: BOOL,
    }),
  ),
  Labels: STRINGS,
  Annotations: STRINGS,
  Template: pointer(POD_SPEC),
  Worker: pointer(POD_SPEC),
  KVCacheOffloading: pointer(open('v1alpha2.KVCacheOffloadingSpec')),
  RolloutStrategy: pointer(open('v1alpha2.RolloutStrategy')),
};

const SPEC = struct('v1alpha2.LLMInferenceServiceSpec', {
  Model: {
    kind: 'struct',
    name: 'v1alpha2.LLMModelSpec',
    fields: {
      URI: plain(URL_STRUCT, 'uri'),
      Name: plain(pointer(STRING), 'name'),
      LoRA: plain(pointer(open('v1alpha2.LoRASpec')), 'lora'),
      Confidential: plain(pointer(open('v1alpha2.ConfidentialSpec')), 'confidential'),
    },
  },
  StorageInitializer: pointer(struct('v1alpha2.StorageInitializerSpec', { Enabled: pointer(BOOL) })),
  ...WORKLOAD,
  Router: pointer(
    struct('v1alpha2.RouterSpec', {
      Route: pointer(open('v1alpha2.GatewayRoutesSpec')),
      Gateway: pointer(open('v1alpha2.GatewaySpec')),
      Ingress: pointer(open('v1alpha2.IngressSpec')),
      Scheduler: pointer(open('v1alpha2.SchedulerSpec')),
    }),
  ),
  Prefill: pointer(struct('v1alpha2.WorkloadSpec', WORKLOAD)),
  Tracing: pointer(open('v1alpha2.TracingSpec')),
  BaseRefs: list(struct('v1.LocalObjectReference', { Name: STRING })),
});

const METADATA: Readonly<Record<string, GoType>> = {
  ...all(STRING, 'Name', 'GenerateName', 'Namespace', 'UID', 'ResourceVersion'),
  Generation: INT64,
  Labels: STRINGS,
  Annotations: STRINGS,
  Finalizers: list(STRING),
  OwnerReferences: list(open('v1.OwnerReference')),
};

const GLOBAL_CONFIG = struct('llmisvc.GlobalConfig', {
  ...all(
    STRING,
    'SystemNamespace',
    'IngressGatewayName',
    'IngressGatewayNamespace',
    'ModelBasedRoutingHeaderName',
    'InferencePoolNamespacedName',
  ),
  EnableTLS: BOOL,
});

const ROOT: GoStruct = {
  kind: 'struct',
  name: 'llmisvc.TemplateData',
  fields: {
    ...Object.fromEntries(
      Object.entries(METADATA).map(([name, type]): [string, GoField] => [
        name,
        { type, read: (root) => ownProperty(ownProperty(root, 'metadata'), jsonName(name)) },
      ]),
    ),
    Kind: { type: STRING, read: () => '' },
    APIVersion: { type: STRING, read: () => '' },
    ObjectMeta: plain(struct('v1.ObjectMeta', METADATA), 'metadata'),
    Spec: plain(SPEC, 'spec'),
    Status: plain(
      struct('v1alpha2.LLMInferenceServiceStatus', { Annotations: STRINGS, ObservedGeneration: INT64 }),
      'status',
    ),
    GlobalConfig: plain(GLOBAL_CONFIG, 'globalConfig'),
  },
};
