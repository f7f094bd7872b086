import { join } from 'node:path';
import { judged, readRules, type Subject } from '../../local/reference/allowed.ts';
import type { KubeObject } from '../../src/api/object.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOTHING = { children: [], 'children-ready': [], status: [], 'status-ready': [] };

const object = (kind: string, rest: object = {}, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind, metadata: { name: 'a', ...metadata }, ...rest }) as KubeObject;

describe('the list of intended differences', () => {
  const rules = readRules(join(ROOT, 'docs/differences.allow.yaml'));
  const service = object('LLMInferenceService', {}, { name: 'qwen' });
  const withRoute = (spec: object, ...others: readonly KubeObject[]): readonly KubeObject[] => [
    ...others,
    { ...service, spec: { router: { route: { http: { spec } } } } } as KubeObject,
  ];
  const path = (value: string): object => ({ rules: [{ matches: [{ path: { value } }] }] });
  const rewrite = (replacePrefixMatch: string): object => ({
    rules: [{ filters: [{ urlRewrite: { path: { replacePrefixMatch } } }] }],
  });
  const listeners = object('Gateway', { spec: { listeners: [{ hostname: 'a.com' }] } });

  /** The section that explains a difference of the service; undefined when none does. */
  const sectionOf = (
    at: string,
    kserve: unknown,
    ours: unknown,
    input: readonly KubeObject[] = [],
    recorded: Subject['recorded'] = NOTHING,
  ): string | undefined => {
    const [kind = '', where = ''] = at.startsWith('.') ? ['LLMInferenceService', at] : at.split(' ');
    const difference = { object: `${kind}.v1/a-kserve-self-signed-certs`, path: where, kserve, ours };
    return judged({ name: 'case', input, recorded }, [difference], rules)[0]?.rule?.section;
  };
  const URL = '.status.url';
  const TLS_CERTS = { name: 'tls-certs' };
  const DEFAULT_RULE = {
    hostnames: ['a.com'],
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
  };

  const failedWith = (reason: string): Subject['recorded'] => ({
    ...NOTHING,
    status: [{ ...service, status: { conditions: [{ type: 'Ready', reason }] } } as KubeObject],
  });
  const withTemplate = (template: object): readonly KubeObject[] => [{ ...service, spec: { template } } as KubeObject];
  const POD = '.spec.template.spec';

  it.each<[string | undefined, string, unknown, unknown, (readonly KubeObject[])?, Subject['recorded']?]>([
    ['urls-without-a-slash-at-their-end', URL, 'http://h/', 'http://h'],
    ['urls-without-a-slash-at-their-end', '.status.addresses[0].url', 'http://h/foo/', 'http://h/foo'],
    [undefined, URL, 'http://h/foo', 'http://h'],
    [undefined, URL, 'http://h/', 'http://h/foo'],
    ['urls-end-before-v1', URL, 'http://h/foo/v1', 'http://h/foo', withRoute(rewrite('/v1'))],
    [undefined, URL, 'http://h/foo/v1', 'http://h/foo', withRoute(rewrite('/v2'))],
    [undefined, URL, 'http://h/foo/v1', 'http://h/v1', withRoute(rewrite('/v1'))],
    ['wildcard-hostnames-of-a-route', URL, 'http://*.e.com/foo', 'http://inference.e.com/foo'],
    [undefined, URL, 'http://a.com/foo', 'http://inference.a.com/foo'],
    ['https-is-preferred', URL, 'http://h/foo', 'https://h/foo'],
    [
      'no-url-where-nothing-listens',
      '.status.addresses[1]',
      { url: 'http://h/foo' },
      undefined,
      withRoute({ parentRefs: [{ name: 'g', port: 80 }] }),
    ],
    [undefined, '.status.addresses[1]', { url: 'http://h/foo' }, undefined, withRoute({ parentRefs: [{ name: 'g' }] })],
    ['no-url-where-nothing-listens', URL, 'http://h', undefined, withRoute({ hostnames: ['b.com'] }, listeners)],
    [undefined, URL, 'http://h', undefined, withRoute({}, listeners)],
    [
      'the-path-of-the-service-is-preferred',
      URL,
      'http://a.com/n/qwen2',
      'http://b.com/n/qwen',
      withRoute(path('/n/qwen2')),
    ],
    [undefined, URL, 'http://a.com/n/qwen', 'http://b.com/n', withRoute(path('/n/qwen'))],
    [
      'model-uris-are-passed-on-as-they-are-written',
      'Deployment .spec.template.spec.containers[main].volumeMounts[kserve-pvc-source].subPath',
      'Q%20w',
      'Q w',
    ],
    [undefined, 'Deployment .spec.template.spec.initContainers[storage-initializer].args[0]', 'hf://a%20b', 'hf://c'],
    ['a-condition-for-warnings', '.status.conditions[Warning]', undefined, { type: 'Warning' }],
    [undefined, '.status.conditions[Warning]', { type: 'Warning' }, undefined],
    [
      'certificate-only-where-something-uses-it',
      'Secret (object)',
      'written',
      'not written',
      [object('LLMInferenceServiceConfig', {}, { name: 'kserve-config-llm-template' })],
    ],
    [
      'certificate-only-where-something-uses-it',
      'Secret (object)',
      'written',
      'not written',
      withTemplate({ volumes: [{ name: 'tls-certs', secret: { secretName: 'mine' } }] }),
    ],
    [
      'certificate-only-where-something-uses-it',
      'Secret (object)',
      'written',
      'not written',
      [],
      failedWith('ReconcileSingleNodeWorkloadError'),
    ],
    [undefined, 'Secret (object)', 'written', 'not written', [service]],
    ['certificate-only-where-something-uses-it', `Deployment ${POD}.volumes[tls-certs]`, undefined, TLS_CERTS],
    [
      'certificate-only-where-something-uses-it',
      `Deployment ${POD}.containers[main].volumeMounts`,
      undefined,
      [TLS_CERTS],
    ],
    [undefined, `Deployment ${POD}.containers[main].volumeMounts[models]`, undefined, { name: 'models' }],
    ['no-defaults-in-the-schema', 'HTTPRoute .spec.rules[0].name', undefined, 'a', withRoute({ hostnames: ['a.com'] })],
    ['no-defaults-in-the-schema', 'HTTPRoute .spec.rules[1]', undefined, {}, withRoute(DEFAULT_RULE)],
    ['no-defaults-in-the-schema', '.status.addresses[1]', undefined, {}, withRoute(DEFAULT_RULE)],
    ['no-defaults-in-the-schema', URL, 'http://h/', 'http://h/n/qwen', withRoute({ hostnames: ['h'] })],
    [undefined, 'HTTPRoute .spec.rules[1]', undefined, {}, withRoute({ hostnames: ['a.com'], ...path('/foo') })],
    [undefined, 'HTTPRoute .spec.rules[1]', undefined, {}, [service]],
    ['what-a-layer-leaves-out', `Deployment ${POD}.volumes[v].projected.sources`, undefined, [{ secret: {} }]],
    [undefined, `Deployment ${POD}.volumes[v].projected.sources`, [{ secret: {} }], undefined],
    [
      'what-is-not-built-yet-is-refused',
      `Deployment ${POD}.initContainers[storage-initializer].env[AWS_ACCESS_KEY_ID]`,
      { name: 'AWS_ACCESS_KEY_ID' },
      undefined,
    ],
    ['what-is-not-built-yet-is-refused', `Deployment ${POD}.volumes[user-gcp-sa]`, { name: 'user-gcp-sa' }, undefined],
    [undefined, `Deployment ${POD}.initContainers[storage-initializer].env[HF_TOKEN]`, { name: 'HF_TOKEN' }, undefined],
    [
      'what-is-not-built-yet-is-refused',
      `Deployment ${POD}.initContainers[storage-initializer].env[HF_TOKEN]`,
      undefined,
      { name: 'HF_TOKEN' },
      [object('Secret', { data: { HF_TOKEN: 'eA==', AWS_SECRET_ACCESS_KEY: 'eA==' } })],
    ],
    [
      undefined,
      `Deployment ${POD}.initContainers[storage-initializer].env[HF_TOKEN]`,
      undefined,
      { name: 'HF_TOKEN' },
      [object('Secret', { data: { HF_TOKEN: 'eA==' } })],
    ],
    [
      'one-of-several-members',
      'Deployment (object)',
      'not written',
      'written',
      withTemplate({ volumes: [{ name: 'model-cache' }] }),
      failedWith('ReconcileSingleNodeWorkloadError'),
    ],
    [undefined, 'Deployment (object)', 'not written', 'written', withTemplate({ volumes: [{ name: 'model-cache' }] })],
    [undefined, 'Deployment (object)', 'written', 'not written', [], failedWith('InvalidRenderedConfig')],
    [
      'only-the-spec-is-a-template',
      '.status.conditions[PresetsCombined].status',
      'False',
      'True',
      [object('LLMInferenceService', {}, { annotations: { note: 'an {{ open action' } })],
      failedWith('CombineBaseError'),
    ],
    [
      'own-rules-come-before-the-api-server',
      '.status.conditions[PresetsCombined].status',
      'False',
      'True',
      [],
      failedWith('InvalidRenderedConfig'),
    ],
    [undefined, '.status.conditions[PresetsCombined].status', 'False', 'True', [], failedWith('ConfigNotFound')],
  ])('has %s for %s: %j and %j', (section, at, kserve, ours, ...[input, recorded]) => {
    expect(sectionOf(at, kserve, ours, input, recorded)).toBe(section);
  });
});
