import type { LLMInferenceServiceSpec, ParallelismSpec, WorkloadSpec } from '../api/llmisvc.ts';
import type { Invalid } from './validate.ts';

const HIGHEST_PORT = 65_535;
/** The counts of a service are 32-bit integers. */
const LARGEST = 0x7fffffff;

/** KServe's rules for `parallelism`, and for `worker`, which needs it, at `spec` and at `spec.prefill`. */
export function parallelismProblems(spec: LLMInferenceServiceSpec): readonly Invalid[] {
  return workloads(spec).flatMap(([workload, at]) => {
    const { parallelism } = workload;
    const problems = parallelism ? [...rangeProblems(parallelism), ...combinationProblems(parallelism)] : [];
    return [
      ...problems.map((problem) => ({ ...problem, path: `${at}.parallelism${problem.path}` })),
      ...workerProblems(workload, at),
    ];
  });
}

function workloads(spec: LLMInferenceServiceSpec): readonly (readonly [WorkloadSpec, string])[] {
  return spec.prefill
    ? [
        [spec, 'spec'],
        [spec.prefill, 'spec.prefill'],
      ]
    : [[spec, 'spec']];
}

function workerProblems({ worker, parallelism }: WorkloadSpec, at: string): readonly Invalid[] {
  if (!worker || parallelism?.pipeline || parallelism?.data || parallelism?.dataLocal) return [];
  const allowed = `used with ${at}.parallelism.pipeline, or with data and dataLocal: they say how many nodes a model spans`;
  return [{ part: 'workload', path: `${at}.worker`, found: 'set without parallelism', allowed }];
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
  return { part: 'workload', path: field, found, allowed };
}

/** KServe's rules for `rolloutStrategy`. Whether both values are zero is asked for a single pod, as KServe does. */
export function rolloutProblems(spec: LLMInferenceServiceSpec): readonly Invalid[] {
  return workloads(spec).flatMap(([workload, at]) => strategyProblems(workload, `${at}.rolloutStrategy`));
}

function strategyProblems({ rolloutStrategy, worker }: WorkloadSpec, path: string): readonly Invalid[] {
  if (!rolloutStrategy) return [];
  const { maxUnavailable, maxSurge } = rolloutStrategy;
  const problems = Object.entries({ maxUnavailable, maxSurge }).flatMap(([name, value]) =>
    valueProblem(`${path}.${name}`, value),
  );
  if (problems.length > 0 || maxUnavailable === undefined) return problems;
  if (maxSurge === undefined) {
    if (!worker || amount(maxUnavailable, Math.floor) > 0) return [];
    const allowed = `at least 1, because maxUnavailable ${maxUnavailable} counts as 0 and workers are replaced group by group`;
    return [{ part: 'workload', path: `${path}.maxSurge`, found: 'not set', allowed }];
  }
  if (amount(maxUnavailable, Math.floor) > 0 || amount(maxSurge, Math.ceil) > 0) return [];
  const found = `maxUnavailable ${maxUnavailable} and maxSurge ${maxSurge}`;
  const allowed = 'not both zero, or no update could ever proceed (a maxUnavailable below 100% counts as zero)';
  return [{ part: 'workload', path, found, allowed }];
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
