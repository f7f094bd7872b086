import type { LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { fixedSource, recordingSnapshot } from '../../src/api/snapshot.ts';
import {
  AVAILABLE,
  assessOver,
  CONTROLLER,
  deployment,
  effectiveOf,
  gateway,
  gatewayClass,
  httpRoute,
  line,
  NO_PLAN,
  object,
  parent,
  service,
} from './statusinput.ts';

const ROUTED: LLMInferenceServiceSpec = { model: { name: 'Qwen/Q' }, router: { route: {}, gateway: {} } };
const ROUTE = 'HTTPRoute team-a/qwen-kserve-route';
const GATEWAY = 'Gateway kserve/kserve-ingress-gateway';
const READY = [deployment({}, AVAILABLE), gatewayClass(), gateway(), httpRoute()];

function assessed(
  objects: readonly KubeObject[],
  spec: LLMInferenceServiceSpec = ROUTED,
): ReturnType<typeof assessOver> {
  return assessOver(objects, { effective: effectiveOf(service(spec)) });
}

function ofRoute(
  parents: readonly Readonly<Record<string, unknown>>[],
  metadata = {},
  others = [gatewayClass(), gateway()],
): string | undefined {
  return line(assessed([...others, httpRoute(parents, {}, metadata)]), 'HTTPRoutesReady');
}

describe('a service with a route that works', () => {
  const result = assessed(READY);

  it('is ready', () => {
    expect(line(result, 'HTTPRoutesReady')).toBe('True');
    expect(line(result, 'RouterReady')).toBe('True');
    expect(line(result, 'Ready')).toBe('True');
  });

  it('has the URL to which a client appends /v1/chat/completions', () => {
    expect(result.status.url).toBe('http://203.0.113.1/team-a/qwen');
    expect(result.status.addresses).toEqual([
      {
        name: 'gateway-external',
        url: 'http://203.0.113.1/team-a/qwen',
        origin: {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          name: 'kserve-ingress-gateway',
          namespace: 'kserve',
        },
        models: [{ name: 'publishers/team-a/models/Qwen/Q' }, { name: 'Qwen/Q' }],
      },
    ]);
  });

  it('lists its Gateway and its route', () => {
    expect(result.status.router).toEqual({
      gateways: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          name: 'kserve-ingress-gateway',
          namespace: 'kserve',
          httpRoutes: [
            { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'qwen-kserve-route', namespace: 'team-a' },
          ],
        },
      ],
    });
  });

  it('has no condition of Gateways, because it names none', () => {
    expect(line(result, 'GatewaysReady')).toBeUndefined();
  });

  it('takes the name of the service for that of the model where there is none', () => {
    const { status } = assessed(READY, { router: { route: {} } });
    expect(status.addresses?.[0]?.models?.[1]).toEqual({ name: 'qwen' });
  });
});

describe('HTTPRoutesReady', () => {
  it.each<[string, readonly Readonly<Record<string, unknown>>[], string]>([
    [
      'nobody has reported',
      [],
      `Unknown Progressing: ${ROUTE} is not accepted by ${GATEWAY} yet: controller ${CONTROLLER} has not reported on the route.`,
    ],
    [
      'a report about a Gateway that the route no longer names',
      [parent({}, {}, { parentRef: { name: 'old', namespace: 'kserve' } })],
      `Unknown Progressing: ${ROUTE} is not accepted by ${GATEWAY} yet: controller ${CONTROLLER} has not reported on the route.`,
    ],
    [
      'a report of a controller that does not own the Gateway',
      [parent({}, {}, { controllerName: 'example.com/other' })],
      `Unknown Progressing: ${ROUTE} is not accepted by ${GATEWAY} yet: controller ${CONTROLLER} has not reported on the route.`,
    ],
    [
      'reports about another section and another port',
      [
        parent({}, {}, { parentRef: { name: 'kserve-ingress-gateway', namespace: 'kserve', sectionName: 'https' } }),
        parent({}, {}, { parentRef: { name: 'kserve-ingress-gateway', namespace: 'kserve', port: 443 } }),
      ],
      `Unknown Progressing: ${ROUTE} is not accepted by ${GATEWAY} yet: controller ${CONTROLLER} has not reported on the route.`,
    ],
    [
      'an old report beside a good one',
      [parent({ status: 'False' }, {}, { parentRef: { name: 'old' } }), parent()],
      'True',
    ],
    [
      'a namespace that the listeners refuse',
      [
        parent({
          status: 'False',
          reason: 'NotAllowedByListeners',
          message: 'No listeners included by this parent ref allowed this attachment.',
        }),
      ],
      `False HTTPRoutesNotReady: ${ROUTE} is not accepted by ${GATEWAY}. No listener of ${GATEWAY} takes routes of namespace team-a: allow the namespace in its spec.listeners[].allowedRoutes. It says NotAllowedByListeners: No listeners included by this parent ref allowed this attachment.`,
    ],
    [
      'several reasons in one',
      [parent({}, { status: 'False', reason: 'BackendNotFound, PortNotFound', message: 'two' })],
      `False HTTPRoutesNotReady: ${ROUTE} has backends that ${GATEWAY} cannot use. A Service that the route names as backend does not exist. A backend names no port, or one that its Service does not have. It says BackendNotFound, PortNotFound: two.`,
    ],
    [
      'a reason of its own',
      [parent({ status: 'False', reason: 'UnsupportedValue', message: '' })],
      `False HTTPRoutesNotReady: ${ROUTE} is not accepted by ${GATEWAY}. It says UnsupportedValue.`,
    ],
  ])('%s', (_name, parents, expected) => {
    expect(ofRoute(parents)).toBe(expected);
  });

  it('waits for ResolvedRefs', () => {
    const report = {
      ...parent(),
      conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: '', observedGeneration: 1 }],
    };
    expect(ofRoute([report])).toBe(
      `Unknown Progressing: ${ROUTE}: ${CONTROLLER} has not reported ResolvedRefs for ${GATEWAY} yet.`,
    );
  });

  it.each([
    ['Accepted', parent({ observedGeneration: 1 }, { observedGeneration: 2 })],
    ['ResolvedRefs', parent({ observedGeneration: 2 }, { observedGeneration: 1 })],
    ['a refusal', parent({ observedGeneration: 1, status: 'False' }, { observedGeneration: 1 })],
  ])('does not count a stale report of %s', (_name, report) => {
    expect(ofRoute([report], { generation: 2 })).toBe(
      `Unknown Progressing: ${ROUTE} was changed and ${CONTROLLER} has not looked at the change yet.`,
    );
  });

  it('trusts a report that names no generation', () => {
    expect(ofRoute([parent({ observedGeneration: 0 }, { observedGeneration: 0 })], { generation: 2 })).toBe('True');
  });

  it('says who should report when the class does not exist', () => {
    expect(ofRoute([], {}, [gateway()])).toBe(
      `Unknown HTTPRoutesNotReady: ${ROUTE} is not accepted by ${GATEWAY} yet: GatewayClass envoy, which ${GATEWAY} names, does not exist. Create it, or correct spec.gatewayClassName of the Gateway.`,
    );
  });

  it.each([
    ['nothing', { type: 'SupportedVersion', status: 'True' }],
    ['Unknown', { type: 'Accepted', status: 'Unknown', reason: 'Pending', message: 'Waiting for controller' }],
  ])('says who should report when the class says %s', (_name, condition) => {
    expect(ofRoute([], {}, [gatewayClass(condition), gateway({ conditions: [] })])).toContain(
      `no controller has taken GatewayClass envoy, which ${GATEWAY} names. Start the gateway whose controller name is ${CONTROLLER}, or name another class.`,
    );
  });

  it('says why the class was refused', () => {
    const refused = gatewayClass({
      type: 'Accepted',
      status: 'False',
      reason: 'InvalidParameters',
      message: 'no EnvoyProxy',
    });
    expect(ofRoute([], {}, [refused, gateway()])).toContain(`is not accepted by ${CONTROLLER}: no EnvoyProxy.`);
  });

  it('says that the route does not exist yet, or is held back', () => {
    expect(line(assessed([gatewayClass(), gateway()]), 'HTTPRoutesReady')).toBe(
      `Unknown Progressing: ${ROUTE} does not exist yet.`,
    );
    const held = assessOver([], {
      effective: effectiveOf(service(ROUTED)),
      plan: { ...NO_PLAN, held: new Set(['route']) },
    });
    expect(line(held, 'HTTPRoutesReady')).toBe(
      `Unknown Progressing: ${ROUTE} is not created before the problems are solved.`,
    );
  });

  it('does not take the route of somebody else for ours', () => {
    const foreign = assessed([gatewayClass(), gateway(), httpRoute([parent()], {}, { ownerReferences: [] })]);
    expect(line(foreign, 'HTTPRoutesReady')).toMatch(/^Unknown/);
    expect(foreign.status.url).toBeUndefined();
  });

  it('says that the Gateway API is not installed', () => {
    const snapshot = recordingSnapshot(fixedSource([], ({ apiVersion }) => !apiVersion.startsWith('gateway.')));
    const result = assessOver([], { effective: effectiveOf(service(ROUTED)), snapshot });
    expect(line(result, 'HTTPRoutesReady')).toMatch(
      /^False ApiNotServed: .* kind HTTPRoute of gateway.networking.k8s.io\/v1/,
    );
  });

  it('waits while something is not known', () => {
    const snapshot = recordingSnapshot({ get: () => ({ state: 'unknown' }), list: () => ({ state: 'unknown' }) });
    const result = assessOver([], { effective: effectiveOf(service(ROUTED)), snapshot });
    expect(line(result, 'HTTPRoutesReady')).toBe(`Unknown Progressing: ${ROUTE} is being read.`);
    expect(result.retry).toBe('none');
  });
});

describe('the default Gateway', () => {
  it('that does not exist is a problem of the route, which names the setting', () => {
    const settings = { ...DEFAULT_SETTINGS, systemNamespace: 'llm-system' };
    const result = assessOver([gatewayClass(), httpRoute([])], { effective: effectiveOf(service(ROUTED)), settings });
    expect(line(result, 'HTTPRoutesReady')).toBe(
      `False RefsInvalid: ${GATEWAY} does not exist. It is the default Gateway: create it, name another one in spec.router.gateway.refs, or correct the setting kserveIngressGateway of key ingress in ConfigMap llm-system/inferenceservice-config.`,
    );
    expect(line(result, 'Ready')).toMatch(/^False RefsInvalid/);
    expect(result.status.url).toBeUndefined();
  });

  it('is missed before there is a route', () => {
    const child = { object: httpRoute([]), part: 'route', order: 3, leftToOthers: [], origins: [] } as const;
    const result = assessOver([], { effective: effectiveOf(service(ROUTED)), plan: { ...NO_PLAN, children: [child] } });
    expect(line(result, 'HTTPRoutesReady')).toMatch(
      /^False RefsInvalid: Gateway kserve\/kserve-ingress-gateway does not exist/,
    );
  });

  it('that is not programmed makes the route not ready', () => {
    const conditions = [{ type: 'Programmed', status: 'False', reason: 'AddressNotAssigned', message: 'No addresses' }];
    const result = assessed([gatewayClass(), gateway({ conditions, addresses: [] }), httpRoute()]);
    expect(line(result, 'HTTPRoutesReady')).toBe(
      `False GatewayPreconditionNotMet: ${GATEWAY} is not ready: AddressNotAssigned: No addresses.`,
    );
  });

  it('that gives no URL makes the route not ready', () => {
    const result = assessed([gatewayClass(), gateway({ addresses: [] }), httpRoute()]);
    expect(line(result, 'HTTPRoutesReady')).toMatch(
      /^Unknown HTTPRoutesNotReady: No URL is known: none of the Gateways \[kserve\/kserve-ingress-gateway\]/,
    );
  });
});

describe('named Gateways', () => {
  const spec: LLMInferenceServiceSpec = { router: { route: {}, gateway: { refs: [{ name: 'own' }] } } };
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'own' };
  const route = httpRoute([parent({}, {}, { parentRef })], { parentRefs: [{ name: 'own' }] });
  const own = (status = {}): KubeObject => gateway(status, { name: 'own', namespace: 'team-a' });

  it.each<[string, readonly KubeObject[], string, string]>([
    ['fine', [gatewayClass(), own(), route], 'True', 'True'],
    [
      'missing',
      [gatewayClass(), route],
      'False RefsInvalid: Gateway team-a/own does not exist. Create it, or correct spec.router.gateway.refs[0].',
      `Unknown GatewayPreconditionNotMet: ${ROUTE} waits for Gateway team-a/own, which does not exist.`,
    ],
    [
      'not programmed',
      [
        gatewayClass(),
        own({ conditions: [{ type: 'Programmed', status: 'False', reason: 'NoResources', message: '' }] }),
        route,
      ],
      'False GatewaysNotReady: Gateway team-a/own is not ready: NoResources.',
      'True',
    ],
    [
      'pending',
      [
        gatewayClass(),
        own({ conditions: [{ type: 'Programmed', status: 'Unknown', reason: 'Pending', message: '' }] }),
        route,
      ],
      `Unknown Progressing: Gateway team-a/own is not ready yet: controller ${CONTROLLER} has not programmed it.`,
      'True',
    ],
    [
      'pending, said as False',
      [
        gatewayClass(),
        own({ conditions: [{ type: 'Programmed', status: 'False', reason: 'Pending', message: '' }] }),
        route,
      ],
      `Unknown Progressing: Gateway team-a/own is not ready yet: controller ${CONTROLLER} has not programmed it.`,
      'True',
    ],
    [
      'of a class that nobody controls',
      [own({ conditions: [] }), route],
      'Unknown GatewaysNotReady: Gateway team-a/own is not ready yet: GatewayClass envoy, which Gateway team-a/own names, does not exist. Create it, or correct spec.gatewayClassName of the Gateway.',
      'True',
    ],
  ])('%s', (_name, objects, gateways, routes) => {
    const result = assessed(objects, spec);
    expect(line(result, 'GatewaysReady')).toBe(gateways);
    expect(line(result, 'HTTPRoutesReady')).toBe(routes);
  });

  it('are reported with their listeners', () => {
    const both = httpRoute([], {
      parentRefs: [
        { name: 'own', sectionName: 'b' },
        { name: 'own', sectionName: 'a' },
      ],
    });
    const [only, ...others] = assessed([both], spec).status.router?.gateways ?? [];
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: 'own', namespace: 'team-a', listeners: ['a', 'b'] });
    expect(only?.httpRoutes).toHaveLength(1);
  });
});

describe('a referenced route', () => {
  const spec: LLMInferenceServiceSpec = { router: { route: { http: { refs: [{ name: 'mine' }] } } } };
  const mine = (parents = [parent()], more = {}): KubeObject =>
    httpRoute(parents, { hostnames: ['mine.example.com'], ...more }, { name: 'mine', ownerReferences: [] });

  it('is used although it is nobody’s child', () => {
    const result = assessed([gatewayClass(), gateway(), mine()], spec);
    expect(line(result, 'HTTPRoutesReady')).toBe('True');
    expect(result.status.url).toBe('http://mine.example.com/team-a/qwen');
  });

  it('that does not exist', () => {
    expect(line(assessed([], spec), 'HTTPRoutesReady')).toBe(
      'False RefsInvalid: HTTPRoute team-a/mine does not exist. Create it, or correct spec.router.route.http.refs[0].',
    );
  });

  it('that belongs to no Gateway', () => {
    expect(line(assessed([mine([], { parentRefs: [] })], spec), 'HTTPRoutesReady')).toBe(
      'False RefsInvalid: HTTPRoute team-a/mine, named in spec.router.route.http.refs[0], belongs to no Gateway. Name one in its spec.parentRefs.',
    );
  });

  it('whose Gateway does not exist', () => {
    expect(line(assessed([mine([])], spec), 'HTTPRoutesReady')).toBe(
      'False RefsInvalid: Gateway kserve/kserve-ingress-gateway does not exist. Create it, or correct spec.parentRefs of HTTPRoute team-a/mine.',
    );
  });
});

describe('the Service in front of a Gateway', () => {
  const serviceOf = (name: string, labels?: Record<string, string>): KubeObject =>
    object(
      'v1',
      'Service',
      { name, namespace: 'kserve', ...(labels ? { labels } : {}) },
      { spec: { ports: [{ port: 80 }] } },
    );
  const labels = { 'gateway.networking.k8s.io/gateway-name': 'kserve-ingress-gateway' };
  const urlWith = (...services: readonly KubeObject[]): string | undefined =>
    assessed([gatewayClass(), gateway({ addresses: [] }), httpRoute(), ...services]).status.url;

  it('is the first one with the label, else that of the same name', () => {
    const same = serviceOf('kserve-ingress-gateway');
    expect(urlWith(serviceOf('b', labels), serviceOf('a', labels), same)).toBe(
      'http://a.kserve.svc.cluster.local/team-a/qwen',
    );
    expect(urlWith(same)).toBe('http://kserve-ingress-gateway.kserve.svc.cluster.local/team-a/qwen');
    expect(urlWith(serviceOf('other'))).toBeUndefined();
  });
});

describe('what wakes a service', () => {
  const answers = (objects: readonly KubeObject[]): unknown => assessed(objects).reads.map(({ answer }) => answer);

  it('is neither a counter nor a time of a Gateway', () => {
    const moved = gateway(
      {
        conditions: [{ type: 'Programmed', status: 'True', lastTransitionTime: 'later', observedGeneration: 9 }],
        listeners: [{ name: 'http', attachedRoutes: 1000 }],
      },
      { resourceVersion: '77', generation: 9 },
    );
    expect(answers([...READY, moved])).toEqual(answers(READY));
  });

  it('is not the time at which a route was reported on', () => {
    const later = httpRoute([parent({ lastTransitionTime: 'later' }, { lastTransitionTime: 'later' })]);
    expect(answers([...READY, later])).toEqual(answers(READY));
  });

  it('is the address of its Gateway', () => {
    expect(answers([...READY, gateway({ addresses: [{ value: '203.0.113.2' }] })])).not.toEqual(answers(READY));
  });
});
