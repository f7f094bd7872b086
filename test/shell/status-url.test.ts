import { addressesOf, addressName, primaryUrl } from '../../src/status/addresses.ts';
import type { BackingService, GatewayState, Listener, RouteRule } from '../../src/status/routeview.ts';
import { basePaths, type DiscoveredUrl, discoverUrls } from '../../src/status/url.ts';

const SETTINGS = {
  clusterDomain: 'cluster.local',
  wildcardHostname: 'inference',
  modelBasedRoutingHeaderName: 'X-Gateway-Model-Name',
};
const HTTP: Listener = { name: 'http', port: 80, protocol: 'HTTP', hostname: '' };
const HTTPS: Listener = { name: 'https', port: 443, protocol: 'HTTPS', hostname: '' };

interface Setup {
  readonly addresses?: readonly string[];
  readonly listeners?: readonly Listener[];
  readonly hostnames?: readonly string[];
  readonly rules?: readonly RouteRule[];
  readonly service?: BackingService;
  readonly sectionName?: string;
  readonly port?: number;
}

function discovered(setup: Setup): readonly DiscoveredUrl[] {
  const { addresses = ['203.0.113.1'], listeners = [HTTP], hostnames = [], rules = [], service } = setup;
  const gateway: GatewayState = { className: 'envoy', listeners, addresses };
  const parentRef = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: 'gateway-ns',
    name: 'gw',
    sectionName: setup.sectionName ?? '',
    port: setup.port ?? 0,
  };
  const resolved = [{ parentRef, gateway, ...(service ? { service } : {}) }];
  return discoverUrls({ hostnames, rules }, resolved, SETTINGS);
}

/** A URL of ours with KServe's spelling of it, where it differs. */
function found(url: string, literal = url): DiscoveredUrl {
  const origin = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw', namespace: 'kserve' };
  return { url, literal, origin };
}

/** A rule with one match on a path; `service` false stands for an InferencePool. */
function rule(
  path: string,
  service: boolean,
  more: { replacement?: string; headers?: readonly string[] } = {},
): RouteRule {
  const { headers = [], replacement } = more;
  return { matches: [{ path, headers }], service, ...(replacement === undefined ? {} : { replacement }) };
}

// KServe's URLs of the root end with a slash. Ours never do: a client appends /v1/chat/completions.
const VECTORS: readonly [string, Setup, readonly string[]][] = [
  ['one address, a route without rules', {}, ['http://203.0.113.1']],
  [
    'an address for each',
    { addresses: ['203.0.113.100', '203.0.113.200'] },
    ['http://203.0.113.100', 'http://203.0.113.200'],
  ],
  [
    'addresses sorted',
    { addresses: ['203.0.113.200', '203.0.113.100'] },
    ['http://203.0.113.100', 'http://203.0.113.200'],
  ],
  [
    'hostnames of the route before that of the listener',
    { hostnames: ['api.example.com', 'alt.example.com'], listeners: [{ ...HTTP, hostname: '*.example.com' }] },
    ['http://alt.example.com', 'http://api.example.com'],
  ],
  [
    'the hostname * counts as none, the listener has one',
    { hostnames: ['*'], listeners: [{ ...HTTP, hostname: 'api.example.com' }] },
    ['http://api.example.com'],
  ],
  ['the hostname * counts as none, the listener has none', { hostnames: ['*'] }, ['http://203.0.113.1']],
  [
    'a wildcard listener',
    { listeners: [{ ...HTTP, hostname: '*.api.example.com' }] },
    ['http://inference.api.example.com'],
  ],
  [
    'a wildcard listener with a port',
    { listeners: [{ ...HTTP, port: 8080, hostname: '*.example.com' }] },
    ['http://inference.example.com:8080'],
  ],
  ['HTTPS on another port', { listeners: [{ ...HTTPS, port: 8443 }] }, ['https://203.0.113.1:8443']],
  ['a TLS listener', { listeners: [{ ...HTTPS, protocol: 'TLS' }] }, ['https://203.0.113.1']],
  // In the order of the listeners; the status sorts them, so KServe's order by scheme would be lost anyway.
  ['two listeners', { listeners: [HTTP, HTTPS] }, ['http://203.0.113.1', 'https://203.0.113.1']],
  [
    'no address, a Service without ports',
    { addresses: [], listeners: [{ ...HTTP, port: 8080 }], service: { name: 'gateway-service', ports: [] } },
    ['http://gateway-service.gateway-ns.svc.cluster.local:8080'],
  ],
  [
    'an address that is the host name of the Service',
    { addresses: ['gw.gateway-ns.svc.cluster.local'], service: { name: 'gw', ports: [80] } },
    ['http://gw.gateway-ns.svc.cluster.local'],
  ],
  [
    'a Service that lacks the port of one listener',
    { addresses: [], listeners: [HTTP, HTTPS], service: { name: 'gw', ports: [443] } },
    ['https://gw.gateway-ns.svc.cluster.local'],
  ],
  // KServe fails the whole reconciliation in the next four cases; ours finds no URL, and the condition of the route says so.
  ['only TCP listeners', { listeners: [{ ...HTTP, protocol: 'TCP' }] }, []],
  ['no listeners', { listeners: [] }, []],
  ['a section that does not exist', { listeners: [HTTP], sectionName: 'nope' }, []],
  ['a hostname, but no address', { addresses: [], hostnames: ['a.com'] }, []],
  ['no address and no Service', { addresses: [] }, []],
  ['one section only', { listeners: [HTTP, HTTPS], sectionName: 'https' }, ['https://203.0.113.1']],
  ['one port only', { listeners: [HTTP, HTTPS], port: 443 }, ['https://203.0.113.1']],
  [
    'an IPv6 address',
    { addresses: ['2001:db8::1'], listeners: [{ ...HTTP, port: 8080 }] },
    ['http://[2001:db8::1]:8080'],
  ],
  // KServe prints the two next ones literally or for both listeners; neither would answer.
  ['a wildcard hostname of the route', { hostnames: ['*.foo.com'] }, ['http://inference.foo.com']],
  [
    'a hostname that only one listener serves',
    {
      hostnames: ['a.com'],
      listeners: [
        { ...HTTP, hostname: 'b.com' },
        { ...HTTPS, hostname: 'a.com' },
      ],
    },
    ['https://a.com'],
  ],
];

describe('URLs of a route', () => {
  it.each(VECTORS)('%s', (_name, setup, urls) => {
    expect(discovered(setup).map(({ url }) => url)).toEqual(urls);
  });

  it('carries the Gateway as origin', () => {
    const gatewayState = { className: 'envoy', listeners: [HTTP], addresses: ['203.0.113.1'] };
    const parentRef = { group: 'g', kind: 'Gateway', namespace: 'ns', name: 'gw', sectionName: 'http', port: 0 };
    const [first] = discoverUrls({ hostnames: [], rules: [] }, [{ parentRef, gateway: gatewayState }], SETTINGS);
    expect(first?.origin).toEqual({ group: 'g', kind: 'Gateway', namespace: 'ns', name: 'gw' });
  });
});

describe('base paths', () => {
  const pools = ['/ns/name/v1/completions', '/ns/name/v1/chat/completions', '/ns/name/v1/messages'];
  const asIs = pools.map((path) => rule(path, false));
  const rewritten = pools.map((path) => rule(path, false, { replacement: path.replace('/ns/name', '') }));
  const whole = rule('/ns/name', true, { replacement: '/' });
  const byModel = rule('/', true, { headers: ['X-Gateway-Model-Name'] });

  it.each<[string, readonly RouteRule[], readonly string[]]>([
    ['our preset', [rule('/ns/name/v1', true, { replacement: '/v1' })], ['/ns/name']],
    ['rules with a Service go first', [...asIs, whole], ['/ns/name']],
    ['a Service before a shorter path without one', [rule('/a', false), rule('/a/b', true)], ['/a/b']],
    ['the shortest of the shallowest', asIs, ['/ns/name/v1/messages']],
    // KServe reports /ns/name/v1/messages here, to which /v1/chat/completions cannot be appended.
    ['the rewritten end is not part of the base', rewritten, ['/ns/name']],
    ['by model header as well', [...asIs, whole, byModel], ['', '/ns/name']],
    ['a foreign header is ignored', [whole, rule('/', true, { headers: ['x-canary'] })], ['/ns/name']],
    [
      'the name of the header is compared as it is written',
      [whole, rule('/', true, { headers: ['x-gateway-model-name'] })],
      ['/ns/name'],
    ],
    [
      'KServe’s preset',
      [
        ...rewritten,
        whole,
        rule('/publishers/ns/models/m/v1/completions', false, { replacement: '/v1/completions' }),
        byModel,
      ],
      ['', '/ns/name', '/publishers/ns/models/m'],
    ],
    ['a rewrite to something else', [rule('/a/b', true, { replacement: '/c' })], ['/a/b']],
    ['a rewrite to its own end that is not /v1', [rule('/a/b', true, { replacement: '/b' })], ['/a/b']],
    ['a rewrite to a path that begins like /v1', [rule('/a/v1beta', true, { replacement: '/v1beta' })], ['/a/v1beta']],
    ['/v1 as it is', [rule('/v1', true)], ['/v1']],
    ['/v1 rewritten to itself', [rule('/v1', true, { replacement: '/v1' })], ['/v1']],
    ['the shallowest as the route has it', [rule('/a/v1', true, { replacement: '/v1' }), rule('/bcd', true)], ['/bcd']],
    ['a slash at the end', [rule('/a/b/', true)], ['/a/b']],
    ['no rules', [], ['']],
  ])('%s', (_name, rules, paths) => {
    const bases = basePaths(rules, SETTINGS.modelBasedRoutingHeaderName).map(({ base }) => base);
    expect(bases).toEqual(paths);
  });
});

describe('status.url', () => {
  const input = { namespace: 'test-ns', serviceName: 'test-svc', modelName: 'm', clusterDomain: 'cluster.local' };
  const own = [rule('/test-ns/test-svc', true)];
  const service = { name: 'my-gateway-svc', ports: [80, 443] };
  const primaryOf = (urls: readonly (DiscoveredUrl | string)[]): string | undefined =>
    primaryUrl(
      urls.map((url) => (typeof url === 'string' ? found(url) : url)),
      input,
    );

  it('prefers https among external URLs', () => {
    // KServe takes the first by the alphabet here, which is http://203.0.113.1/test-ns/test-svc.
    const urls = discovered({ listeners: [HTTP, HTTPS], rules: own, service });
    expect(urls).toHaveLength(4);
    expect(primaryOf(urls)).toBe('https://203.0.113.1/test-ns/test-svc');
  });

  it('takes an internal URL when there is no external one', () => {
    const urls = discovered({ addresses: [], listeners: [HTTP, HTTPS], rules: own, service });
    expect(urls).toHaveLength(2);
    expect(primaryOf(urls)).toBe('https://my-gateway-svc.gateway-ns.svc.cluster.local/test-ns/test-svc');
  });

  it.each<[string, readonly (DiscoveredUrl | string)[], string | undefined]>([
    [
      'http when there is no https',
      ['http://gw.svc.cluster.local/test-ns/test-svc'],
      'http://gw.svc.cluster.local/test-ns/test-svc',
    ],
    [
      'external before internal https',
      ['https://192.168.0.1/test-ns/test-svc', 'http://8.8.8.8/test-ns/test-svc'],
      'http://8.8.8.8/test-ns/test-svc',
    ],
    [
      'the own path before https',
      ['https://a.com/x', 'http://a.com/test-ns/test-svc'],
      'http://a.com/test-ns/test-svc',
    ],
    // KServe compares text only, so that the path of test-svc-2 would do.
    [
      'whole segments of the path',
      ['http://a.com/test-ns/test-svc-2', 'http://b.com/test-ns/test-svc'],
      'http://b.com/test-ns/test-svc',
    ],
    [
      'a hostname in full before one of a wildcard, also before its https',
      [found('https://inference.a.com/m', 'https://*.a.com/m'), 'http://z.a.com/m'],
      'http://z.a.com/m',
    ],
    [
      'a hostname of a wildcard when there is no other',
      [found('http://inference.a.com/m', 'http://*.a.com/m')],
      'http://inference.a.com/m',
    ],
    ['the first by the alphabet', ['http://b.com/m', 'http://a.com/m'], 'http://a.com/m'],
    ['nothing', [], undefined],
  ])('%s', (_name, urls, url) => {
    expect(primaryOf(urls)).toBe(url);
  });
});

describe('status.addresses', () => {
  it.each([
    ['https://api.example.com/ns/name', 'gateway-external'],
    ['http://203.0.113.1/ns/name', 'gateway-external'],
    ['http://192.168.1.100/ns/name', 'internal'],
    ['http://172.16.0.1/ns/name', 'internal'],
    ['http://172.32.0.1/ns/name', 'gateway-external'],
    ['http://10.1.2.3:8080/ns/name', 'internal'],
    ['http://127.0.8.1:8088/ns/name', 'gateway-external'],
    ['http://169.254.1.1/ns/name', 'gateway-external'],
    ['http://[fd00::1]:8080/ns/name', 'internal'],
    ['http://[2001:db8::1]/ns/name', 'gateway-external'],
    ['http://localhost/ns/name', 'internal'],
    ['http://printer.local/ns/name', 'internal'],
    ['http://gateway.ns.svc.cluster.local:8080/ns/name', 'gateway-internal'],
    ['https://api.example.com', 'gateway-external-model-routing'],
    ['https://api.example.com/', 'gateway-external-model-routing'],
    ['http://my-service.default.svc.cluster.local', 'gateway-internal-model-routing'],
    ['http://localhost', 'internal-model-routing'],
  ])('%s is %s', (url, name) => {
    expect(addressName(url, 'cluster.local')).toBe(name);
  });

  it('sorts by URL and names the models', () => {
    const urls = ['http://a.com/ns/name', 'http://a.com'].map((url) => found(url));
    const { origin } = found('');
    const input = { namespace: 'ns', serviceName: 'name', modelName: 'Qwen/Q', clusterDomain: 'cluster.local' };
    expect(addressesOf(urls, input)).toEqual([
      {
        name: 'gateway-external-model-routing',
        url: 'http://a.com',
        origin,
        models: [{ name: 'publishers/ns/models/Qwen/Q' }],
      },
      {
        name: 'gateway-external',
        url: 'http://a.com/ns/name',
        origin,
        models: [{ name: 'publishers/ns/models/Qwen/Q' }, { name: 'Qwen/Q' }],
      },
    ]);
  });

  it('are in the order of KServe’s spelling: with the slash of the root and the star of a wildcard', () => {
    const urlsOf = (setup: Setup): readonly string[] =>
      addressesOf(discovered(setup), { namespace: 'n', serviceName: 's', modelName: 'm', clusterDomain: 'd' }).map(
        ({ url }) => url ?? '',
      );
    expect(urlsOf({ hostnames: ['a.com', 'a.com.eu'] })).toEqual(['http://a.com.eu', 'http://a.com']);
    expect(urlsOf({ hostnames: ['a.foo.com', '*.foo.com'] })).toEqual(['http://inference.foo.com', 'http://a.foo.com']);
    const rewritten = rule('/a/v1', true, { replacement: '/v1' });
    expect(urlsOf({ rules: [rewritten], hostnames: ['a.com'], listeners: [HTTPS, HTTP] })).toEqual([
      'http://a.com/a',
      'https://a.com/a',
    ]);
    expect(urlsOf({ rules: [rule('/a/', true)] })).toEqual(['http://203.0.113.1/a']);
  });
});
