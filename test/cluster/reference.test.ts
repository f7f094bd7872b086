import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readRules } from '../../local/reference/allowed.ts';
import { objectsOf, readReference } from '../../local/reference/folder.ts';
import { isGood, type Outcome } from '../../local/reference/outcome.ts';
import { compareWithReference } from '../../local/reference/reference.ts';
import { report } from '../../local/reference/report.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { service } from '../support/operator.ts';

const CRDS = join(import.meta.dirname, '../../crds');
const folder = mkdtempSync(join(tmpdir(), 'llmisvc-reference-'));
const [ref, out, allow] = ['ref', 'out', 'rules.yaml'].map((name) => join(folder, name)) as [string, string, string];
let outcome: Outcome;

beforeAll(async () => {
  writeRecordings();
  outcome = await compareWithReference({
    reference: readReference(ref),
    rules: readRules(allow),
    out,
    stateDir: join(folder, 'state'),
    say: () => undefined,
    signal: AbortSignal.timeout(180_000),
  });
}, 200_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the comparison with recordings', () => {
  it('finds what differs, with its path and both values, and what the rules explain', () => {
    const found = differencesOf('serves').map(({ object, path, kserve, ours, rule }) => ({
      ...{ object, path, explained: rule?.section },
      ...(path.endsWith('.port') ? { kserve, ours } : {}),
    }));
    expect(found).toContainEqual({
      ...{ object: 'Service.v1/qwen-kserve-workload-svc', path: '.spec.ports[http].port' },
      ...{ kserve: 8001, ours: 8000 },
    });
    const route = { object: 'HTTPRoute.v1.gateway.networking.k8s.io/qwen-kserve-route', path: '(object)' };
    expect(found).toContainEqual({ ...route, explained: 'routes' });
    const service = found.filter(({ object, path }) => object.startsWith('Service.') && !path.startsWith('.metadata'));
    expect(service.map(({ path }) => path)).toEqual(['.spec.ports[http].port', '.spec.ports[http].port']);
  });

  it('sees services become ready when readiness is faked', () => {
    const readyOf = (record: string): string | undefined =>
      (objectsOf(join(out, 'cases/serves', record)) as readonly LLMInferenceService[])
        .flatMap(({ status }) => status?.conditions ?? [])
        .find(({ type }) => type === 'Ready')?.status;
    expect([readyOf('status.yaml'), readyOf('status-ready.yaml')]).toEqual(['Unknown', 'True']);
  });

  it('finds no child where both wrote none', () => {
    expect(differencesOf('stops').map(({ rule }) => rule?.section)).toEqual(['status', 'status']);
  });

  it('sets aside what is not built yet, and sees that nothing was written for it', () => {
    const built = outcome.cases.map(({ name, notBuilt, halfBuilt }) => [name, notBuilt.length > 0, halfBuilt]);
    expect(built).toEqual([
      ['refused', false, []],
      ['serves', false, []],
      ['stops', false, []],
      ['unbuilt', true, []],
    ]);
  });

  it('says how an object is refused here that admission refused there', () => {
    expect(outcome.cases.find(({ name }) => name === 'refused')?.refused).toEqual([
      { kind: 'LLMInferenceService', name: 'qwen', here: expect.stringContaining('spec.model.uri') as string },
    ]);
  });

  it('finds rules that explain nothing, and runs the program of the recordings over both moments', () => {
    expect(outcome.unused.map(({ section }) => section)).toEqual(['nothing']);
    expect(outcome.program).toEqual(
      ['created', 'ready'].map((view) => ({ view, code: 0, text: 'refused serves stops | refused serves stops\n' })),
    );
    expect(isGood(outcome)).toBe(false);
    expect(report(outcome)).toContain('1 rules that nothing here needs, about:\n      1 docs/differences.md#nothing\n');
    expect(report(outcome)).toContain('2 of 3 cases equal or explained, 1 not built yet: NOT EQUAL.');
  });
});

function differencesOf(name: string): Outcome['cases'][number]['differences'] {
  return outcome.cases.find((one) => one.name === name)?.differences ?? [];
}

/** A folder in the form of the recordings, with small presets. */
function writeRecordings(): void {
  for (const part of ['crds', 'presets', 'cases']) mkdirSync(join(ref, part), { recursive: true });
  for (const file of readdirSync(CRDS).filter((name) => name.startsWith('serving.'))) {
    copyFileSync(join(CRDS, file), join(ref, 'crds', file));
  }
  const main = { name: 'main', image: 'vllm', command: ['vllm'] };
  write('presets/template.yaml', preset('config-llm-template', { template: { containers: [main] } }));
  const spec = {
    parentRefs: [{ name: 'kserve-ingress-gateway', namespace: 'kserve' }],
    rules: [{ backendRefs: [{ name: 'qwen-kserve-workload-svc', port: 8000 }] }],
  };
  write('presets/route.yaml', preset('config-llm-router-route', { router: { route: { http: { spec } } } }));
  const ingress = JSON.stringify({ kserveIngressGateway: 'kserve/kserve-ingress-gateway' });
  const settings = { name: 'inferenceservice-config', namespace: 'kserve' };
  write('settings.yaml', { apiVersion: 'v1', kind: 'ConfigMap', metadata: settings, data: { ingress } });
  write('gateway.yaml', GATEWAY);
  writeFileSync(join(ref, 'compare.mjs'), PROGRAM);

  const unreported = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'qwen-kserve-workload-svc' } };
  write('cases/serves/input.yaml', inNoNamespace(service('qwen')));
  write('cases/serves/children.yaml', { ...unreported, ...SERVICE });
  write('cases/stops/input.yaml', inNoNamespace(service('qwen', {}, { annotations: { [STOP]: 'true' } })));
  write('cases/refused/input.yaml', inNoNamespace(service('qwen', { model: { uri: 'nowhere' } })));
  writeFileSync(join(ref, 'cases/refused/rejected.txt'), 'LLMInferenceService/qwen: the webhook says no\n');
  write('cases/unbuilt/input.yaml', inNoNamespace(service('qwen', { kvCacheOffloading: { cpu: '1Gi' } })));
  write('rules.yaml', RULES, folder);
}

function preset(name: string, spec: object): object {
  return { ...LLMISVC_CONFIG, metadata: { name: `kserve-${name}` }, spec };
}

function inNoNamespace(object: object & { readonly metadata: object }): object {
  const { namespace: _, ...metadata } = object.metadata as { readonly namespace?: string };
  return { ...object, metadata };
}

function write(file: string, content: object, root: string = ref): void {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), stringify(content, { aliasDuplicateObjects: false }));
}

const STOP = 'serving.kserve.io/stop';
const LABELS = { 'app.kubernetes.io/name': 'qwen', 'app.kubernetes.io/part-of': 'llminferenceservice' };
const SERVICE = {
  metadata: {
    name: 'qwen-kserve-workload-svc',
    namespace: 'ref-serves',
    labels: { ...LABELS, 'app.kubernetes.io/component': 'llminferenceservice-workload' },
    annotations: { 'llmisvc.serving.kserve.io/hash': '<hash>' },
    ownerReferences: [{ ...LLMISVC, name: 'qwen', controller: true, blockOwnerDeletion: true }],
  },
  spec: {
    ...{ internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', type: 'ClusterIP' },
    ports: [{ appProtocol: 'http', name: 'http', port: 8001, protocol: 'TCP', targetPort: 8000 }],
    selector: { ...LABELS, 'kserve.io/component': 'workload' },
    sessionAffinity: 'None',
  },
};
const RULES = [
  { object: '^HTTPRoute', path: '^\\(object\\)$', reason: 'the test has no recording of it', section: 'routes' },
  { object: '^LLMInferenceService\\.', path: '.', reason: 'the test has no recording of it', section: 'status' },
  { object: '^ConfigMap', path: '.', reason: 'nobody writes one', section: 'nothing' },
];
const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'kserve-ingress-gateway', namespace: 'kserve' },
  spec: { gatewayClassName: 'any', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  status: {
    addresses: [{ type: 'IPAddress', value: '203.0.113.10' }],
    conditions: ['Accepted', 'Programmed'].map((type) => ({
      ...{ type, status: 'True', reason: type, message: '', observedGeneration: 1 },
    })),
  },
};
/** Prints which cases it was given on both sides. */
const PROGRAM = `import { readdirSync } from 'node:fs';
const [kserve, ours] = process.argv.slice(2, 4).map((folder) => readdirSync(folder).sort().join(' '));
console.log(kserve + ' | ' + ours);
`;
