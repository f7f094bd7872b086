import type { Deployment, Pod } from '../api/children.ts';
import { DEPLOYMENT, POD, SERVICE } from '../api/children.ts';
import type { Condition, LLMInferenceService, LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import { type Ref, describe } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import { type Answer, type Snapshot, view } from '../api/snapshot.ts';
import { LABEL_NAME, LABEL_PART_OF, PART_OF, deploymentName, workloadServiceName } from '../api/wellknown.ts';
import type { Plan } from '../render/plan.ts';
import type { Finding } from './conditions.ts';
import { type Identity, PRESENCE, identityOf, observeChild } from './observed.ts';
import { type Cause, causeOf } from './pods.ts';
import { POD_VIEW, type PodState } from './podstate.ts';
import { ended } from './sentence.ts';

export interface WorkloadInput {
  readonly service: LLMInferenceService;
  /** Whether the spec could be combined, so that the plan says which children there shall be. */
  readonly combined: boolean;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly snapshot: Snapshot;
}

export interface WorkloadAssessment {
  /** `MainWorkloadReady`; absent where nothing can be said because there is neither a plan nor a Deployment. */
  readonly finding?: Finding;
  readonly workloads?: LLMInferenceServiceStatus['workloads'];
}

/**
 * How the single-node workload is doing: True when the Deployment runs what was asked for, Unknown with the cause seen in
 * its pods while it gets there, False when waiting will not help.
 */
export function assessWorkload(input: WorkloadInput): WorkloadAssessment {
  const { service, plan, snapshot, outcomes } = input;
  const namespace = service.metadata.namespace ?? '';
  const child = plan.children.find(
    ({ object }) => object.kind === DEPLOYMENT.kind && object.apiVersion === DEPLOYMENT.apiVersion,
  );
  const ref: Ref = {
    ...DEPLOYMENT,
    namespace,
    name: child?.object.metadata.name ?? deploymentName(service.metadata.name),
  };
  const observing = { snapshot, outcomes, serviceUid: service.metadata.uid };
  const answer = observeChild<Deployment, DeploymentState>(ref, DEPLOYMENT_VIEW, observing);
  if (answer.state !== 'found') {
    const planned = child !== undefined || input.combined;
    return planned ? { finding: notSeen(ref, answer.state, plan.held.has('workload')) } : {};
  }
  const serviceRef: Ref = { ...SERVICE, namespace, name: workloadServiceName(service.metadata.name) };
  const hasService = observeChild(serviceRef, PRESENCE, observing).state === 'found';
  return {
    finding: findingOf(ref, answer.value, input),
    workloads: {
      primary: { apiGroup: 'apps', kind: DEPLOYMENT.kind, name: ref.name, readyReplicas: answer.value.available },
      ...(hasService ? { service: { kind: SERVICE.kind, name: serviceRef.name } } : {}),
    },
  };
}

interface DeploymentCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface DeploymentState extends Identity {
  readonly desired: number;
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updated: number;
  readonly available: number;
  readonly isAvailable: boolean;
  readonly progressing?: DeploymentCondition;
  readonly replicaFailure?: DeploymentCondition;
}

const DEPLOYMENT_VIEW = view<Deployment, DeploymentState>('status/deployment', (deployment) => {
  const { spec, status } = deployment;
  const conditionOf = (type: string): DeploymentCondition | undefined => {
    const found = status?.conditions?.find((condition) => condition.type === type);
    return found && { status: found.status, reason: found.reason ?? '', message: found.message ?? '' };
  };
  const progressing = conditionOf('Progressing');
  const replicaFailure = conditionOf('ReplicaFailure');
  return {
    ...identityOf(deployment),
    desired: spec?.replicas ?? 1,
    observedGeneration: status?.observedGeneration ?? 0,
    replicas: status?.replicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    isAvailable: conditionOf('Available')?.status === 'True',
    ...(progressing?.status === 'False' ? { progressing } : {}),
    ...(replicaFailure?.status === 'True' ? { replicaFailure } : {}),
  };
});

function findingOf(ref: Ref, state: DeploymentState, input: WorkloadInput): Finding {
  const name = describe(ref);
  if (state.observedGeneration < (state.generation ?? 0)) {
    const what = state.observedGeneration === 0 ? 'is new' : 'was changed';
    return progressing(`${name} ${what}, and its controller has not looked at it yet.`);
  }
  if (state.desired === 0) {
    return {
      status: 'Unknown',
      reason: 'ScaledToZero',
      message: `Nothing serves: replicas of ${name} is 0. Set spec.replicas to 1 or more.`,
    };
  }
  if (state.updated >= state.desired && state.replicas <= state.updated && state.isAvailable) return { status: 'True' };
  if (state.replicaFailure) return replicaFailure(name, state.replicaFailure);
  const cause = causeOf(podsOf(input), failedBefore(input.service.status?.conditions));
  if (cause?.failed) return { status: 'False', reason: cause.reason, message: cause.message };
  if (state.progressing) return stuck(name, state, state.progressing, cause);
  return progressing([standOf(name, state), ...(cause ? [cause.message] : [])].join(' '));
}

function notSeen(ref: Ref, state: Exclude<Answer<unknown>['state'], 'found'>, held: boolean): Finding {
  const name = describe(ref);
  if (state === 'forbidden') {
    return {
      status: 'Unknown',
      reason: 'Forbidden',
      message: `The operator may not read ${name}: its namespace is not served.`,
    };
  }
  if (state === 'unknown') return progressing(`${name} is being read.`);
  return progressing(held ? `${name} is not created before the problems are solved.` : `${name} does not exist yet.`);
}

function replicaFailure(name: string, condition: DeploymentCondition): Finding {
  const quota = condition.message.includes('exceeded quota');
  const advice = quota ? ' Free resources in the namespace or raise its ResourceQuota.' : '';
  return {
    status: 'False',
    reason: quota ? 'QuotaExceeded' : condition.reason || 'ReplicaFailure',
    message: `${name} cannot create its pods: ${ended(condition.message || condition.reason)}${advice}`,
  };
}

function stuck(
  name: string,
  state: DeploymentState,
  condition: DeploymentCondition,
  cause: Cause | undefined,
): Finding {
  const why = cause ? cause.message : ended(condition.message || condition.reason);
  return {
    status: 'False',
    reason: condition.reason || 'ProgressDeadlineExceeded',
    message: `${standOf(name, state)} No progress was made within its progressDeadlineSeconds. ${why}`,
  };
}

function standOf(name: string, state: DeploymentState): string {
  const old = state.replicas - state.updated;
  const waiting = old > 0 ? `, ${old} of an older version still running` : '';
  return `${name} has ${Math.min(state.updated, state.desired)} of ${state.desired} replicas of the current version, ${state.available} available${waiting}.`;
}

function podsOf(input: WorkloadInput): readonly PodState[] {
  const { name, namespace = '' } = input.service.metadata;
  const answer = input.snapshot.list<Pod, PodState>(
    { ...POD, namespace, labels: { [LABEL_NAME]: name, [LABEL_PART_OF]: PART_OF } },
    POD_VIEW,
  );
  return answer.state === 'found' ? answer.value : [];
}

function failedBefore(conditions: readonly Condition[] | undefined): string | undefined {
  const before = conditions?.find((condition) => condition.type === 'MainWorkloadReady');
  return before?.status === 'False' ? before.reason : undefined;
}

function progressing(message: string): Finding {
  return { status: 'Unknown', reason: 'Progressing', message };
}
