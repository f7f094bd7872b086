import { array, boolean, constant, constantFrom, integer, option, property, record } from 'fast-check';
import type { LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { config, service } from '../shell/configinput.ts';
import { resolvedWithPresets } from '../shell/presetinput.ts';
import { holds } from '../support/runs.ts';

const optional = <T>(arbitrary: Parameters<typeof option<T>>[0]): ReturnType<typeof option<T, undefined>> =>
  option(arbitrary, { nil: undefined });

const podTemplate = record({
  terminationGracePeriodSeconds: optional(integer({ min: 0, max: 3600 })),
  containers: optional(
    array(constantFrom({ name: 'main', args: ['--seed', '1'] }, { name: 'side', image: 'x' }), { maxLength: 1 }),
  ),
});

const parallelism = record({
  tensor: optional(integer({ min: 1, max: 8 })),
  expert: optional(boolean()),
  dataRPCPort: optional(integer({ min: 1, max: 65_535 })),
});

const offloading = record({
  cpu: constantFrom('1Gi', '1.5', '10G'),
  evictionPolicy: optional(constantFrom('lru', 'arc')),
  secondary: optional(array(constant({ fileSystem: { emptyDir: { size: '1Gi' } } }), { maxLength: 2 })),
});

/** A half of a service, on one node or, with data parallelism, on several. */
const half = record({
  template: optional(podTemplate),
  worker: optional(podTemplate),
  parallelism: optional(parallelism),
  kvCacheOffloading: optional(offloading),
}).map((workload) =>
  workload.worker ? { ...workload, parallelism: { ...workload.parallelism, data: 8, dataLocal: 2 } } : workload,
);

const scheduler = record({
  tokenizer: optional(constant({})),
  config: optional(
    constantFrom('predicted-latency-producer', 'token-producer', 'queue-scorer').map((type) => ({
      inline: { kind: 'EndpointPickerConfig', plugins: [{ type }] },
    })),
  ),
  pool: optional(constant({ ref: { name: 'others' } })),
});

const spec = record({
  own: half,
  prefill: optional(half),
  router: optional(record({ route: optional(constant({})), gateway: constant({}), scheduler: optional(scheduler) })),
  tracing: optional(constant({})),
}).map(({ own, ...rest }) => ({ ...own, ...rest }));

/** Without what is undefined, as a file would say it. */
const plain = (value: unknown): LLMInferenceServiceSpec => JSON.parse(JSON.stringify(value)) as LLMInferenceServiceSpec;

describe('the presets', () => {
  it('combine with every service, wherever its parts stand, with TLS and without', () => {
    holds(
      property(spec, boolean(), boolean(), (random, shared, enableTLS) => {
        const model = { uri: 'hf://org/m', name: 'm' };
        const own = service(shared ? { model, baseRefs: [{ name: 'base' }] } : { model, ...plain(random) });
        const configs = shared ? [config('base', plain(random))] : [];
        const effective = resolvedWithPresets(own, configs, { enableTLS });
        const errors = effective.problems.filter(({ code }) => code !== 'UnbuiltFeature');
        expect(errors).toEqual([]);
        expect(effective.combined).toBe(true);
        expect(JSON.stringify(effective.spec)).not.toMatch(/\{\{|<nil>|<no value>|%!/);
      }),
      300,
    );
  });
});
