import type { Ref } from './object.ts';

/** A part of the product that a problem or a child belongs to. */
export type Part = 'config' | 'workload' | 'route' | 'gateway';

/** A part of the API whose children this operator does not make yet. */
export type Feature =
  | 'scheduler'
  | 'tokenizer'
  | 'workers'
  | 'prefill'
  | 'prefillWorkers'
  | 'scaling'
  | 'prefillScaling'
  | 'adapters'
  | 'offloading'
  | 'prefillOffloading'
  | 'confidential'
  | 'deviceClaims'
  | 'group'
  | 'ingress';

/** Where the user wrote the value in question: the service itself or one of the configs it is made of. */
export interface Source {
  readonly kind: 'LLMInferenceService' | 'LLMInferenceServiceConfig';
  readonly namespace: string;
  readonly name: string;
}

/** A field of the merged spec that the API server refuses. */
export interface RejectedField {
  readonly message: string;
  /** Absent when the answer names none. */
  readonly path?: string;
  /** Who wrote it; several where what they wrote was merged. */
  readonly sources?: readonly Source[];
  /** The step that set it, where nobody wrote it. */
  readonly step?: string;
}

/**
 * What is wrong, as data. Wording, condition, reason, severity and retry are decided by one table in `status/`.
 * Paths are written as a user reads them: `spec.template.containers[name=main].resources`.
 */
export type Problem =
  /** A referenced or selected config exists in none of the namespaces looked into. */
  | {
      readonly code: 'ConfigNotFound';
      readonly name: string;
      readonly namespaces: readonly string[];
      readonly path?: string;
      /** The fields that ask for a preset which no installation brings. */
      readonly asked?: string;
    }
  /** What holds for the whole cluster is not known. */
  | { readonly code: 'SettingsUnusable'; readonly message: string }
  /** The ConfigMap of the scheduler's config exists in none of the namespaces looked into. */
  | {
      readonly code: 'ConfigMapNotFound';
      readonly name: string;
      readonly namespaces: readonly string[];
      readonly path: string;
      readonly source?: Source;
    }
  /** The ConfigMap exists without the key; `keys` are those that it has. */
  | {
      readonly code: 'ConfigMapKeyNotFound';
      readonly ref: Ref;
      readonly key: string;
      readonly keys: readonly string[];
      readonly path: string;
      readonly source?: Source;
    }
  /** A LoRA adapter that no volume or download can bring. `found` and `allowed` complete the sentence. */
  | {
      readonly code: 'InvalidAdapter';
      readonly adapter: string;
      readonly path: string;
      readonly found: string;
      readonly allowed: string;
      readonly source?: Source;
    }
  /** Evaluating a template failed; `message` carries Go's own wording. */
  | {
      readonly code: 'TemplateFailed';
      readonly message: string;
      readonly source?: Source;
      readonly path?: string;
      /** One-based column within the text of the field. */
      readonly column?: number;
    }
  /** A value that no layer may have. `found` and `allowed` complete the sentence. */
  | {
      readonly code: 'InvalidField';
      readonly part: Part;
      readonly path: string;
      readonly found: string;
      readonly allowed: string;
      readonly source?: Source;
    }
  /** The API server refuses the merged spec. `path` and `source` are those of the first field. */
  | {
      readonly code: 'ValidationRejected';
      readonly configs: readonly string[];
      readonly fields: readonly RejectedField[];
      readonly path?: string;
      readonly source?: Source;
    }
  /** The API server could not be asked about the merged spec. */
  | {
      readonly code: 'ValidationUnavailable';
      readonly configs: readonly string[];
      readonly message: string;
      /** Where the right to ask is missing, if it is. */
      readonly namespace?: string;
    }
  /** A field that the API does not have. */
  | { readonly code: 'UnsupportedField'; readonly path: string; readonly source?: Source }
  /** A field of the API that asks for what this operator does not build yet. */
  | {
      readonly code: 'UnbuiltFeature';
      readonly feature: Feature;
      readonly path: string;
      readonly source?: Source;
    }
  | {
      readonly code: 'ServiceAccountNotFound';
      readonly namespace: string;
      readonly name: string;
      readonly path: string;
    }
  /** A Secret that the ServiceAccount of the pods lists under `secrets` does not exist. */
  | {
      readonly code: 'SecretNotFound';
      readonly namespace: string;
      readonly name: string;
      readonly serviceAccount: string;
    }
  /** `path` is absent when the Gateway is the default one of the settings. */
  | { readonly code: 'GatewayNotFound'; readonly namespace: string; readonly name: string; readonly path?: string }
  | { readonly code: 'HTTPRouteNotFound'; readonly namespace: string; readonly name: string; readonly path: string }
  | {
      readonly code: 'HTTPRouteWithoutParents';
      readonly namespace: string;
      readonly name: string;
      readonly path: string;
    }
  /** A kind that a child or a reference needs is not installed. */
  | { readonly code: 'ApiNotServed'; readonly part: Part; readonly apiVersion: string; readonly kind: string }
  /** The operator may not read or write what the service needs. */
  | {
      readonly code: 'Forbidden';
      readonly part: Part;
      readonly ref: Ref;
      readonly verb: string;
      readonly message: string;
    }
  /** An object with the name of a child exists and belongs to somebody else. */
  | { readonly code: 'NotOurs'; readonly part: Part; readonly ref: Ref; readonly owner?: string }
  /** The API server refuses a child. `path` is the field in the user's YAML when it could be mapped back. */
  | {
      readonly code: 'ChildRejected';
      readonly part: Part;
      readonly ref: Ref;
      readonly message: string;
      readonly childPath?: string;
      readonly path?: string;
      readonly source?: Source;
    }
  | { readonly code: 'QuotaExceeded'; readonly part: Part; readonly ref: Ref; readonly message: string }
  | { readonly code: 'NamespaceTerminating'; readonly part: Part; readonly namespace: string }
  /** The API server could not be reached or failed; retried. */
  | { readonly code: 'ApiServerError'; readonly part: Part; readonly ref: Ref; readonly message: string }
  /** Warnings: the service works, but probably not as meant. */
  | {
      readonly code: 'DeviceCountMismatch';
      readonly path: string;
      readonly resource: string;
      readonly requested: string;
      readonly expected: number;
      readonly source?: Source;
    }
  /** A base config names the model otherwise than the service, and wins. */
  | {
      readonly code: 'ModelNameOverridden';
      readonly path: string;
      readonly own: string;
      readonly used: string;
      readonly source: Source;
    }
  /** An `optional` ConfigMap of the scheduler's config, or its key, does not exist. */
  | {
      readonly code: 'OptionalConfigMapMissing';
      readonly name: string;
      readonly key: string;
      readonly path: string;
      readonly source?: Source;
    }
  /** The plugin needs containers that are added for a config in the spec only. */
  | {
      readonly code: 'LatencyPredictorInConfigMap';
      readonly ref: Ref;
      readonly path: string;
      readonly source?: Source;
    }
  /** The selector of a running Deployment cannot change, so its pods keep the label that the spec would change or drop. */
  | {
      readonly code: 'LabelKept';
      readonly path: string;
      readonly ref: Ref;
      readonly kept: string;
      /** Absent when the spec no longer has the label. */
      readonly wanted?: string;
    }
  /** An annotation names a Secret for the download of the model, which this operator does not look at. */
  | {
      readonly code: 'StorageSecretNotUsed';
      readonly path: string;
      readonly secret: string;
      readonly serviceAccount: string;
    }
  /** A label of the spec takes the pods out of the workload Service, which then has no endpoints. */
  | {
      readonly code: 'PodsNotSelected';
      readonly path: string;
      /** The Service. */
      readonly ref: Ref;
      readonly found: string;
      readonly selected: string;
    }
  /** A field that the user set and that the operator sets itself, such as the `args` of the storage initializer. */
  | { readonly code: 'FieldOverridden'; readonly path: string; readonly used: string }
  /** With TLS, the gateway cannot be told to speak it to the model server: the Gateway API has no BackendTLSPolicy. */
  | { readonly code: 'BackendTLSNotServed' }
  /** Another BackendTLSPolicy for the same Service is older, so the Gateway goes by that one. */
  | {
      readonly code: 'BackendTLSConflicted';
      readonly namespace: string;
      readonly name: string;
      readonly gateway: string;
      readonly message: string;
    }
  /** The gateway does what most ready pods do, which is not what the setting says. `wanted` is the setting. */
  | {
      readonly code: 'BackendTLSFollowsPods';
      readonly wanted: boolean;
      readonly tls: number;
      readonly plain: number;
    }
  /** `spec.tracing` is there, but no layer says where traces go. */
  | { readonly code: 'TracingWithoutEndpoint' }
  | { readonly code: 'DuplicateListKey'; readonly path: string; readonly key: string; readonly value: string };

export type ProblemCode = Problem['code'];
