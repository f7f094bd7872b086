import type { KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { readFlags } from '../../src/operator/flags.ts';
import { readSettings } from '../../src/api/readsettings.ts';
import { createLiveSettings } from '../../src/operator/settings.ts';

const configMap = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x' },
  data,
});

describe('the settings ConfigMap', () => {
  it('is read as KServe reads it, with the rest of it left to others', () => {
    const { settings, complaints } = readSettings(
      configMap({
        ingress:
          '{"ingressGateway":"knative/x","kserveIngressGateway":"infra/gw","urlScheme":"https","modelBasedRoutingMode":"Forced"}',
        storageInitializer: '{"image":"mine:1","memoryLimit":"2Gi","enableModelcar":true}',
        explainers: 'not json',
      }),
      DEFAULT_SETTINGS,
    );
    expect(complaints).toEqual([]);
    expect(settings).toMatchObject({
      ingressGateway: { namespace: 'infra', name: 'gw' },
      urlScheme: 'https',
      modelBasedRoutingMode: 'forced',
      storageInitializer: { image: 'mine:1', memoryLimit: '2Gi', cpuLimit: '1' },
    });
  });

  it.each([
    ['infra/gw', { namespace: 'infra', name: 'gw' }],
    ['gw', { namespace: 'kserve', name: 'gw' }],
  ])('takes the Gateway %s', (kserveIngressGateway, expected) => {
    const data = { ingress: JSON.stringify({ kserveIngressGateway }) };
    expect(readSettings(configMap(data), DEFAULT_SETTINGS).settings.ingressGateway).toEqual(expected);
  });

  it('takes the last of a duplicated key', () => {
    const data = { ingress: '{"urlScheme":"http","urlScheme":"https"}' };
    expect(readSettings(configMap(data), DEFAULT_SETTINGS).settings.urlScheme).toBe('https');
  });

  it.each([
    [{ ingress: '{"urlScheme":"gopher"}' }, /^Key ingress\.urlScheme is "gopher": .*"http".*"https"/],
    [{ ingress: '{' }, /^Key ingress is not JSON/],
    [
      { storageInitializer: '{"memoryLimit":"lots"}' },
      /^Key storageInitializer\.memoryLimit is "lots": must be a quantity/,
    ],
    [{ ingress: '{"kserveIngressGateway":"A b"}' }, /^Key ingress\.kserveIngressGateway is "A b": must be <namespace>/],
    [
      { ingress: '{"kserveIngressGateway":"a/b/c"}' },
      /^Key ingress\.kserveIngressGateway is "a\/b\/c": must be <namespace>/,
    ],
  ])('names key, value and what is allowed of %j, and keeps the last good value', (data, complaint) => {
    const last = {
      ...DEFAULT_SETTINGS,
      urlScheme: 'https' as const,
      storageInitializer: { ...DEFAULT_SETTINGS.storageInitializer, memoryLimit: '7Gi' },
    };
    const reading = readSettings(configMap(data), DEFAULT_SETTINGS, last);
    expect(reading.complaints).toHaveLength(1);
    expect(reading.complaints[0]).toMatch(complaint);
    const kept = 'ingress' in data ? reading.settings.urlScheme : reading.settings.storageInitializer.memoryLimit;
    expect(kept).toBe('ingress' in data ? 'https' : '7Gi');
  });

  it('takes empty text for nothing said, and a scheme in any case', () => {
    const ingress = { kserveIngressGateway: '', urlScheme: 'HTTPS', modelBasedRoutingHeaderName: '' };
    const storage = { image: '', memoryLimit: '2Gi', cpuLimit: '' };
    const data = {
      ingress: JSON.stringify({ ...ingress, enableLLMInferenceServiceTLS: true }),
      storageInitializer: JSON.stringify(storage),
    };
    const { settings, complaints } = readSettings(configMap(data), DEFAULT_SETTINGS);
    expect(complaints).toEqual([]);
    expect(settings).toEqual({
      ...DEFAULT_SETTINGS,
      urlScheme: 'https',
      enableTLS: true,
      storageInitializer: { ...DEFAULT_SETTINGS.storageInitializer, memoryLimit: '2Gi' },
    });
  });

  it('says that another word for the mode of model based routing counts as enabled', () => {
    const data = { ingress: '{"modelBasedRoutingMode":"force","urlScheme":"https"}' };
    const { settings, complaints, remarks, usable } = readSettings(configMap(data), DEFAULT_SETTINGS);
    expect([settings.modelBasedRoutingMode, settings.urlScheme, usable]).toEqual(['enabled', 'https', true]);
    expect(complaints).toEqual([]);
    expect(remarks).toEqual([expect.stringMatching(/^Key ingress\.modelBasedRoutingMode is "force": .*forced/)]);
  });

  const said: string[] = [];
  const log = { debug: () => {}, info: () => {}, error: () => {}, warn: (_: object, text: string) => said.push(text) };
  beforeEach(() => said.splice(0));
  const gateway = (name: string): object => configMap({ ingress: JSON.stringify({ kserveIngressGateway: name }) });

  it.each([
    ['it cannot be read', [], /could not be read.*right to list and watch/, []],
    [
      'it does not exist',
      [undefined],
      /ConfigMap kserve\/inferenceservice-config: It does not exist\. Create it/,
      [/Create it/],
    ],
    [
      'a key is bad',
      [configMap({ ingress: '{"urlScheme":"gopher"}' })],
      /Key ingress\.urlScheme is "gopher"/,
      [/gopher/],
    ],
    [
      'one of two keys is bad',
      [configMap({ ingress: '{', storageInitializer: '{}' })],
      /Key ingress is not JSON/,
      [/JSON/],
    ],
  ])('are unusable while none were understood and %s', (_what, taken, why, warnings) => {
    const live = createLiveSettings(DEFAULT_SETTINGS, log, () => {});
    for (const one of taken) live.take(one);
    expect(live.current()).toEqual({ ...DEFAULT_SETTINGS, unusable: expect.stringMatching(why) });
    expect(live.valid()).toBe(false);
    expect(said).toEqual(warnings.map((warning) => expect.stringMatching(warning)));
  });

  it('stay in force when the ConfigMap is deleted or broken, and the next good ones replace them', () => {
    const live = createLiveSettings(DEFAULT_SETTINGS, log, () => {});
    live.take(gateway('infra/one') as KubeObject);
    for (const bad of [undefined, configMap({ ingress: '{' })]) {
      live.take(bad);
      expect(live.current()).toMatchObject({ ingressGateway: { namespace: 'infra', name: 'one' } });
      expect([live.current().unusable, live.valid()]).toEqual([undefined, false]);
    }
    expect(said).toEqual([expect.stringContaining('last settings stay'), expect.stringContaining('last good value')]);
    live.take(gateway('infra/two') as KubeObject);
    expect([live.current().ingressGateway.name, live.valid()]).toEqual(['two', true]);
  });

  it('are announced only when values changed', () => {
    let changes = 0;
    const live = createLiveSettings(DEFAULT_SETTINGS, log, () => {
      changes += 1;
    });
    live.take(configMap({}));
    live.take(configMap({ ingress: '{"urlScheme":"https"}' }));
    live.take(configMap({ ingress: '{ "urlScheme": "https" }', other: 'x' }));
    expect(changes).toBe(2);
    expect(live.valid()).toBe(true);
  });
});

describe('the command line', () => {
  const read = (args: readonly string[], env: Record<string, string> = {}) => readFlags(args, env, '1.2.3');

  it('has defaults that fit a pod', () => {
    expect(read([])).toMatchObject({
      run: {
        namespaces: undefined,
        workers: 8,
        leaderElect: true,
        configFinalizer: false,
        leaseNamespace: 'kserve',
        metricsAddress: { port: 8080 },
      },
    });
  });

  it('takes flags and environment', () => {
    const args = ['--namespaces=a, b', '--workers=3', '--leader-elect=false', '--health-addr', '127.0.0.1:0'];
    const env = {
      POD_NAMESPACE: 'sys',
      LLM_INFERENCE_SERVICE_CONFIG_PREFIX: '',
      LLM_INFERENCE_SERVICE_VERSIONED_CONFIG: 'false',
      CLUSTER_DOMAIN: 'example.org',
    };
    expect(read(args, env)).toMatchObject({
      run: {
        namespaces: ['a', 'b'],
        workers: 3,
        leaderElect: false,
        leaseNamespace: 'sys',
        healthAddress: { host: '127.0.0.1', port: 0 },
        settings: { systemNamespace: 'sys', configPrefix: '', versionedConfigs: false, clusterDomain: 'example.org' },
      },
    });
  });

  it.each([
    [['--workers=none'], '--workers is "none"; a whole number from 1 to 64'],
    [['--workers=0'], '--workers is "0"'],
    [['--metrics-addr=here'], '--metrics-addr is "here"; an address such as :8080'],
    [['--health-addr=:99999'], '--health-addr is ":99999"'],
    [['--log-level=loud'], '--log-level is "loud"; allowed are debug, info, warn, error'],
    [['--leader-elect=maybe'], '--leader-elect is "maybe"; true and false'],
    [['--namespaces=A'], '--namespaces is "A"'],
    [['--unknown'], '--unknown'],
    [['extra'], 'extra'],
  ])('refuses %j', (args, message) => {
    expect(read(args)).toEqual({ refuse: expect.stringContaining(message) });
  });

  it('prints its version and its help', () => {
    expect(read(['--version'])).toEqual({ print: '1.2.3\n' });
    expect(read(['--help'])).toEqual({ print: expect.stringContaining('--lease-namespace') });
  });
});
