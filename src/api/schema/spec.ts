/**
 * The spec shared by `LLMInferenceService` and `LLMInferenceServiceConfig`, field by field, after KServe's v1alpha2 API.
 *
 * There are no defaults: a stored default would override lower layers of the merge. Every rule here is also checked
 * after the merge and reported as a condition, because values may come from configs.
 */
import {
  boolean,
  external,
  integer,
  intOrString,
  list,
  map,
  object,
  type Rule,
  type Schema,
  string,
} from './builders.ts';

const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';

const PARALLELISM_RULES: readonly Rule[] = [
  {
    rule: '!(has(self.pipeline) && (has(self.data) || has(self.dataLocal)))',
    message: 'set either pipeline or data and dataLocal: pipeline and data parallelism cannot be combined',
  },
  { rule: 'has(self.data) == has(self.dataLocal)', message: 'data and dataLocal must be set together' },
];

const SIZE = (self: string): string =>
  `(${self}.?parallelism.?pipeline.hasValue() ? ${self}.parallelism.pipeline : ` +
  `${self}.?parallelism.?data.orValue(1) / ${self}.?parallelism.?dataLocal.orValue(1))`;

/** Written on `spec`, because a rule on `parallelism` would miss its removal. */
const IMMUTABLE_SIZE: Rule = {
  rule: `${SIZE('self')} == ${SIZE('oldSelf')}`,
  message:
    'the total parallelism (pipeline, or data divided by dataLocal) of a service cannot change: create a new service instead',
};

/** The spec of a service, or of a config: the latter may hold templates and parts, and no base refs of its own. */
export function specSchema(kind: 'service' | 'config'): Schema {
  const spec = object({
    model: object(
      {
        uri: string({
          maxLength: 2048,
          description: 'Where the model lies: hf://<organisation>/<model> or pvc://<claim>/<path>.',
          'x-kubernetes-validations': [
            {
              rule: "self == '' || self.contains('://')",
              message: 'write the URI with its scheme, such as hf://Qwen/Qwen2.5-7B-Instruct or pvc://claim/path',
            },
          ],
        }),
        name: string({
          maxLength: 253,
          description: "The value of `model` in requests. Default: the service's name.",
        }),
      },
      { description: 'The model to serve.' },
    ),
    storageInitializer: object(
      { enabled: boolean({ description: 'false: nothing is downloaded or mounted; the pod brings its own model.' }) },
      { description: 'How the model gets into the pod.' },
    ),
    replicas: integer({ minimum: 0, description: 'Number of pods. Left alone when not set, for autoscalers.' }),
    parallelism: object(
      {
        tensor: integer({ minimum: 1, description: 'GPUs that share each layer; the GPU request follows from it.' }),
        pipeline: integer({ minimum: 1 }),
        data: integer({ minimum: 1 }),
        dataLocal: integer({ minimum: 1 }),
        dataRPCPort: integer({ minimum: 1, maximum: 65535 }),
        expert: boolean(),
      },
      { description: 'How the model is spread over GPUs.', 'x-kubernetes-validations': PARALLELISM_RULES },
    ),
    labels: map(string({ maxLength: 63 }), { description: 'Labels of the pods and the workload Service.' }),
    annotations: map(string(), { description: 'Annotations of the pods and the workload Service.' }),
    template: external('PodSpec', {
      description: 'The pod, in part: merged over the preset by the names of containers, variables and volumes.',
    }),
    rolloutStrategy: object(
      { maxUnavailable: intOrString(), maxSurge: intOrString() },
      {
        'x-kubernetes-validations': [
          {
            rule: "!(has(self.maxUnavailable) && has(self.maxSurge) && string(self.maxUnavailable) in ['0', '0%'] && string(self.maxSurge) in ['0', '0%'])",
            message: 'maxUnavailable and maxSurge cannot both be 0: no update could make progress',
          },
        ],
      },
    ),
    router: object(
      {
        route: object({
          http: object(
            {
              refs: list(object({ name: string({ minLength: 1, maxLength: 253 }) }, { required: ['name'] }), {
                maxItems: 16,
                description: 'HTTPRoutes of your own in the same namespace, used instead of a managed one.',
              }),
              spec: external('HTTPRouteSpec', {
                description: 'Merged over the route preset; a list given here replaces the list there.',
              }),
            },
            {
              'x-kubernetes-validations': [
                {
                  rule: '!(has(self.refs) && size(self.refs) > 0 && has(self.spec))',
                  message: 'refs (your own HTTPRoutes) and spec (a managed HTTPRoute) exclude each other: remove one',
                },
              ],
            },
          ),
        }),
        gateway: object({
          refs: list(
            object(
              {
                name: string({ minLength: 1, maxLength: 253 }),
                namespace: string({ minLength: 1, maxLength: 63, pattern: DNS_LABEL }),
                sectionName: string({ minLength: 1, maxLength: 253, pattern: DNS_SUBDOMAIN }),
              },
              { required: ['name'] },
            ),
            { maxItems: 32, description: 'Gateways to attach to. Default: the one that the settings name.' },
          ),
        }),
      },
      {
        description: 'How requests reach the service. Without it there is no route and no URL.',
        'x-kubernetes-validations': [
          {
            rule: '!(has(self.gateway) && (!has(self.gateway.refs) || size(self.gateway.refs) == 0) && has(self.route) && has(self.route.http) && has(self.route.http.refs) && size(self.route.http.refs) > 0)',
            message:
              'route.http.refs cannot be used with the default Gateway: name it in gateway.refs or remove gateway',
          },
        ],
      },
    ),
    baseRefs: list(object({ name: string({ minLength: 1, maxLength: 253 }) }, { required: ['name'] }), {
      maxItems: 32,
      description: 'LLMInferenceServiceConfigs to build on; later ones win over earlier ones.',
    }),
  });
  return kind === 'service' ? { ...spec, 'x-kubernetes-validations': [IMMUTABLE_SIZE] } : withoutBaseRefs(spec);
}

function withoutBaseRefs(spec: Schema): Schema {
  return {
    ...spec,
    'x-kubernetes-validations': [
      {
        rule: '!has(self.baseRefs) || size(self.baseRefs) == 0',
        message: 'a config cannot have baseRefs: list them in the service',
      },
    ],
  };
}
