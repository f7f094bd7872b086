/**
 * Go types of KServe's `LLMInferenceService`, release line 0.20, and of what it embeds from knative, the API inference
 * extension and autoscaling. The notation is that of `gotypes.ts`.
 */
export const LLMISVC_TYPES = `
LLMInferenceService: +meta.TypeMeta; ObjectMeta=metadata+ meta.ObjectMeta; Spec LLMInferenceServiceSpec;
  Status LLMInferenceServiceStatus
LLMInferenceServiceSpec: Model LLMModelSpec; StorageInitializer *StorageInitializerSpec; +WorkloadSpec;
  Router *RouterSpec; Prefill *WorkloadSpec; Tracing *TracingSpec; BaseRefs []core.LocalObjectReference
LLMModelSpec: URI apis.URL; Name *string; LoRA=lora *LoRASpec; Confidential *ConfidentialSpec
LoRASpec: Adapters []LLMModelSpec; MaxRank *int32; MaxAdapters *int32; MaxCPUAdapters=maxCpuAdapters *int32
ConfidentialSpec: Enabled bool; ResourceID=resourceId *string
StorageInitializerSpec: Enabled *bool
WorkloadSpec: Replicas *int32; Scaling *ScalingSpec; Parallelism *ParallelismSpec; Labels map[string]string;
  Annotations map[string]string; Template *core.PodSpec; Worker *core.PodSpec;
  KVCacheOffloading=kvCacheOffloading *KVCacheOffloadingSpec; RolloutStrategy *RolloutStrategy
ParallelismSpec: Tensor *int32; Pipeline *int32; Data *int32; DataLocal *int32; DataRPCPort *int32; Expert bool
RolloutStrategy: MaxUnavailable *intstr.IntOrString; MaxSurge *intstr.IntOrString
KVCacheOffloadingSpec: CPU resource.Quantity; EvictionPolicy string; Secondary []KVCacheSecondaryTier
KVCacheSecondaryTier: FileSystem *FileSystemTier
FileSystemTier: EmptyDir *FileSystemEmptyDir; PVC *FileSystemPVC
FileSystemEmptyDir: Size resource.Quantity
FileSystemPVC: Spec *core.PersistentVolumeClaimSpec; Ref *FileSystemPVCRef
FileSystemPVCRef: Name string; Path string
TracingSpec: ExporterEndpoint *string; Sampler *string; SamplerArg *string; Exporter *string
ScalingSpec: MinReplicas *int32; MaxReplicas int32; WVA=wva *WVASpec; KEDA=keda *DirectKEDAScalingSpec
WVASpec: VariantCost string; HPA=hpa *HPAScalingSpec; KEDA=keda *KEDAScalingSpec
HPAScalingSpec: Behavior *autoscaling.HorizontalPodAutoscalerBehavior
KEDAScalingSpec: PollingInterval *int32; CooldownPeriod *int32; InitialCooldownPeriod *int32; IdleReplicaCount *int32;
  Fallback *keda.Fallback; Advanced *keda.AdvancedConfig
DirectKEDAScalingSpec: +KEDAScalingSpec; Triggers []keda.ScaleTriggers
RouterSpec: Route *GatewayRoutesSpec; Gateway *GatewaySpec; Ingress *IngressSpec; Scheduler *SchedulerSpec
GatewayRoutesSpec: HTTP *HTTPRouteSpec; Group *string; Weight *int32
HTTPRouteSpec: Refs []core.LocalObjectReference; Spec *gateway.HTTPRouteSpec
GatewaySpec: Refs []GatewayReference
GatewayReference: Name gateway.ObjectName; Namespace gateway.Namespace; SectionName *gateway.SectionName
IngressSpec: Refs []UntypedObjectReference
UntypedObjectReference: Name gateway.ObjectName; Namespace gateway.Namespace
SchedulerSpec: Replicas *int32; Labels map[string]string; Annotations map[string]string; Template *core.PodSpec;
  Pool *InferencePoolSpec; Config *SchedulerConfigSpec; Tokenizer *TokenizerSpec
InferencePoolSpec: Spec *pool.InferencePoolSpec; Ref *core.LocalObjectReference
SchedulerConfigSpec: Inline *runtime.RawExtension; Ref *core.ConfigMapKeySelector
TokenizerSpec: Template *core.PodSpec
LLMInferenceServiceStatus: URL *apis.URL; +duck.Status; +duck.AddressStatus; Router *RouterStatus;
  Workloads *WorkloadStatus; AppliedConfigRefs=appliedConfigs []AppliedConfigRef
RouterStatus: Gateways []GatewayStatus; Scheduler *SchedulerStatus; Group *GroupStatus
GatewayStatus: +ObjectReference; Listeners []gateway.SectionName; HTTPRoutes []ObjectReference
ObjectReference: Group string; Kind string; Name string; Namespace string
SchedulerStatus: InferencePool *ObjectReference; Service *ObjectReference
GroupStatus: Name string; Members []GroupMember
GroupMember: Name string; Weight int32; Stopped bool; BackendRef *gateway.BackendObjectReference
WorkloadStatus: Primary *WorkloadReference; Prefill *WorkloadReference; Scheduler *WorkloadReference;
  Service *core.TypedLocalObjectReference
WorkloadReference: APIGroup *string; Kind string; Name string; ReadyReplicas *int32
AppliedConfigRef: Name gateway.ObjectName; Namespace gateway.Namespace; Source ConfigSource
strings ConfigSource
`;

/** The status types of knative that KServe embeds. */
export const DUCK = `
Status: ObservedGeneration int64; Conditions []apis.Condition; Annotations map[string]string
AddressStatus: Address *Addressable; Addresses []Addressable
Addressable: Name *string; URL *apis.URL; CACerts=CACerts *string; Audience *string
`;

export const APIS = `
strings ConditionType ConditionSeverity
Condition: Type ConditionType; Status core.ConditionStatus; Severity ConditionSeverity;
  LastTransitionTime meta.Time; Reason string; Message string
`;

/** The spec of an InferencePool, version v1. */
export const POOL = `
strings LabelKey LabelValue AppProtocol Group Kind ObjectName EndpointPickerFailureMode
InferencePoolSpec: Selector LabelSelector; TargetPorts []Port; AppProtocol AppProtocol; EndpointPickerRef EndpointPickerRef
LabelSelector: MatchLabels map[LabelKey]LabelValue
Port: Number int32
EndpointPickerRef: Group *Group; Kind Kind; Name ObjectName; Port *Port; FailureMode EndpointPickerFailureMode
`;

export const AUTOSCALING = `
strings HPAScalingPolicyType ScalingPolicySelect
HorizontalPodAutoscalerBehavior: ScaleUp *HPAScalingRules; ScaleDown *HPAScalingRules
HPAScalingRules: StabilizationWindowSeconds *int32; SelectPolicy *ScalingPolicySelect; Policies []HPAScalingPolicy;
  Tolerance *resource.Quantity
HPAScalingPolicy: Type HPAScalingPolicyType; Value int32; PeriodSeconds int32
`;

export const KEDA = `
strings MetricTargetType
Fallback: FailureThreshold int32; Replicas int32; Behavior string
AdvancedConfig: HorizontalPodAutoscalerConfig *HorizontalPodAutoscalerConfig; RestoreToOriginalReplicaCount bool;
  ScalingModifiers ScalingModifiers
HorizontalPodAutoscalerConfig: Behavior *autoscaling.HorizontalPodAutoscalerBehavior; Name string
ScalingModifiers: Formula string; Target string; ActivationTarget string; MetricType MetricTargetType
ScaleTriggers: Type string; Name string; UseCachedMetrics bool; Metadata map[string]string;
  AuthenticationRef *AuthenticationRef; MetricType MetricTargetType
AuthenticationRef: Name string; Kind string
`;
