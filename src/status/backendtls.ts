import { BACKEND_TLS_POLICY, type BackendTLSPolicy } from '../api/children.ts';
import type { Problem } from '../api/problem.ts';
import { type Snapshot, view } from '../api/snapshot.ts';
import type { Plan } from '../render/plan.ts';
import type { Finding } from './conditions.ts';
import { ended } from './sentence.ts';
import { conditionOf, type ReportedCondition } from './routeview.ts';

interface Ancestor {
  readonly gateway: string;
  readonly accepted?: ReportedCondition;
  readonly resolvedRefs?: ReportedCondition;
}

const ancestorsOf = view('status/backendtlspolicy', (policy: BackendTLSPolicy) => ({
  generation: policy.metadata.generation ?? 0,
  ancestors: (policy.status?.ancestors ?? []).map(({ ancestorRef, conditions }): Ancestor => {
    const accepted = conditionOf(conditions, 'Accepted');
    const resolvedRefs = conditionOf(conditions, 'ResolvedRefs');
    const { namespace = policy.metadata.namespace ?? '', name } = ancestorRef;
    return {
      gateway: `Gateway ${namespace}/${name}`,
      ...(accepted ? { accepted } : {}),
      ...(resolvedRefs ? { resolvedRefs } : {}),
    };
  }),
}));

/** What Gateways say about a policy: findings where there is no TLS for it, problems where another policy is in force. */
export interface BackendTLSAssessment {
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/**
 * Why Gateways do not take the policy by which they are to speak TLS to the model server, each once, as far as they say
 * so about the policy's present generation. A Gateway that says nothing is no finding: reporting is optional, and the
 * route tells what came of it.
 */
export function assessBackendTLS(plan: Plan, snapshot: Snapshot): BackendTLSAssessment {
  const child = plan.children.find(({ object }) => object.kind === BACKEND_TLS_POLICY.kind)?.object;
  if (!child) return { findings: [], problems: [] };
  const { namespace = '', name } = child.metadata;
  const answer = snapshot.get({ ...BACKEND_TLS_POLICY, namespace, name }, ancestorsOf);
  if (answer.state !== 'found') return { findings: [], problems: [] };
  const { ancestors, generation } = answer.value;
  const refusals = new Map(
    ancestors.flatMap(({ gateway, accepted, resolvedRefs }) => {
      const refused = [resolvedRefs, accepted].find(
        (condition) => condition?.status === 'False' && isCurrent(condition, generation),
      );
      return refused ? [[gateway, refused] as const] : [];
    }),
  );
  const conflicts = [...refusals].filter(([, { reason }]) => reason === 'Conflicted');
  return {
    findings: [...refusals]
      .filter(([, { reason }]) => reason !== 'Conflicted')
      .map(([gateway, condition]) => refusal(`BackendTLSPolicy ${namespace}/${name}`, gateway, condition)),
    problems: conflicts.map(([gateway, { message }]) => ({
      code: 'BackendTLSConflicted',
      namespace,
      name,
      gateway,
      message,
    })),
  };
}

/** A condition without a generation is current, as those of routes are. */
function isCurrent({ observedGeneration }: ReportedCondition, generation: number): boolean {
  return observedGeneration === 0 || observedGeneration >= generation;
}

function refusal(policy: string, gateway: string, { reason, message }: ReportedCondition): Finding {
  const said = `It says ${ended(`${reason}${message ? `: ${message}` : ''}`)}`;
  const verdict = `${policy}, by which the model server is reached with TLS, is not accepted by ${gateway}.`;
  return {
    status: 'False',
    reason: 'HTTPRoutesNotReady',
    message: [verdict, explain(reason), said].filter((text) => text !== undefined).join(' '),
  };
}

/** What to do about a reason of the Gateway API. */
function explain(reason: string): string | undefined {
  switch (reason) {
    case 'InvalidKind':
      return 'This gateway takes no authority from a Secret: mount a certificate of your own, and write a BackendTLSPolicy with a ConfigMap.';
    case 'InvalidCACertificateRef':
    case 'NoValidCACertificate':
      return 'The Secret that it names is missing or has no certificate in ca.crt. A missing one is made again within ten minutes, or when the operator starts; delete one that is wrong.';
    default:
      return undefined;
  }
}
