/**
 * Labels, annotations, names and ports that users, other controllers and KServe's own tools rely on.
 */
import { childName } from './names.ts';

export const FIELD_MANAGER = 'llmisvc';
/** Second field manager: holds `replicas` when the effective spec leaves it to others (see the apply step). */
export const HANDOVER_MANAGER = 'llmisvc-handover';
/** Lease of this operator, and of KServe's controller for the same kinds. */
export const LEASE_NAME = 'llmisvc-controller';
export const KSERVE_LEASE_NAME = 'llminferenceservice-kserve-controller-manager';
/** Field managers under which KServe's controller writes its children with Update. */
export const KSERVE_FIELD_MANAGERS = ['manager', 'llmisvc-controller', 'kserve'] as const;

export const KSERVE_SERVICE_FINALIZER = 'serving.kserve.io/llmisvc-finalizer';
export const KSERVE_CONFIG_FINALIZER = 'serving.kserve.io/llmisvcconfig-finalizer';

export const LABEL_NAME = 'app.kubernetes.io/name';
export const LABEL_PART_OF = 'app.kubernetes.io/part-of';
export const LABEL_COMPONENT = 'app.kubernetes.io/component';
export const PART_OF = 'llminferenceservice';
export const COMPONENT_WORKLOAD = 'llminferenceservice-workload';
export const COMPONENT_ROUTER = 'llminferenceservice-router';
export const LABEL_KSERVE_COMPONENT = 'kserve.io/component';
export const KSERVE_COMPONENT_WORKLOAD = 'workload';
export const LABEL_ROLE = 'llm-d.ai/role';
/** On the service itself and its HTTPRoute only, so that `kubectl get route -l …` finds it. */
export const LABEL_INFERENCE_SERVICE = 'serving.kserve.io/inferenceservice';

/** Hash of the desired child, on its own metadata. */
export const ANNOTATION_HASH = 'llmisvc.serving.kserve.io/hash';
export const ANNOTATION_STOP = 'serving.kserve.io/stop';
/** With these, in KServe's two kinds of installation, a service names the Secret with the credentials of its download. */
export const ANNOTATIONS_STORAGE_SECRET = [
  'serving.kserve.io/storageSecretName',
  'serving.kserve.io/secretName',
] as const;
export const ANNOTATION_MODEL_BASED_ROUTING = 'serving.kserve.io/model-based-routing-enabled';
/** Managed dynamic resource allocation. */
export const ANNOTATION_DRA = {
  deviceClass: 'serving.kserve.io/exp-dra-device-class',
  deviceCount: 'serving.kserve.io/exp-dra-device-count',
  celSelector: 'serving.kserve.io/exp-dra-cel-selector',
  containerName: 'serving.kserve.io/exp-dra-container-name',
} as const;
/** In `spec.annotations` of a workload preset: the device whose count is derived from the parallelism. */
export const ANNOTATION_DEVICE = 'llmisvc.serving.kserve.io/device-resource';

/** On the Secret with a service's certificate: when it is to be renewed, RFC 3339. */
export const ANNOTATION_CERTIFICATE_EXPIRATION = 'certificates.kserve.io/expiration';

/** In `status.annotations`: how many of these devices one pod asks for. */
export const ANNOTATION_DEVICES = 'llmisvc.serving.kserve.io/devices';
/** In `status.annotations`: hash of the merged spec that the API server accepted last. */
export const ANNOTATION_VALIDATED = 'llmisvc.serving.kserve.io/validated';

/** The presets, without prefix. Those of pipeline parallelism are selected, but neither pinned nor shipped. */
export const PRESET = {
  template: 'config-llm-template',
  decodeTemplate: 'config-llm-decode-template',
  prefillTemplate: 'config-llm-prefill-template',
  dataParallel: 'config-llm-worker-data-parallel',
  decodeDataParallel: 'config-llm-decode-worker-data-parallel',
  prefillDataParallel: 'config-llm-prefill-worker-data-parallel',
  pipelineParallel: 'config-llm-worker-pipeline-parallel',
  decodePipelineParallel: 'config-llm-decode-worker-pipeline-parallel',
  prefillPipelineParallel: 'config-llm-prefill-worker-pipeline-parallel',
  scheduler: 'config-llm-scheduler',
  route: 'config-llm-router-route',
  latencyPredictor: 'config-llm-scheduler-latency-predictor',
  tokenizer: 'config-llm-tokenizer',
  tracing: 'config-llm-tracing',
} as const;
/** The eleven well-known configs, without prefix, in the order in which their pins are written. */
export const WELL_KNOWN_CONFIGS = [
  PRESET.template,
  PRESET.decodeTemplate,
  PRESET.prefillTemplate,
  PRESET.dataParallel,
  PRESET.decodeDataParallel,
  PRESET.prefillDataParallel,
  PRESET.scheduler,
  PRESET.route,
  PRESET.latencyPredictor,
  PRESET.tokenizer,
  PRESET.tracing,
] as const;
export const PIN_PREFIX = 'serving.kserve.io/';

export const MAIN_CONTAINER = 'main';
export const STORAGE_INITIALIZER = 'storage-initializer';
/** The init container beside decode pods that fetches the cache of prefill pods; it reads pods and pools. */
export const ROUTING_SIDECAR = 'llm-d-routing-sidecar';
export const CERTIFICATE_VOLUME = 'tls-certs';
export const CERTIFICATE_PATH = '/var/run/kserve/tls';
export const MODEL_PATH = '/mnt/models';
export const WORKLOAD_PORT = 8000;
/** The port of an endpoint picker that names none. */
export const PICKER_PORT = 9002;
/** The claim by which managed dynamic resource allocation hands devices to a pod. */
export const MANAGED_CLAIM = 'managed-device';
/** A scheduler ConfigMap whose name begins like this may lie in the system namespace. */
export const SHARED_SCHEDULER_CONFIG = 'config-scheduler-';
/** Below this folder each LoRA adapter has one of its own. */
export const ADAPTERS_PATH = '/mnt/lora';

export const deploymentName = (service: string): string => childName(service, '-kserve');
export const workloadServiceName = (service: string): string => childName(service, '-kserve-workload-svc');
export const certificateName = (service: string): string => childName(service, '-kserve-self-signed-certs');
export const serviceAccountName = (service: string): string => childName(service, '-kserve');
export const roleName = (service: string): string => childName(service, '-kserve-role');
export const roleBindingName = (service: string): string => childName(service, '-kserve-rb');
export const backendTLSPolicyName = (service: string): string => childName(service, '-kserve-backend-tls');
export const routeName = (service: string): string => childName(service, '-kserve-route');
export const inferencePoolName = (service: string): string => childName(service, '-inference-pool');
export const pickerServiceAccountName = (service: string): string => childName(service, '-epp-sa');
export const managedClaimTemplateName = (service: string): string => childName(service, '-managed-dra');

/** The second name under which a model or an adapter is served, which rules with the model header choose it by. */
export const publishedName = (namespace: string, model: string): string => `publishers/${namespace}/models/${model}`;
