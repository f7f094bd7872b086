/**
 * `LLMInferenceService` and `LLMInferenceServiceConfig`, version v1alpha2, with the fields that this operator acts on.
 * Follows the API of KServe (release line 0.20); other fields of that API are refused with a condition.
 */
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

export interface LLMInferenceServiceSpec {
  readonly model?: ModelSpec;
  readonly storageInitializer?: { readonly enabled?: boolean };
  readonly replicas?: number;
  readonly parallelism?: ParallelismSpec;
  /** Labels and annotations of the pods and of the workload Service. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly template?: PartialPodSpec;
  readonly rolloutStrategy?: { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string };
  readonly router?: RouterSpec;
  readonly baseRefs?: readonly { readonly name: string }[];
}

export interface ModelSpec {
  readonly uri?: string;
  readonly name?: string;
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
  };
  readonly gateway?: { readonly refs?: readonly GatewayRef[] };
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
  };
  readonly workloads?: {
    readonly primary?: WorkloadReference;
    readonly service?: WorkloadReference;
  };
}
