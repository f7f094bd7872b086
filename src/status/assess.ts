import type { LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import { compact } from '../api/object.ts';
import { ANNOTATION_DEVICES, ANNOTATION_VALIDATED } from '../api/wellknown.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Settings } from '../api/settings.ts';
import type { Snapshot } from '../api/snapshot.ts';
import type { Effective } from '../config/effective.ts';
import type { Plan } from '../render/plan.ts';
import {
  type ConditionType,
  conditionsOf,
  type Finding,
  type Findings,
  ROUTER_PARTS,
  WORKLOAD_PARTS,
} from './conditions.ts';
import { deviceAnnotation } from './devices.ts';
import { type ReadyEvent, readyEvents } from './events.ts';
import { type Verdict, verdictOf } from './problems.ts';
import { assessRouting } from './routing.ts';
import { assessWorkload } from './workload.ts';

export interface AssessInput {
  readonly effective: Effective;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  /** RFC 3339. */
  readonly now: string;
}

export interface Assessment {
  /** The whole status, as it shall be. */
  readonly status: LLMInferenceServiceStatus;
  readonly events: readonly ReadyEvent[];
  /** `backoff`: something is wrong that no watched object will tell about when it is gone. */
  readonly retry: 'none' | 'backoff';
  /** Others have to act first, and nothing that is watched will tell when they did. */
  readonly requeueAfterSeconds?: number;
}

/**
 * What the status of a service says, from its effective spec, its plan, what applying it came to, and what is seen in
 * the cluster. Follows KServe's conditions with the differences that `docs/decisions.md` lists.
 */
export function assess(input: AssessInput): Assessment {
  const { effective, plan, outcomes, settings, now } = input;
  const { service } = effective;
  const before = service.status ?? {};
  const known = [
    ...effective.problems,
    ...plan.problems,
    ...outcomes.flatMap(({ problem }) => (problem ? [problem] : [])),
  ];
  const seen = effective.stopped ? NOTHING : observe(input);
  const verdicts = [...known, ...seen.problems].map((problem) => verdictOf(problem, settings));
  const findings = effective.stopped ? stopped(verdicts) : joined(verdicts, seen.findings, effective.combined);
  const conditions = conditionsOf(findings, before.conditions ?? [], now);
  const { [ANNOTATION_DEVICES]: _devices, ...pinned } = before.annotations ?? {};
  const annotations = { ...pinned, ...effective.pins, ...deviceAnnotation(effective), ...validation(effective) };
  return {
    status: compact({
      observedGeneration: service.metadata.generation,
      ...seen.status,
      conditions,
      annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
      appliedConfigs: effective.appliedConfigs ?? (keepsApplied(effective) ? before.appliedConfigs : undefined),
    }),
    events: readyEvents(service.metadata.name, before.conditions ?? [], conditions),
    retry: verdicts.some(({ retry }) => retry === 'backoff') ? 'backoff' : 'none',
    ...(verdicts.some(({ retry }) => retry === 'later') ? { requeueAfterSeconds: LATER_SECONDS } : {}),
  };
}

/** As long as the longest backoff. */
const LATER_SECONDS = 300;

/** Kept until another spec is accepted: it is named by its content, and a restarted operator need not ask again. */
function validation({ validated }: Effective): Readonly<Record<string, string>> {
  return validated === undefined ? {} : { [ANNOTATION_VALIDATED]: validated };
}

/** They are cleared by an error, but not for a stopped service, nor while something is still to be read. */
function keepsApplied({ stopped: isStopped, problems }: AssessInput['effective']): boolean {
  return isStopped || problems.length === 0;
}

type Seen = Pick<ReturnType<typeof assessRouting>, 'findings' | 'problems'> & {
  readonly status: LLMInferenceServiceStatus;
};

/** A stopped service has no children, and no URL that would answer. */
const NOTHING: Seen = { findings: {}, problems: [], status: {} };

function observe({ effective, plan, outcomes, snapshot, settings }: AssessInput): Seen {
  const { service, combined } = effective;
  const workload = assessWorkload({ service, combined, plan, outcomes, snapshot });
  const routing = assessRouting({ effective, plan, outcomes, snapshot, settings });
  return {
    findings: { ...routing.findings, ...(workload.finding ? { MainWorkloadReady: [workload.finding] } : {}) },
    problems: routing.problems,
    status: compact({ ...routing.status, workloads: workload.workloads }),
  };
}

/** Problems first: the reason of a condition is a known problem before it is something observed. */
function joined(verdicts: readonly Verdict[], observed: Findings, combined: boolean): Findings {
  const types = new Set([...verdicts.map(({ condition }) => condition), ...(Object.keys(observed) as ConditionType[])]);
  const findings: Partial<Record<ConditionType, readonly Finding[]>> = Object.fromEntries(
    [...types].map((type) => [
      type,
      [...verdicts.filter(({ condition }) => condition === type), ...(observed[type] ?? [])],
    ]),
  );
  if (combined) return findings;
  return {
    ...findings,
    PresetsCombined: findings.PresetsCombined ?? [WAITING],
    ...(has(findings, WORKLOAD_PARTS) ? {} : { WorkloadsReady: [NOT_COMBINED] }),
    ...(has(findings, ROUTER_PARTS) ? {} : { RouterReady: [NOT_COMBINED] }),
  };
}

const WAITING: Finding = { status: 'Unknown', reason: 'Progressing', message: 'The configs are being read.' };
const NOT_COMBINED: Finding = {
  status: 'Unknown',
  reason: 'PresetsNotCombined',
  message: 'Nothing is created before the configs can be combined: see condition PresetsCombined.',
};

function has(findings: Findings, types: readonly ConditionType[]): boolean {
  return types.some((type) => (findings[type] ?? []).length > 0);
}

/** KServe's picture of a stopped service: every part is stopped, also those that it never had. */
function stopped(verdicts: readonly Verdict[]): Findings {
  const findings = [...WORKLOAD_PARTS, ...ROUTER_PARTS].map((type) => [type, [stoppedBut(warningsOf(verdicts, type))]]);
  const combination = warningsOf(verdicts, 'PresetsCombined');
  return {
    ...Object.fromEntries(findings),
    ...(combination === '' ? {} : { PresetsCombined: [stoppedBut(combination)] }),
  };
}

function stoppedBut(warning: string): Finding {
  const message = warning === '' ? 'Service is stopped' : `Service is stopped with warning: ${warning}`;
  return { status: 'False', reason: 'Stopped', message };
}

function warningsOf(verdicts: readonly Verdict[], type: ConditionType): string {
  return [...new Set(verdicts.filter(({ condition }) => condition === type).map(({ message }) => message))].join(' ');
}
