import type { FileSystemTier, KVCacheOffloadingSpec, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { parseQuantity } from '../api/quantity.ts';
import type { Invalid } from './validate.ts';

const EVICTION = ['lru', 'arc'];

/** KServe's rules for `kvCacheOffloading` of the workload at `spec` and at `spec.prefill`. */
export function kvCacheProblems(spec: LLMInferenceServiceSpec): readonly Invalid[] {
  return [
    ...offloadingProblems(spec.kvCacheOffloading, 'spec.kvCacheOffloading'),
    ...offloadingProblems(spec.prefill?.kvCacheOffloading, 'spec.prefill.kvCacheOffloading'),
  ];
}

function offloadingProblems(offloading: KVCacheOffloadingSpec | undefined, path: string): readonly Invalid[] {
  if (!offloading) return [];
  const { cpu, evictionPolicy, secondary = [] } = offloading;
  const amount = parseQuantity(cpu);
  const problems: Invalid[] = [];
  if (!amount || (secondary.length > 0 && amount.nano === 0n)) {
    const allowed = secondary.length > 0 ? 'a quantity of more than 0, such as 10Gi' : 'a quantity, such as 10Gi';
    problems.push(invalid(`${path}.cpu`, cpu === undefined ? 'not set' : String(cpu), allowed));
  }
  if (evictionPolicy && !EVICTION.includes(evictionPolicy)) {
    problems.push(invalid(`${path}.evictionPolicy`, JSON.stringify(evictionPolicy), EVICTION.join(', ')));
  }
  return [
    ...problems,
    ...secondary.flatMap(({ fileSystem }, index) => tierProblems(fileSystem, `${path}.secondary[${index}].fileSystem`)),
  ];
}

function tierProblems(tier: FileSystemTier | undefined, path: string): readonly Invalid[] {
  if (!tier) return [invalid(path, 'not set', 'a file system: it is the only kind of secondary tier')];
  const { emptyDir, pvc } = tier;
  if (Boolean(emptyDir) === Boolean(pvc)) {
    return [invalid(path, emptyDir ? 'both emptyDir and pvc' : 'neither emptyDir nor pvc', 'exactly one of the two')];
  }
  if (!pvc) return [];
  if (Boolean(pvc.spec) === Boolean(pvc.ref)) {
    return [invalid(`${path}.pvc`, pvc.spec ? 'both spec and ref' : 'neither spec nor ref', 'exactly one of the two')];
  }
  if (!pvc.ref || pvc.ref.name) return [];
  return [invalid(`${path}.pvc.ref.name`, 'not set', 'the name of a PersistentVolumeClaim')];
}

function invalid(path: string, found: string, allowed: string): Invalid {
  return { part: 'workload', path, found, allowed };
}
