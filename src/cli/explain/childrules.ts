import type { KubeObject } from '../../api/object.ts';
import {
  LABEL_COMPONENT,
  LABEL_INFERENCE_SERVICE,
  LABEL_KSERVE_COMPONENT,
  LABEL_NAME,
  LABEL_PART_OF,
  LABEL_ROLE,
} from '../../api/wellknown.ts';
import { propagatedAnnotations, propagatedLabels } from '../../render/labels.ts';
import type { Input } from './about.ts';
import type { Evaluated } from '../world/evaluate.ts';
import type { Leaf } from '../leaves.ts';

export interface Question {
  readonly object: KubeObject;
  /** The field as text, with the names of items: `spec.template.spec.containers[name=main].image`. */
  readonly path: string;
  readonly at: Leaf['at'];
  readonly value: unknown;
  readonly evaluated: Evaluated;
}

/** A rule in words, and what it looks at. */
export interface ChildRule {
  readonly text: string;
  readonly inputs: readonly Input[];
}

interface Row {
  /** Kinds of children; all, when there is none. */
  readonly kinds?: readonly string[];
  readonly path: RegExp;
  readonly rule: string | ((question: Question) => string | undefined);
  readonly inputs?: readonly Input[] | ((question: Question) => readonly Input[]);
}

/**
 * The rule of the operator that gives a field of a child its value, for fields that are made from nothing in the spec.
 * Undefined for a field that no rule makes.
 */
export function ruleOf(question: Question): ChildRule | undefined {
  for (const { kinds, path, rule, inputs = [] } of ROWS) {
    if (kinds && !kinds.includes(question.object.kind)) continue;
    if (!path.test(question.path)) continue;
    const text = typeof rule === 'string' ? rule : rule(question);
    if (text !== undefined) return { text, inputs: typeof inputs === 'function' ? inputs(question) : inputs };
  }
  return undefined;
}

const NAME: Input = { service: ['metadata', 'name'] };
const NAMESPACE: Input = { service: ['metadata', 'namespace'] };
const URI: Input = { spec: 'spec.model.uri' };
const TLS: Input = { setting: 'ingress.enableLLMInferenceServiceTLS' };
const INITIALIZER = String.raw`^spec\.template\.spec\.initContainers\[name=storage-initializer\]`;
const INITIALIZER_RULE = 'storage initializer: it downloads the model of spec.model.uri, so it is added for hf:// URIs';
const MODEL_VOLUMES = '(kserve-provision-location|kserve-pvc-source)';

/** The first row that fits counts. */
const ROWS: readonly Row[] = [
  { path: /^(apiVersion|kind)$/, rule: 'kind: every service has one child of this kind, as long as it needs it' },
  {
    path: /^metadata\.name$/,
    rule: 'name: made from the name of the service, so that names of KServe stay',
    inputs: [NAME],
  },
  { path: /^metadata\.namespace$/, rule: 'namespace: that of the service', inputs: [NAMESPACE] },
  { path: /^metadata\.ownerReferences/, rule: 'owner: the service, so that Kubernetes deletes the child with it' },
  {
    kinds: ['Deployment'],
    path: /(^|\.)(labels|annotations|matchLabels)(\[|\.|$)/,
    rule: (question) => {
      const field = propagatedFrom(question);
      return field && `propagation: taken over from metadata.${field} of the service`;
    },
    inputs: (question) => [{ service: ['metadata', propagatedFrom(question) ?? '', String(question.at.at(-1))] }],
  },
  { path: /(^|\.)labels\[/, rule: ({ at }) => LABELS[String(at.at(-1))], inputs: labelInputs },
  {
    kinds: ['Deployment'],
    path: /^spec\.template\.metadata\.labels/,
    rule: 'labels: kept for the pods, because the Deployment that exists selects them by it',
  },
  {
    kinds: ['Deployment'],
    path: /^spec\.selector/,
    rule: 'selector: all labels of the pods; that of a Deployment that exists is kept, because it cannot change',
    inputs: labelInputs,
  },
  {
    path: /^spec\.strategy\.type$/,
    rule: 'strategy: RollingUpdate, because spec.rolloutStrategy is set',
    inputs: [{ spec: 'spec.rolloutStrategy.maxSurge' }, { spec: 'spec.rolloutStrategy.maxUnavailable' }],
  },
  {
    path: new RegExp(`${INITIALIZER}\\.image$`),
    rule: initializerImage,
    inputs: (question) => (hasLiveInitializer(question) ? [] : [{ setting: 'storageInitializer.image' }]),
  },
  {
    path: new RegExp(`${INITIALIZER}\\.resources`),
    rule: 'storage initializer: setting storageInitializer',
    inputs: initializerResource,
  },
  {
    path: new RegExp(`${INITIALIZER}\\.env\\[name=HF_TOKEN\\]`),
    rule: 'storage initializer: the Secret of the ServiceAccount that has the key HF_TOKEN',
  },
  { path: new RegExp(INITIALIZER), rule: INITIALIZER_RULE, inputs: [URI] },
  {
    path: new RegExp(String.raw`^spec\.template\.spec\.volumes\[name=${MODEL_VOLUMES}\]`),
    rule: 'model: the volume that holds the model of spec.model.uri',
    inputs: [URI],
  },
  {
    path: new RegExp(String.raw`volumeMounts\[name=${MODEL_VOLUMES}\]`),
    rule: 'model: mounted where the preset expects it, at /mnt/models',
    inputs: [URI],
  },
  {
    path: new RegExp(
      String.raw`^spec\.template\.spec\.(volumes|(containers\[name=main\]|initContainers\[name=llm-d-routing-sidecar\])\.volumeMounts)\[name=tls-certs\]`,
    ),
    rule: 'TLS: the certificate of the service, because the setting enableLLMInferenceServiceTLS is on',
    inputs: [TLS],
  },
  {
    path: /^spec\.template\.spec\.containers\[name=main\]\.(env\[name=OTEL_|args\[)/,
    rule: ({ evaluated }) =>
      evaluated.effective.spec.tracing?.exporterEndpoint
        ? 'tracing: made from spec.tracing, because that has an endpoint; what the containers set themselves stays'
        : undefined,
    inputs: tracingInputs,
  },
  {
    path: new RegExp(
      String.raw`^spec\.template\.spec\.(serviceAccountName$|initContainers\[name=llm-d-routing-sidecar\]\.env)`,
    ),
    rule: 'routing sidecar: it reads pods and the inference pool, under a ServiceAccount that has a Role for it',
  },
  {
    kinds: ['Secret'],
    path: /^(data|type)/,
    rule: 'certificate: the operator makes key and certificate, and renews them; no value of them is shown',
    inputs: [TLS],
  },
  {
    kinds: ['ServiceAccount'],
    path: /^(secrets|imagePullSecrets)/,
    rule: 'routing sidecar: the Secrets that the ServiceAccount default of the namespace lists',
  },
  {
    kinds: ['Role', 'RoleBinding'],
    path: /^(rules|roleRef|subjects)/,
    rule: 'routing sidecar: it may read pods and inference pools of the namespace',
  },
  {
    kinds: ['BackendTLSPolicy'],
    path: /^spec\./,
    rule: 'TLS: the gateway speaks it to the Service, and trusts the certificate of the service',
    inputs: [TLS],
  },
  {
    kinds: ['Service'],
    path: /^spec\.selector/,
    rule: 'selector: the pods of every role of the service',
    inputs: labelInputs,
  },
  {
    kinds: ['Service'],
    path: /^spec\.ports\[[^\]]*\]\.(name|appProtocol)$/,
    rule: 'port: https when the setting enableLLMInferenceServiceTLS is on, else http',
    inputs: [TLS],
  },
  { kinds: ['Service'], path: /^spec\.ports/, rule: 'port: model servers listen on port 8000, as in KServe' },
  { kinds: ['Service'], path: /^spec\.type$/, rule: 'type: reached inside of the cluster, and from the Gateway' },
  {
    kinds: ['HTTPRoute'],
    path: /^spec\./,
    rule: 'defaults: what the API server would fill in is written out, so that nothing seems to change',
  },
];

function initializerImage(question: Question): string {
  return hasLiveInitializer(question)
    ? 'storage initializer: the image of the pods that run is kept, so that a new setting restarts none'
    : 'storage initializer: setting storageInitializer.image';
}

function hasLiveInitializer({ evaluated }: Question): boolean {
  return evaluated.reads.some(
    (read) => 'ref' in read && read.view.name === 'render/deployment' && read.answer.state === 'found',
  );
}

/** Where a label or annotation of the service was taken over from; undefined for one that has another origin. */
function propagatedFrom({ at, value, evaluated: { service } }: Question): 'labels' | 'annotations' | undefined {
  const key = String(at.at(-1));
  const field = at.includes('annotations') ? 'annotations' : 'labels';
  const taken = field === 'annotations' ? propagatedAnnotations(service) : propagatedLabels(service);
  return Object.hasOwn(taken, key) && taken[key] === value ? field : undefined;
}

const OF_CHILDREN = 'every child of a service carries it';
const LABELS: Readonly<Record<string, string>> = {
  [LABEL_NAME]: `labels: the name of the service; ${OF_CHILDREN}`,
  [LABEL_PART_OF]: `labels: the product; ${OF_CHILDREN}`,
  [LABEL_COMPONENT]: 'labels: the part of the service that the child belongs to, its workload or its router',
  [LABEL_KSERVE_COMPONENT]: 'labels: the pods of a workload carry it, and its Service selects them by it',
  [LABEL_ROLE]: 'labels: the role of the pods in serving; both, where there is no prefill of its own',
  [LABEL_INFERENCE_SERVICE]: 'labels: names the service, for kubectl get route -l',
};

function labelInputs({ at }: Question): readonly Input[] {
  return [LABEL_NAME, LABEL_INFERENCE_SERVICE].includes(String(at.at(-1)) as typeof LABEL_NAME) ? [NAME] : [];
}

function initializerResource({ at }: Question): readonly Input[] {
  const [kind, resource] = at.slice(-2).map(String);
  return [{ setting: `storageInitializer.${resource}${kind === 'limits' ? 'Limit' : 'Request'}` }];
}

const TRACING: Readonly<Record<string, string>> = {
  OTEL_TRACES_EXPORTER: 'exporter',
  OTEL_TRACES_SAMPLER: 'sampler',
  OTEL_TRACES_SAMPLER_ARG: 'samplerArg',
};

/** Whatever else tracing sets is there because there is an endpoint. */
function tracingInputs({ path }: Question): readonly Input[] {
  const field = TRACING[/env\[name=(\w+)\]/.exec(path)?.[1] ?? ''];
  return [{ spec: 'spec.tracing.exporterEndpoint' }, ...(field ? [{ spec: `spec.tracing.${field}` }] : [])];
}
