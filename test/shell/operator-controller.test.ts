import { CONFIG_MAP } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { directConnection } from '../../src/kube/connection.ts';
import { silent } from '../../src/kube/log.ts';
import { restClient } from '../../src/kube/rest.ts';
import { transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import { type Controller, createController } from '../../src/operator/controller.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../../src/operator/kinds.ts';
import { createTelemetry } from '../../src/operator/telemetry.ts';
import { type Exchange, type FakeApi, fakeApi, ledTiming, PODS, until } from '../support/fakeapi.ts';

const SERVICES = { ...PODS, ...LLMISVC, plural: 'llminferenceservices' };
const CONFIGS = { ...PODS, ...LLMISVC_CONFIG, plural: 'llminferenceserviceconfigs' };
const CONFIG_MAPS = { ...PODS, ...CONFIG_MAP, plural: 'configmaps' };
const DEFINITIONS = { ...PODS, ...CUSTOM_RESOURCE_DEFINITION, plural: 'customresourcedefinitions', namespaced: false };
const SERVICE = {
  ...LLMISVC,
  metadata: {
    ...{ name: 'one', namespace: 'a', uid: 'u', generation: 1, resourceVersion: '5' },
    labels: { 'serving.kserve.io/inferenceservice': 'one' },
  },
  spec: { model: { uri: 'hf://org/model' }, baseRefs: [{ name: 'missing' }] },
};

let api: FakeApi;
let client: Client;
let controller: Controller;
let stop: AbortController;
let running: Promise<unknown>;
const timing = ledTiming();
const telemetry = createTelemetry('error');

beforeEach(async () => {
  api = await fakeApi([SERVICES, CONFIGS]);
  client = restClient(await transport(directConnection({ url: api.url })));
  controller = createController({
    ...{ client, log: silent, telemetry, timing, workers: 1, configFinalizer: false },
    settings: () => DEFAULT_SETTINGS,
    namespaces: undefined,
    systemNamespace: 'kserve',
  });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await running;
  await client.close();
  await api.close();
});

const list = (x: Exchange, items: readonly object[]): void => x.json({ items, metadata: { resourceVersion: '10' } });
const metric = async (line: RegExp): Promise<number> => Number(line.exec(await telemetry.metrics())?.[1] ?? 0);
const known = (): Promise<number> => metric(/^llmisvc_services\{ready="False"\} (\d+)/m);
const passes = (): Promise<number> => metric(/^llmisvc_reconcile_seconds_count\{result="settled"\} (\d+)/m);

describe('a service that may not be seen for a while', () => {
  let forbidden = false;
  let version = 5;
  const watching = new Set<Exchange>();
  const answer = (x: Exchange): void => {
    const ofServices = x.path.includes(SERVICES.plural);
    if (x.method === 'PATCH') {
      version += 1;
      const { status } = JSON.parse(x.body) as { status: object };
      return x.json({ ...SERVICE, status, metadata: { ...SERVICE.metadata, resourceVersion: String(version) } });
    }
    if (x.method !== 'GET') return x.fail(500, 'NotScripted');
    if (ofServices && forbidden) return x.fail(403, 'Forbidden');
    if (!x.query.has('watch')) return list(x, ofServices ? [SERVICE] : []);
    x.open();
    if (ofServices) watching.add(x);
  };

  it('is known as before when it can be seen again', async () => {
    api.answer(answer);
    const watched = controller.watch(stop.signal);
    await controller.watches.settled();
    running = Promise.all([watched, controller.act(stop.signal)]);
    await until(() => api.requests.some(({ method }) => method === 'PATCH'), 'the status');
    await until(() => controller.idle(), 'the end of the pass');
    expect(await known()).toBe(1);

    forbidden = true;
    await until(() => watching.size > 0, 'the watch');
    for (const watch of watching) watch.cut();
    const isForbidden = (): boolean => controller.watches.unsettled().some((text) => text.includes('forbidden'));
    await until(() => (timing.advance(1_000), isForbidden()), 'the refusal');
    await until(() => controller.idle(), 'what follows from the refusal');
    expect(await known()).toBe(1);

    forbidden = false;
    await until(() => (timing.advance(1_000), !isForbidden()), 'the right');
    const before = await passes();
    controller.settingsChanged();
    await until(() => controller.idle(), 'the next pass');
    expect([await known(), (await passes()) - before]).toEqual([1, 1]);
  });
});

it('is not ready before every watch has its first list, but for one that may be forbidden', async () => {
  let broken = true;
  api.serve([SERVICES, CONFIGS, CONFIG_MAPS, DEFINITIONS]);
  api.answer((x) => {
    if (x.path.includes(CONFIG_MAPS.plural)) return x.fail(403, 'Forbidden');
    if (x.path.includes(DEFINITIONS.plural) && broken) return x.fail(500, 'InternalError');
    return x.query.has('watch') ? x.open() : list(x, []);
  });
  const { watches } = controller;
  const waitsFor = (text: string): boolean => watches.unsettled().some((line) => line.includes(text));
  expect([waitsFor('CustomResourceDefinition'), waitsFor('ConfigMap')]).toEqual([true, true]);
  running = controller.watch(stop.signal);
  await until(() => waitsFor('CustomResourceDefinition.apiextensions.k8s.io/v1 failing'), 'the failure');
  await until(() => !waitsFor('ConfigMap'), 'the refusal');
  broken = false;
  await until(() => (timing.advance(1_000), !waitsFor('CustomResourceDefinition')), 'the list');
});
