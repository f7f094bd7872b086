import { readFileSync } from 'node:fs';
import type { Container, PartialPodSpec } from '../../src/api/children.ts';
import { LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { WELL_KNOWN_CONFIGS } from '../../src/api/wellknown.ts';
import { VLLM_VERSION } from '../../src/cli/vllm/flags.ts';
import { layerProblems } from '../../src/config/layers.ts';
import { installedPresets } from '../support/presets.ts';
import { config, service } from './configinput.ts';
import { mainOf, resolvedWithPresets, specWith } from './presetinput.ts';

const PRESETS = installedPresets().map((preset) => [preset.metadata.name, preset] as const);
const GPU = 'nvidia.com/gpu';
const TLS = { enableTLS: true };

/** All pod templates of a preset. */
function podsOf({ spec }: ReturnType<typeof installedPresets>[number]): readonly PartialPodSpec[] {
  const { template, worker, prefill, router } = spec ?? {};
  const { scheduler } = router ?? {};
  const pods = [template, worker, prefill?.template, prefill?.worker];
  return [...pods, scheduler?.template, scheduler?.tokenizer?.template].filter((pod) => pod !== undefined);
}

/** The containers that bring their own image; the others add to one of another preset. */
function containersOf(preset: ReturnType<typeof installedPresets>[number]): readonly Container[] {
  return podsOf(preset)
    .flatMap(({ initContainers, containers }) => [...(initContainers ?? []), ...(containers ?? [])])
    .filter(({ image }) => image !== undefined);
}

it('there is a preset for each well-known name', () => {
  const names = WELL_KNOWN_CONFIGS.map((name) => `llmisvc-${name}`);
  expect(PRESETS.map(([name]) => name).sort()).toEqual([...names].sort());
});

describe.each(PRESETS)('the preset %s', (name, preset) => {
  it('is in the system namespace and has only fields that are acted on', () => {
    expect(preset.metadata).toEqual({ name, namespace: 'kserve' });
    const source = { kind: LLMISVC_CONFIG.kind, namespace: 'kserve', name };
    expect(layerProblems({ source, role: 'Preset', spec: preset.spec ?? {} })).toEqual([]);
  });

  it('pins its images, and vLLM to the version whose flags are known', () => {
    for (const { image = '' } of containersOf(preset)) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      if (image.startsWith('vllm/')) expect(image).toMatch(new RegExp(`:v${VLLM_VERSION}$`));
    }
  });

  it('runs without root and without what it does not need', () => {
    const rdma = name.includes('data-parallel') ? ['IPC_LOCK', 'SYS_RAWIO', 'NET_RAW'] : undefined;
    for (const { name: container, securityContext } of containersOf(preset)) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(securityContext?.capabilities?.add).toEqual(container === 'main' ? rdma : undefined);
    }
  });

  it('mounts only volumes that it has, and has only volumes that it mounts', () => {
    for (const { initContainers = [], containers = [], volumes = [] } of podsOf(preset)) {
      const mounted = [...initContainers, ...containers].flatMap(({ volumeMounts }) => volumeMounts ?? []);
      const names = (list: readonly { readonly name: string }[]): readonly string[] => [
        ...new Set(list.map((item) => item.name)),
      ];
      expect([...names(mounted)].sort()).toEqual([...names(volumes)].sort());
    }
  });
});

it('the documentation names every preset and every version', () => {
  const text = readFileSync(new URL('../../docs/presets.md', import.meta.url), 'utf8');
  for (const name of WELL_KNOWN_CONFIGS) expect(text).toContain(`| \`${name.replace('config-llm-', '')}\` |`);
  for (const [, preset] of PRESETS) {
    for (const { image = '' } of containersOf(preset)) {
      const [repository = '', tag = ''] = image.split(':');
      const row = text.split('\n').find((line) => line.startsWith('|') && line.includes(`${shortened(repository)}\``));
      expect(row).toContain(`| ${tag} |`);
    }
  }
});

/** The two servers of the latency predictor share a row. */
function shortened(repository: string): string {
  return repository.replace('ghcr.io/llm-d/llm-d-latency-predictor-prediction', '…-prediction');
}

describe('ports and probes', () => {
  it.each([
    ['template', 8000],
    ['decode-template', 8001],
    ['worker-data-parallel', 8000],
    ['decode-worker-data-parallel', 8001],
  ])('of %s agree on port %i', (name, port) => {
    const main = mainOf(specWith([name]).template);
    expect(main.ports).toEqual([{ containerPort: port, protocol: 'TCP' }]);
    const probes = [main.startupProbe, main.readinessProbe, main.livenessProbe];
    const health = { path: '/health', port, scheme: 'HTTP' };
    expect(probes.map((probe) => probe?.httpGet)).toEqual([health, health, health]);
    expect(mainOf(specWith([name], {}, TLS).template).readinessProbe?.httpGet?.scheme).toBe('HTTPS');
  });

  it('are not there on workers, which answer no requests', () => {
    for (const name of ['worker-data-parallel', 'decode-worker-data-parallel']) {
      const { startupProbe, readinessProbe, livenessProbe } = mainOf(specWith([name]).worker);
      expect([startupProbe, readinessProbe, livenessProbe]).toEqual([undefined, undefined, undefined]);
    }
  });
});

describe('the routing sidecar', () => {
  const sidecarOf = (name: string, settings = {}): Container | undefined =>
    specWith([name], {}, settings).template?.initContainers?.find((each) => each.name === 'llm-d-routing-sidecar');

  it.each(['decode-template', 'decode-worker-data-parallel'])('of %s stands before vLLM', (name) => {
    expect(sidecarOf(name)).toMatchObject({
      restartPolicy: 'Always',
      ports: [{ containerPort: 8000, protocol: 'TCP' }],
      readinessProbe: { httpGet: { port: 8000, scheme: 'HTTP' } },
      command: [
        ...['/app/pd-sidecar', '--port=8000', '--vllm-port=8001', '--kv-connector=nixlv2'],
        ...['--enable-ssrf-protection=true', '--pool-group=inference.networking.k8s.io'],
        ...['--inference-pool=ns/svc-inference-pool', '--secure-proxy=false', '', '', ''],
      ],
    });
    expect(sidecarOf(name, TLS)?.command?.slice(-4)).toEqual([
      ...['--secure-proxy=true', '--cert-path=/var/run/kserve/tls', '--enable-tls=decoder', '--enable-tls=prefiller'],
    ]);
    expect(sidecarOf(name, TLS)?.readinessProbe?.httpGet?.scheme).toBe('HTTPS');
  });

  it.each(['template', 'worker-data-parallel'])('is not in %s', (name) => {
    expect(sidecarOf(name)).toBeUndefined();
  });
});

describe('devices', () => {
  const half = { worker: {}, parallelism: { tensor: 2, data: 16, dataLocal: 4 } };
  const limitOf = (pod: PartialPodSpec | undefined): unknown => mainOf(pod).resources?.limits?.[GPU];

  it('are asked for by every pod of a group, each half by its own parallelism', () => {
    const own = { ...half, prefill: { worker: {}, parallelism: { data: 3, dataLocal: 3 } } };
    const { spec, originOf } = resolvedWithPresets(service(own));
    expect([spec.template, spec.worker, spec.prefill?.template, spec.prefill?.worker].map(limitOf)).toEqual([
      ...['8', '8', '3', '3'],
    ]);
    const worker = `worker.containers[name=main].resources.limits[${GPU}]`;
    expect(originOf(worker)).toEqual({ step: 'devices from parallelism' });
    expect(originOf(`prefill.${worker}`)).toEqual({ step: 'devices from parallelism of prefill' });
  });

  it('named in one pod template are left alone there', () => {
    const resources = { limits: { 'amd.com/gpu': '1' } };
    const own = { ...half, worker: { containers: [{ name: 'main', resources }] } };
    const { spec } = resolvedWithPresets(service(own));
    expect(mainOf(spec.worker).resources).toEqual(resources);
    expect(limitOf(spec.template)).toBe('8');
  });

  it('that contradict the parallelism are a warning, wherever they stand', () => {
    const template = { containers: [{ name: 'main', resources: { limits: { [GPU]: '1' } } }] };
    const own = { prefill: { parallelism: { tensor: 4 }, template } };
    const warnings = resolvedWithPresets(service(own)).problems.filter(({ code }) => code === 'DeviceCountMismatch');
    expect(warnings).toMatchObject([
      { path: `spec.prefill.template.containers[name=main].resources.limits[${GPU}]`, requested: '1', expected: 4 },
    ]);
  });
});

it('base configs act on the command line: parallelism, grace period, offloading', () => {
  const base = {
    parallelism: { tensor: 2 },
    kvCacheOffloading: { cpu: '1Gi' },
    template: { terminationGracePeriodSeconds: 120 },
  };
  const own = service({ baseRefs: [{ name: 'base' }] });
  const [, , script] = mainOf(resolvedWithPresets(own, [config('base', base)]).spec.template).command ?? [];
  expect(script).toContain('--tensor-parallel-size 2');
  expect(script).toContain('--shutdown-timeout 100');
  expect(script).toContain(`--kv-transfer-config '{\\"kv_connector\\":\\"OffloadingConnector\\"`);
});

it('tracing has the defaults of the preset, under what the service says', () => {
  const { spec } = resolvedWithPresets(service({ tracing: { samplerArg: '1' } }));
  expect(spec.tracing).toEqual({
    exporterEndpoint: 'http://otel-collector:4317',
    exporter: 'otlp',
    sampler: 'parentbased_traceidratio',
    samplerArg: '1',
  });
});
