import type { KubeObject } from '../api/object.ts';
import { LABEL_INFERENCE_SERVICE } from '../api/wellknown.ts';
import type { Evaluated } from './evaluate.ts';
import type { Leaf } from './leaves.ts';

interface Question {
  readonly object: KubeObject;
  /** The field as text, with the names of items: `spec.template.spec.containers[name=main].image`. */
  readonly path: string;
  readonly at: Leaf['at'];
  readonly evaluated: Evaluated;
}

interface Row {
  /** Kinds of children; all, when there is none. */
  readonly kinds?: readonly string[];
  readonly path: RegExp;
  readonly rule: string | ((question: Question) => string | undefined);
}

/**
 * The rule of the operator that gives a field of a child its value, for fields that are made from nothing in the spec.
 * Undefined for a field that no rule makes.
 */
export function ruleOf(question: Question): string | undefined {
  for (const { kinds, path, rule } of ROWS) {
    if (kinds && !kinds.includes(question.object.kind)) continue;
    if (!path.test(question.path)) continue;
    const text = typeof rule === 'string' ? rule : rule(question);
    if (text !== undefined) return text;
  }
  return undefined;
}

const INITIALIZER = String.raw`^spec\.template\.spec\.initContainers\[name=storage-initializer\]`;
const INITIALIZER_RULE = 'storage initializer: it downloads the model of spec.model.uri, so it is added for hf:// URIs';
const MODEL_VOLUMES = '(kserve-provision-location|kserve-pvc-source)';

/** The first row that fits counts. */
const ROWS: readonly Row[] = [
  { path: /^(apiVersion|kind)$/, rule: 'kind: every service has one child of this kind, as long as it needs it' },
  { path: /^metadata\.name$/, rule: 'name: made from the name of the service, so that names of KServe stay' },
  { path: /^metadata\.namespace$/, rule: 'namespace: that of the service' },
  { path: /^metadata\.ownerReferences/, rule: 'owner: the service, so that Kubernetes deletes the child with it' },
  {
    path: /(^|\.)(labels|annotations|matchLabels)(\[|\.|$)/,
    rule: ({ at, evaluated }) => {
      const { labels, annotations } = evaluated.service.metadata;
      const key = String(at.at(-1));
      const from = at.includes('annotations') ? annotations : labels;
      const field = at.includes('annotations') ? 'metadata.annotations' : 'metadata.labels';
      return from?.[key] === undefined ? undefined : `propagation: taken over from ${field} of the service`;
    },
  },
  {
    kinds: ['HTTPRoute'],
    path: /^metadata\.labels/,
    rule: ({ at }) =>
      at.at(-1) === LABEL_INFERENCE_SERVICE
        ? 'labels: names the service, for kubectl get route -l'
        : 'labels: every child of a service carries them',
  },
  {
    kinds: ['Deployment'],
    path: /^spec\.selector/,
    rule: 'selector: all labels of the pods; that of a Deployment that exists is kept, because it cannot change',
  },
  { path: /^(spec\.template\.)?metadata\.labels/, rule: 'labels: every child of a service carries them' },
  { path: /^spec\.strategy\.type$/, rule: 'strategy: RollingUpdate, because spec.rolloutStrategy is set' },
  { path: new RegExp(`${INITIALIZER}\\.image$`), rule: initializerImage },
  { path: new RegExp(`${INITIALIZER}\\.resources`), rule: 'storage initializer: setting storageInitializer' },
  {
    path: new RegExp(`${INITIALIZER}\\.env\\[name=HF_TOKEN\\]`),
    rule: 'storage initializer: the Secret of the ServiceAccount that has the key HF_TOKEN',
  },
  { path: new RegExp(INITIALIZER), rule: INITIALIZER_RULE },
  {
    path: new RegExp(String.raw`^spec\.template\.spec\.volumes\[name=${MODEL_VOLUMES}\]`),
    rule: 'model: the volume that holds the model of spec.model.uri',
  },
  {
    path: new RegExp(String.raw`volumeMounts\[name=${MODEL_VOLUMES}\]`),
    rule: 'model: mounted where the preset expects it, at /mnt/models',
  },
  {
    path: new RegExp(
      String.raw`^spec\.template\.spec\.(volumes|containers\[name=main\]\.volumeMounts)\[name=tls-certs\]`,
    ),
    rule: 'TLS: the certificate of the service, because the setting enableLLMInferenceServiceTLS is on',
  },
  {
    path: /^spec\.template\.spec\.containers\[name=main\]\.(env\[name=OTEL_|args\[)/,
    rule: ({ evaluated }) =>
      evaluated.effective.spec.tracing?.exporterEndpoint
        ? 'tracing: made from spec.tracing, because it names an endpoint; what the spec sets itself stays'
        : undefined,
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
  },
  { kinds: ['Service'], path: /^spec\.selector/, rule: 'selector: the pods of every role of the service' },
  {
    kinds: ['Service'],
    path: /^spec\.ports\[[^\]]*\]\.(name|appProtocol)$/,
    rule: 'port: https when the setting enableLLMInferenceServiceTLS is on, else http',
  },
  { kinds: ['Service'], path: /^spec\.ports/, rule: 'port: model servers listen on port 8000, as in KServe' },
  { kinds: ['Service'], path: /^spec\.type$/, rule: 'type: reached inside of the cluster, and from the Gateway' },
  {
    kinds: ['HTTPRoute'],
    path: /^spec\./,
    rule: 'defaults: what the API server would fill in is written out, so that nothing seems to change',
  },
];

function initializerImage({ evaluated }: Question): string {
  const live = evaluated.reads.some(
    (read) => 'ref' in read && read.view.name === 'render/deployment' && read.answer.state === 'found',
  );
  return live
    ? 'storage initializer: the image of the pods that run is kept, so that a new setting restarts none'
    : 'storage initializer: setting storageInitializer.image';
}
