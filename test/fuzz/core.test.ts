import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import { installedPresets } from '../support/presets.ts';
import { corePass } from '../support/wholecore.ts';
import { generated } from './objects.ts';
import { again, RUNS, SEED } from '../support/runs.ts';
import { silences } from './sentences.ts';

const PRESETS = installedPresets();
/** The core is fast: more is tried than a cluster could take. */
const TIMES = 10;
const MOST_MS = 2_000;

it('the core has an answer to every service, whatever is in it or in its configs', () => {
  const failures: string[] = [];
  for (let seed = SEED; seed < SEED + RUNS * TIMES; seed += 1) {
    const service = generated('service', 'fuzz', seed) as LLMInferenceService;
    const configs = ['base-0', 'base-1'].map((name, index) => generated('config', name, seed + index));
    const metadata = { ...service.metadata, uid: 'u', generation: 1 };
    const started = performance.now();
    try {
      const { conditions } = corePass({ ...service, metadata }, [...PRESETS, ...configs]);
      const found = silences({ ...service, metadata, status: { conditions, observedGeneration: 1 } });
      if (found.length > 0) failures.push(`${again(seed)}: ${found.join('; ')}`);
    } catch (error) {
      failures.push(`${again(seed)}: ${(error as Error).stack?.split('\n').slice(0, 4).join('')}`);
    }
    if (performance.now() - started > MOST_MS) failures.push(`${again(seed)}: takes longer than ${MOST_MS} ms`);
  }
  expect(failures).toEqual([]);
}, 3_600_000);
