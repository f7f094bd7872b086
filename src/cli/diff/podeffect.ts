import { DEPLOYMENT } from '../../api/children.ts';
import { gvkKey, type KubeObject } from '../../api/object.ts';

/** What happens to the pods of a workload when a change of it is applied. */
export type PodEffect = 'none' | 'start' | 'scaleUp' | 'scaleDown' | 'restart' | 'stop';

/** How many pods a workload asks for; absent where that is left to others. */
export interface Replicas {
  readonly from?: number;
  readonly to?: number;
}

export interface Effect {
  readonly pods: PodEffect;
  /** For a workload whose pods are concerned. */
  readonly replicas?: Replicas;
}

/**
 * What a change does to pods. The Deployment controller replaces them exactly when the pod template changes, and otherwise
 * starts or ends as many as `replicas` says.
 *
 * @param fields the paths that differ
 */
export function effectOf(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  fields: readonly string[] = [],
): Effect {
  const workload = after ?? before;
  if (!workload || gvkKey(workload) !== gvkKey(DEPLOYMENT)) return { pods: 'none' };
  const from = replicasOf(before);
  const to = replicasOf(after);
  const pods = podsOf(before ? (from ?? USUAL) : 0, countAfter(before, after), fields);
  const known = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return pods === 'none' || Object.keys(known).length === 0 ? { pods } : { pods, replicas: known };
}

/** The API server's default. */
const USUAL = 1;

/** A number that is no longer said stays what it was. */
function countAfter(before: KubeObject | undefined, after: KubeObject | undefined): number {
  return after ? (replicasOf(after) ?? replicasOf(before) ?? USUAL) : 0;
}

function podsOf(from: number, to: number, fields: readonly string[]): PodEffect {
  if (from === 0) return to === 0 ? 'none' : 'start';
  if (to === 0) return 'stop';
  if (fields.some((field) => /^spec\.template\b/.test(field))) return 'restart';
  if (from === to) return 'none';
  return from < to ? 'scaleUp' : 'scaleDown';
}

function replicasOf(object: KubeObject | undefined): number | undefined {
  return (object as (KubeObject & { readonly spec?: { readonly replicas?: number } }) | undefined)?.spec?.replicas;
}
