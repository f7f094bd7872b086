/** `router`: the HTTPRoute, Gateways and the scheduler, after KServe's API. */
import { boolean, external, integer, list, map, object, open, type Rule, type Schema, string } from './builders.ts';
import { dnsLabel, namespace, objectName, sectionName } from './scalars.ts';
import type { SpecKind } from './spec.ts';

const HIGHEST_WEIGHT = 1_000_000;
const ROUTE_REFS = 'size(self.?route.?http.?refs.orValue([])) > 0';

const MANAGED_GATEWAY: Rule = {
  rule: `!(has(self.gateway) && size(self.gateway.?refs.orValue([])) == 0 && ${ROUTE_REFS})`,
  message: 'route.http.refs cannot be used with the default Gateway: name it in gateway.refs or remove gateway',
};

const SPLIT = '(has(self.route) && (has(self.route.group) || has(self.route.weight)))';
const SPLIT_RULES: readonly Rule[] = [
  {
    rule: `!(${SPLIT} && has(self.ingress))`,
    message: 'remove ingress: route.group and route.weight split traffic on a managed HTTPRoute',
  },
  {
    rule: `!(${SPLIT} && ${ROUTE_REFS})`,
    message: 'remove route.http.refs: route.group and route.weight split traffic on a managed HTTPRoute',
  },
];

const SCHEDULER_CONFIG: Rule = {
  rule: '!(has(self.inline) && has(self.ref))',
  message: 'inline and ref exclude each other: remove one',
};

/** The schema of `router`. Rules on single values hold for services only: in a config, a value may be a template. */
export function routerSchema(kind: SpecKind): Schema {
  return object(
    {
      route: object({
        http: http(),
        group: { ...dnsLabel(), description: 'Services of one group share their traffic, by weight.' },
        weight: integer({ minimum: 0, maximum: HIGHEST_WEIGHT }),
      }),
      gateway: object({
        refs: list(
          object({ name: objectName(), namespace: namespace(), sectionName: sectionName() }, { required: ['name'] }),
          { maxItems: 32, description: 'Gateways to attach to. Default: the one that the settings name.' },
        ),
      }),
      ingress: object({
        refs: list(object({ name: objectName(), namespace: namespace() }), { maxItems: 32 }),
      }),
      scheduler: scheduler(kind),
    },
    {
      description: 'How requests reach the service. Without it there is no route and no URL.',
      'x-kubernetes-validations': [MANAGED_GATEWAY, ...SPLIT_RULES],
    },
  );
}

function http(): Schema {
  return object(
    {
      refs: list(object({ name: objectName() }, { required: ['name'] }), {
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
  );
}

function scheduler(kind: SpecKind): Schema {
  return object(
    {
      replicas: integer({ minimum: 1 }),
      labels: map(string({ maxLength: 63 })),
      annotations: map(string()),
      template: external('PodSpec'),
      pool: object({
        ref: object({ name: string({ maxLength: 253 }) }, { 'x-kubernetes-map-type': 'atomic' }),
        spec: open({
          description: 'An InferencePool: selector.matchLabels, targetPorts and endpointPickerRef, or as in v1alpha1.',
        }),
      }),
      config: object(
        {
          inline: open(kind === 'service' ? { minProperties: 1 } : {}),
          ref: object(
            { name: string({ maxLength: 253 }), key: string({ maxLength: 253 }), optional: boolean() },
            { required: ['key'], 'x-kubernetes-map-type': 'atomic' },
          ),
        },
        { 'x-kubernetes-validations': [SCHEDULER_CONFIG] },
      ),
      tokenizer: object({ template: external('PodSpec') }),
    },
    { description: 'An endpoint picker that chooses the pod for each request.' },
  );
}
