import type { LLMInferenceServiceSpec, ParallelismSpec } from '../api/llmisvc.ts';
import type { Invalid } from './validate.ts';

const PARALLELISM = 'spec.parallelism';
const HIGHEST_PORT = 65_535;
/** The counts of a service are 32-bit integers. */
const LARGEST = 0x7fffffff;

/** KServe's rules for `spec.parallelism`. */
export function parallelismProblems({ parallelism }: LLMInferenceServiceSpec): readonly Invalid[] {
  if (!parallelism) return [];
  return [...rangeProblems(parallelism), ...combinationProblems(parallelism)];
}

function rangeProblems(parallelism: ParallelismSpec): readonly Invalid[] {
  const { tensor, pipeline, data, dataLocal, dataRPCPort } = parallelism;
  const counts = Object.entries({ tensor, pipeline, data, dataLocal }).flatMap(([name, value]) =>
    value === undefined || (value >= 1 && value <= LARGEST)
      ? []
      : [invalid(`.${name}`, String(value), 'an integer of at least 1')],
  );
  if (dataRPCPort === undefined || (dataRPCPort >= 1 && dataRPCPort <= HIGHEST_PORT)) return counts;
  return [...counts, invalid('.dataRPCPort', String(dataRPCPort), `a port from 1 to ${HIGHEST_PORT}`)];
}

function combinationProblems({ pipeline, data, dataLocal }: ParallelismSpec): readonly Invalid[] {
  const problems: Invalid[] = [];
  if ((pipeline ?? 0) > 0 && ((data ?? 0) > 0 || (dataLocal ?? 0) > 0)) {
    problems.push(invalid('', 'both pipeline and data parallelism', 'pipeline, or data with dataLocal, but not both'));
  }
  if (data !== undefined && dataLocal === undefined) {
    problems.push(invalid('.dataLocal', 'not set', 'a value, because spec.parallelism.data is set'));
  }
  if (dataLocal !== undefined && data === undefined) {
    problems.push(invalid('.data', 'not set', 'a value, because spec.parallelism.dataLocal is set'));
  }
  return problems;
}

function invalid(field: string, found: string, allowed: string): Invalid {
  return { part: 'workload', path: PARALLELISM + field, found, allowed };
}

const ROLLOUT = 'spec.rolloutStrategy';

/** KServe's rules for `spec.rolloutStrategy`. Whether both values are zero is asked for a single pod, as KServe does. */
export function rolloutProblems({ rolloutStrategy }: LLMInferenceServiceSpec): readonly Invalid[] {
  if (!rolloutStrategy) return [];
  const { maxUnavailable, maxSurge } = rolloutStrategy;
  const problems = Object.entries({ maxUnavailable, maxSurge }).flatMap(([name, value]) =>
    valueProblem(`${ROLLOUT}.${name}`, value),
  );
  if (problems.length > 0 || maxUnavailable === undefined || maxSurge === undefined) return problems;
  if (amount(maxUnavailable, Math.floor) > 0 || amount(maxSurge, Math.ceil) > 0) return [];
  const found = `maxUnavailable ${maxUnavailable} and maxSurge ${maxSurge}`;
  const allowed = 'not both zero, or no update could ever proceed (a maxUnavailable below 100% counts as zero)';
  return [{ part: 'workload', path: ROLLOUT, found, allowed }];
}

function valueProblem(path: string, value: number | string | undefined): readonly Invalid[] {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return [];
  if (typeof value === 'string' && /^\d+%$/.test(value) && Number.parseInt(value, 10) <= 100) return [];
  return [
    {
      part: 'workload',
      path,
      found: JSON.stringify(value),
      allowed: 'an integer of at least 0, or a percentage from 0% to 100%',
    },
  ];
}

function amount(value: number | string, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round(Number.parseInt(value, 10) / 100);
}
