/**
 * `LLMInferenceService` and `LLMInferenceServiceConfig`, version v1alpha2, after the API of KServe (release line 0.20).
 * Fields that this operator does not act on are refused with a condition.
 */
import type { IHorizontalPodAutoscalerBehavior } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscalerBehavior';
import type { IPersistentVolumeClaimSpec } from 'kubernetes-models/v1/PersistentVolumeClaimSpec';
import type { HTTPRouteSpec, PartialPodSpec } from './children.ts';
import type { KubeObject } from './object.ts';

export const SERVING_GROUP = 'serving.kserve.io';
export const LLMISVC = { apiVersion: `${SERVING_GROUP}/v1alpha2`, kind: 'LLMInferenceService' } as const;
export const LLMISVC_CONFIG = { apiVersion: `${SERVING_GROUP}/v1alpha2`, kind: 'LLMInferenceServiceConfig' } as const;

export interface LLMInferenceService extends KubeObject {
  readonly spec?: LLMInferenceServiceSpec;
  readonly status?: LLMInferenceServiceStatus;
}

export interface LLMInferenceServiceConfig extends KubeObject {
  readonly spec?: LLMInferenceServiceSpec;
  readonly status?: LLMInferenceServiceConfigStatus;
}

export interface LLMInferenceServiceSpec extends WorkloadSpec {
  readonly model?: ModelSpec;
  readonly storageInitializer?: { readonly enabled?: boolean };
  /** Its presence separates prefill from decode; the fields beside it describe decode. */
  readonly prefill?: WorkloadSpec;
  readonly router?: RouterSpec;
  /** Its presence switches tracing on. */
  readonly tracing?: TracingSpec;
  readonly baseRefs?: readonly { readonly name: string }[];
}

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly scaling?: ScalingSpec;
  readonly parallelism?: ParallelismSpec;
  /** Labels and annotations of the pods and of the workload Service. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly template?: PartialPodSpec;
  /** Its presence makes the workload span several nodes. */
  readonly worker?: PartialPodSpec;
  readonly kvCacheOffloading?: KVCacheOffloadingSpec;
  readonly rolloutStrategy?: { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string };
}

export interface ModelSpec {
  readonly uri?: string;
  readonly name?: string;
  /** Of v1alpha1; without effect. */
  readonly criticality?: 'Critical' | 'Standard' | 'Sheddable';
  readonly lora?: LoRASpec;
  readonly confidential?: { readonly enabled: boolean; readonly resourceId?: string };
}

export interface LoRASpec {
  readonly adapters?: readonly ModelSpec[];
  readonly maxRank?: number;
  readonly maxAdapters?: number;
  readonly maxCpuAdapters?: number;
}

export interface TracingSpec {
  readonly exporterEndpoint?: string;
  readonly exporter?: string;
  readonly sampler?: string;
  readonly samplerArg?: string;
}

export interface KVCacheOffloadingSpec {
  readonly cpu?: string | number;
  readonly evictionPolicy?: 'lru' | 'arc';
  readonly secondary?: readonly { readonly fileSystem?: FileSystemTier }[];
}

export interface FileSystemTier {
  readonly emptyDir?: { readonly size: string | number };
  readonly pvc?: {
    readonly spec?: IPersistentVolumeClaimSpec;
    readonly ref?: { readonly name: string; readonly path?: string };
  };
}

export interface ScalingSpec {
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly wva?: {
    readonly variantCost?: string;
    readonly hpa?: { readonly behavior?: IHorizontalPodAutoscalerBehavior };
    readonly keda?: KEDAScalingSpec;
  };
  readonly keda?: KEDAScalingSpec & { readonly triggers?: readonly KEDATrigger[] };
}

export interface KEDAScalingSpec {
  readonly pollingInterval?: number;
  readonly cooldownPeriod?: number;
  readonly initialCooldownPeriod?: number;
  readonly idleReplicaCount?: number;
  readonly fallback?: { readonly failureThreshold: number; readonly replicas: number; readonly behavior?: string };
  readonly advanced?: {
    readonly horizontalPodAutoscalerConfig?: {
      readonly behavior?: IHorizontalPodAutoscalerBehavior;
      readonly name?: string;
    };
    readonly restoreToOriginalReplicaCount?: boolean;
    readonly scalingModifiers?: {
      readonly formula?: string;
      readonly target?: string;
      readonly activationTarget?: string;
      readonly metricType?: string;
    };
  };
}

export interface KEDATrigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly metricType?: string;
  readonly useCachedMetrics?: boolean;
  readonly authenticationRef?: { readonly name: string; readonly kind?: string };
}

export interface ParallelismSpec {
  readonly tensor?: number;
  readonly pipeline?: number;
  readonly data?: number;
  readonly dataLocal?: number;
  readonly dataRPCPort?: number;
  readonly expert?: boolean;
}

export interface RouterSpec {
  readonly route?: {
    readonly http?: {
      readonly refs?: readonly { readonly name: string }[];
      readonly spec?: HTTPRouteSpec;
    };
    /** Services of one group share their traffic by weight. */
    readonly group?: string;
    readonly weight?: number;
  };
  readonly gateway?: { readonly refs?: readonly GatewayRef[] };
  readonly ingress?: { readonly refs?: readonly { readonly name?: string; readonly namespace?: string }[] };
  /** Its presence asks for an endpoint picker. */
  readonly scheduler?: SchedulerSpec;
}

export interface SchedulerSpec {
  readonly replicas?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly template?: PartialPodSpec;
  readonly pool?: { readonly ref?: { readonly name?: string }; readonly spec?: InferencePoolSpec };
  readonly config?: {
    /** Text when it came from a ConfigMap: it is passed on as it is. */
    readonly inline?: Readonly<Record<string, unknown>> | string;
    readonly ref?: { readonly name?: string; readonly key?: string; readonly optional?: boolean };
  };
  readonly tokenizer?: { readonly template?: PartialPodSpec };
}

/** The spec of an InferencePool (inference.networking.k8s.io/v1). */
export interface InferencePoolSpec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly targetPorts?: readonly { readonly number: number }[];
  readonly appProtocol?: string;
  readonly endpointPickerRef?: {
    readonly group?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly port?: { readonly number: number };
    readonly failureMode?: 'FailOpen' | 'FailClose';
  };
}

export interface GatewayRef {
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
}

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly severity?: 'Info';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime: string;
}

export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Address {
  /** Absent for the workload Service of a service without a route. */
  readonly name?: string;
  readonly url: string;
  readonly CACerts?: string;
  readonly audience?: string;
  readonly origin?: ObjectReference;
  readonly models?: readonly { readonly name: string }[];
}

export interface AppliedConfig {
  readonly name: string;
  readonly namespace: string;
  readonly source: 'Preset' | 'UserRef';
}

export interface WorkloadReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly readyReplicas?: number;
}

export interface LLMInferenceServiceStatus {
  readonly observedGeneration?: number;
  readonly url?: string;
  readonly addresses?: readonly Address[];
  readonly conditions?: readonly Condition[];
  /** Pins of well-known config names: `serving.kserve.io/config-llm-…` to the full name. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly appliedConfigs?: readonly AppliedConfig[];
  readonly router?: {
    readonly gateways?: readonly (ObjectReference & {
      readonly listeners?: readonly string[];
      readonly httpRoutes?: readonly ObjectReference[];
    })[];
    readonly scheduler?: { readonly inferencePool?: ObjectReference; readonly service?: ObjectReference };
    readonly group?: { readonly name: string; readonly members?: readonly GroupMember[] };
  };
  readonly workloads?: {
    readonly primary?: WorkloadReference;
    readonly prefill?: WorkloadReference;
    readonly scheduler?: WorkloadReference;
    readonly service?: WorkloadReference;
  };
}

export interface GroupMember {
  readonly name: string;
  readonly weight: number;
  readonly stopped?: boolean;
  readonly backendRef?: {
    readonly group?: string;
    readonly kind?: string;
    readonly name: string;
    readonly namespace?: string;
    readonly port?: number;
  };
}

export interface LLMInferenceServiceConfigStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The services that use the config, sorted by namespace and name; absent when there are none. */
  readonly referencedBy?: readonly ServiceName[];
}

export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}
