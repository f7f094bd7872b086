import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseServeArguments } from '../../local/modelserver/arguments.ts';
import type { Container } from '../../src/api/children.ts';
import type { Settings } from '../../src/api/settings.ts';
import { flagFaults } from '../../src/cli/vllm/flags.ts';
import { type LaunchOptions, launched, mainOf, specWith } from './presetinput.ts';

interface Script {
  readonly presets: readonly string[];
  readonly port: number;
  /** Which half of the service its values come from. */
  readonly half?: 'prefill';
  readonly pod: 'template' | 'worker';
  readonly group?: 'leader' | 'worker';
}

const SCRIPTS: Readonly<Record<string, Script>> = {
  'one node': { presets: ['template'], port: 8000, pod: 'template' },
  decode: { presets: ['decode-template'], port: 8001, pod: 'template' },
  prefill: { presets: ['prefill-template'], port: 8000, half: 'prefill', pod: 'template' },
  leader: { presets: ['worker-data-parallel'], port: 8000, pod: 'template', group: 'leader' },
  worker: { presets: ['worker-data-parallel'], port: 8000, pod: 'worker', group: 'worker' },
  'decode leader': { presets: ['decode-worker-data-parallel'], port: 8001, pod: 'template', group: 'leader' },
  'decode worker': { presets: ['decode-worker-data-parallel'], port: 8001, pod: 'worker', group: 'worker' },
  'prefill leader': {
    presets: ['prefill-worker-data-parallel'],
    port: 8000,
    half: 'prefill',
    pod: 'template',
    group: 'leader',
  },
  'prefill worker': {
    presets: ['prefill-worker-data-parallel'],
    port: 8000,
    half: 'prefill',
    pod: 'worker',
    group: 'worker',
  },
};

const GROUP = { LWS_LEADER_ADDRESS: 'svc-0.svc.ns', LWS_WORKER_INDEX: '2', LWS_GROUP_SIZE: '4' };
const ALL = Object.entries(SCRIPTS);
const GROUPS = ALL.filter(([, { group }]) => group !== undefined);

/** The container of a script, for a service whose half says `own` and whose model is `model`. */
function container(script: Script, own: object, settings: Partial<Settings> = {}, model = 'm'): Container {
  const { presets, half, pod } = script;
  const spec = specWith(
    presets,
    { model: { uri: 'hf://org/m', name: model }, ...(half ? { [half]: own } : own) },
    settings,
  );
  return mainOf((half ? spec[half] : spec)?.[pod]);
}

/** The words that `vllm` is started with; all of them are known to the real program. */
function argvOf(main: Container, options: LaunchOptions = {}): readonly string[] {
  return launched(main, { ...options, env: { ...GROUP, ...options.env } }, ({ argv = [], code, stderr }) => {
    expect([code, stderr]).toEqual([0, '']);
    expect(argv[0]).toBe('serve');
    expect(flagFaults(argv.slice(1))).toEqual([]);
    parseServeArguments(argv.slice(1));
    return argv;
  });
}

/** What follows a flag, up to the next one; undefined when the flag is not there. */
function valuesOf(argv: readonly string[], flag: string): readonly string[] | undefined {
  const at = argv.indexOf(flag);
  if (at < 0) return undefined;
  const rest = argv.slice(at + 1);
  const end = rest.findIndex((word) => word.startsWith('--'));
  return end < 0 ? rest : rest.slice(0, end);
}

describe.each(ALL)('the launch script of %s', (_name, script) => {
  it('serves the model under both of its names, and nothing that was not asked for', () => {
    const group = ['--data-parallel-address', '10.0.0.7'];
    const expected: Readonly<Record<string, readonly string[]>> = {
      leader: [...group, '--api-server-count', '8'],
      worker: [...group, '--headless'],
    };
    expect(argvOf(container(script, {}))).toEqual([
      ...['serve', '/mnt/models', '--served-model-name', 'm', 'publishers/ns/models/m', '--port', String(script.port)],
      ...['--disable-access-log-for-endpoints', '/health,/metrics,/ping', '--shutdown-timeout', '40'],
      ...(expected[script.group ?? ''] ?? []),
    ]);
  });

  it('takes args and VLLM_ADDITIONAL_ARGS as words of a shell, args last', () => {
    const args = ['--max-model-len', '8192', `--hf-overrides '{"a": "b c"}'`, '--seed 1'];
    const additional = `--chat-template "two words"\n  --override-generation-config='{"top_k": 5}'`;
    const argv = argvOf({ ...container(script, {}), args }, { env: { VLLM_ADDITIONAL_ARGS: additional } });
    expect(argv.slice(argv.indexOf('--chat-template'))).toEqual([
      ...['--chat-template', 'two words', '--override-generation-config={"top_k": 5}'],
      ...['--max-model-len', '8192', '--hf-overrides', '{"a": "b c"}', '--seed', '1'],
    ]);
  });

  it.each([
    ['a quote that is not closed', `--chat-template "open`],
    ['a second command', '--seed 1; touch executed'],
    ['a pipe', '--seed 1 | tee executed'],
  ])('does not start vLLM with %s', (_what, additional) => {
    launched(container(script, {}), { env: { ...GROUP, VLLM_ADDITIONAL_ARGS: additional } }, (run) => {
      expect(run).toMatchObject({ code: 2 });
      expect(run.argv).toBeUndefined();
      expect(run.stderr).toContain('VLLM_ADDITIONAL_ARGS and the args of the container have to be words of a shell');
      expect(existsSync(join(run.folder, 'executed'))).toBe(false);
    });
  });

  it('says the parallelism, and with tensor unset no flag for it', () => {
    const argv = argvOf(container(script, { parallelism: { tensor: 4, expert: true, data: 16, dataLocal: 2 } }));
    expect(valuesOf(argv, '--tensor-parallel-size')).toEqual(['4']);
    expect(argv).toContain('--enable-expert-parallel');
    expect(valuesOf(argv, '--data-parallel-size')).toEqual([script.group ? '16' : '2']);
    const without = argvOf(container(script, { parallelism: { data: 16, dataLocal: 2 } }));
    expect(without).not.toContain('--tensor-parallel-size');
    expect(without).not.toContain('--enable-expert-parallel');
  });

  it('hands over the offloading of the cache as one word of JSON, which args replace', () => {
    const secondary = [{ fileSystem: { emptyDir: { size: '1Gi' } } }];
    const offloading = { kvCacheOffloading: { cpu: '10Gi', evictionPolicy: 'arc', secondary } };
    const argv = argvOf(container(script, offloading));
    expect(JSON.parse(valuesOf(argv, '--kv-transfer-config')?.join('|') ?? '')).toEqual({
      kv_connector: 'OffloadingConnector',
      kv_connector_extra_config: {
        cpu_bytes_to_use: 10 * 1024 ** 3,
        eviction_policy: 'arc',
        secondary_tiers: [{ root_dir: '/mnt/kv-cache-0', type: 'fs' }],
        spec_name: 'TieringOffloadingSpec',
      },
      kv_role: 'kv_both',
    });
    const env = { VLLM_ADDITIONAL_ARGS: `--kv_transfer_config '{"kv_connector":"NixlConnector","kv_role":"kv_both"}'` };
    const both = argvOf(container(script, offloading), { env });
    // vLLM takes the last one.
    expect(both.indexOf('--kv-transfer-config')).toBeLessThan(both.indexOf('--kv_transfer_config'));
  });

  it('takes certificates with TLS only', () => {
    const plain = argvOf(container(script, {}));
    const encrypted = argvOf(container(script, {}, { enableTLS: true }));
    expect(encrypted.filter((word) => !plain.includes(word))).toEqual([
      ...['--ssl-certfile', '/var/run/kserve/tls/tls.crt', '--ssl-keyfile', '/var/run/kserve/tls/tls.key'],
      '--enable-ssl-refresh',
    ]);
  });

  it('gives vLLM the grace period without 15 seconds for the gateway and 5 to spare', () => {
    const argv = argvOf(container(script, { [script.pod]: { terminationGracePeriodSeconds: 300 } }));
    expect(valuesOf(argv, '--shutdown-timeout')).toEqual(['280']);
  });

  it.each([
    'a b',
    `it's`,
    '$(touch executed)',
    '`touch executed`',
    '; touch executed #',
    '$HOME ${PATH} $1',
    '*',
    '&& touch executed',
  ])('serves a model of the name %j and executes nothing', (name) => {
    const main = container(script, {}, {}, name);
    launched(main, { env: GROUP }, ({ argv = [], folder }) => {
      expect(valuesOf(argv, '--served-model-name')).toEqual([name, `publishers/ns/models/${name}`]);
      expect(existsSync(join(folder, 'executed'))).toBe(false);
    });
  });
});

describe.each(GROUPS)('the launch script of %s', (_name, script) => {
  const own = { parallelism: { data: 16, dataLocal: 4, dataRPCPort: 6000 } };

  it('finds its place in the group', () => {
    const argv = argvOf(container(script, own));
    expect(valuesOf(argv, '--data-parallel-size')).toEqual(['16']);
    expect(valuesOf(argv, '--data-parallel-size-local')).toEqual(['4']);
    expect(valuesOf(argv, '--data-parallel-rpc-port')).toEqual(['6000']);
    const rest = argvOf(container(script, { parallelism: { data: 16, dataLocal: 4 } }));
    expect(valuesOf(rest, '--data-parallel-rpc-port')).toEqual(['5555']);
    // On a leader a start rank, even 0, would switch vLLM to balancing over its own ranks only.
    expect(valuesOf(argv, '--data-parallel-start-rank')).toEqual(script.group === 'worker' ? ['8'] : undefined);
    expect(argv.includes('--headless')).toBe(script.group === 'worker');
  });

  it('waits for the name of the leader to resolve', () => {
    const argv = argvOf(container(script, own), { unresolved: 3 });
    expect(valuesOf(argv, '--data-parallel-address')).toEqual(['10.0.0.7']);
  });

  it('tries the name itself in the end, and says so', () => {
    const env = { ...GROUP, DP_ADDRESS_RESOLVE_ATTEMPTS: '2' };
    launched(container(script, own), { env, unresolved: 2 }, ({ argv = [], stderr }) => {
      expect(valuesOf(argv, '--data-parallel-address')).toEqual(['svc-0.svc.ns']);
      expect(stderr).toBe('svc-0.svc.ns, the leader of the group, does not resolve; trying its name.\n');
    });
  });

  it('starts as many API servers as it is told to, on the leader', () => {
    const argv = argvOf(container(script, own), { env: { VLLM_API_SERVER_COUNT: '3' } });
    expect(valuesOf(argv, '--api-server-count')).toEqual(script.group === 'leader' ? ['3'] : undefined);
  });
});

describe('the tokenizer', () => {
  const tokenizerOf = (settings: Partial<Settings> = {}): Container =>
    mainOf(specWith(['tokenizer'], {}, settings).router?.scheduler?.tokenizer?.template);
  const RENDER = ['launch', 'render', '/mnt/models/base', '--port', '8000'];

  it('renders the base model, with certificates when TLS is on', () => {
    launched(tokenizerOf(), {}, ({ argv }) => expect(argv).toEqual(RENDER));
    launched(tokenizerOf({ enableTLS: true }), {}, ({ argv = [] }) => {
      expect(argv.slice(0, 6)).toEqual([...RENDER, '--ssl-certfile']);
      expect(flagFaults(argv.slice(2))).toEqual([]);
    });
  });

  it('takes args as they are', () => {
    const args = ['--chat-template', 'a $(touch executed) "b"'];
    launched({ ...tokenizerOf(), args }, {}, (run) => {
      expect(run.argv).toEqual([...RENDER, '--chat-template', 'a $(touch executed) "b"']);
      expect(existsSync(join(run.folder, 'executed'))).toBe(false);
    });
  });
});
