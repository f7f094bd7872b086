import type { Condition, ConditionStatus, LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import { compact } from '../api/object.ts';

export type ConditionType =
  | 'Ready'
  | 'PresetsCombined'
  | 'WorkloadsReady'
  | 'RouterReady'
  | 'MainWorkloadReady'
  | 'WorkerWorkloadReady'
  | 'PrefillWorkloadReady'
  | 'PrefillWorkerWorkloadReady'
  | 'ScalingReady'
  | 'PrefillScalingReady'
  | 'GatewaysReady'
  | 'HTTPRoutesReady'
  | 'InferencePoolReady'
  | 'SchedulerWorkloadReady'
  | 'TokenizerReady'
  | 'Warning'
  | 'ConfigInUse';

/** What is said about one part of the service. A part that works needs no words. */
export interface Finding {
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
}

/** Findings by condition type; a type may have several until they are summed up. */
export type Findings = Partial<Record<ConditionType, readonly Finding[]>>;

/** Parts of `WorkloadsReady` and of `RouterReady`, in the order in which the first bad one gives reason and message. */
export const WORKLOAD_PARTS = [
  'MainWorkloadReady',
  'WorkerWorkloadReady',
  'PrefillWorkloadReady',
  'PrefillWorkerWorkloadReady',
] as const;
/** They belong to `WorkloadsReady` as well, but a stopped service has none. */
const SCALING_PARTS = ['ScalingReady', 'PrefillScalingReady'] as const;
export const ROUTER_PARTS = [
  'GatewaysReady',
  'HTTPRoutesReady',
  'InferencePoolReady',
  'SchedulerWorkloadReady',
  'TokenizerReady',
] as const;
const DEPENDENTS = ['PresetsCombined', 'WorkloadsReady', 'RouterReady'] as const;

/** The API server refuses longer messages of conditions. */
const LONGEST_MESSAGE = 32_768;

/**
 * The whole of `status.conditions`: parts, roll-ups and `Ready`, sorted by type.
 *
 * Types and severities are KServe's; the roll-ups are not: False if any part is False, else Unknown if any is Unknown,
 * else True. A condition of which nothing but the time would change keeps its `lastTransitionTime`; all others get
 * `now` (RFC 3339). A type without findings is left out, except the three that `Ready` depends on.
 */
export function conditionsOf(findings: Findings, previous: readonly Condition[], now: string): readonly Condition[] {
  const parts = new Map<ConditionType, Finding>();
  for (const [type, list] of Object.entries(findings) as [ConditionType, readonly Finding[]][]) {
    if (list.length > 0) parts.set(type, sumUp(list));
  }
  addRollUp(parts, 'WorkloadsReady', [...WORKLOAD_PARTS, ...SCALING_PARTS]);
  addRollUp(parts, 'RouterReady', ROUTER_PARTS);
  if (!parts.has('PresetsCombined')) parts.set('PresetsCombined', { status: 'True' });
  addRollUp(parts, 'Ready', DEPENDENTS);
  return [...parts]
    .map(([type, finding]) => conditionOf(type, finding, previous, now))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

/**
 * One finding out of several about the same part: the worst status wins, the first finding of that status gives the
 * reason, and all different messages of that status are kept, in order.
 */
export function sumUp(findings: readonly Finding[]): Finding {
  const status = worst(findings.map((finding) => finding.status));
  const same = findings.filter((finding) => finding.status === status);
  const messages = [...new Set(same.map((finding) => finding.message ?? '').filter((message) => message !== ''))];
  return compact({
    status,
    reason: same.find((finding) => finding.reason)?.reason,
    message: messages.length > 0 ? messages.join(' ') : undefined,
  });
}

/**
 * What the parts, in this order, amount to: the first False one is copied, else the first Unknown one, else True. Parts
 * that are not there count as fine.
 */
export function rollUp(parts: readonly (Finding | undefined)[]): Finding {
  const present = parts.filter((part) => part !== undefined);
  return (
    present.find((part) => part.status === 'False') ??
    present.find((part) => part.status === 'Unknown') ?? { status: 'True' }
  );
}

/** The text within `limit` bytes of UTF-8, cut between characters and marked with an ellipsis where it was longer. */
export function truncate(text: string, limit: number = LONGEST_MESSAGE): string {
  const encoder = new TextEncoder();
  if (encoder.encode(text).length <= limit) return text;
  const room = new Uint8Array(Math.max(0, limit - 3));
  const { read } = encoder.encodeInto(text, room);
  return `${text.slice(0, read)}…`;
}

/** A roll-up does not replace what was found about the whole itself. */
function addRollUp(
  parts: Map<ConditionType, Finding>,
  type: 'Ready' | 'WorkloadsReady' | 'RouterReady',
  of: readonly ConditionType[],
): void {
  parts.set(type, rollUp([...of.map((part) => parts.get(part)), parts.get(type)]));
}

/** Whether a service is ready, as its status says; Unknown while it says nothing. */
export function readiness(status: LLMInferenceServiceStatus | undefined): ConditionStatus {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}

/**
 * One condition out of a finding. One of which nothing but the time would change keeps its `lastTransitionTime`; all
 * others get `now` (RFC 3339).
 */
export function conditionOf(
  type: ConditionType,
  finding: Finding,
  previous: readonly Condition[],
  now: string,
): Condition {
  const content = compact({
    type,
    status: finding.status,
    severity: type === 'Ready' || isDependent(type) ? undefined : ('Info' as const),
    reason: finding.reason,
    message: finding.message === undefined ? undefined : truncate(finding.message),
  });
  const before = previous.find((condition) => condition.type === type);
  const same =
    before !== undefined &&
    before.status === content.status &&
    (before.severity ?? '') === (content.severity ?? '') &&
    (before.reason ?? '') === (content.reason ?? '') &&
    (before.message ?? '') === (content.message ?? '');
  return { ...content, lastTransitionTime: same ? before.lastTransitionTime : now };
}

function isDependent(type: ConditionType): boolean {
  return (DEPENDENTS as readonly ConditionType[]).includes(type);
}

function worst(statuses: readonly ConditionStatus[]): ConditionStatus {
  return statuses.includes('False') ? 'False' : statuses.includes('Unknown') ? 'Unknown' : 'True';
}
