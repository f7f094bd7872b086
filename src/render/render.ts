import {
  BACKEND_TLS_POLICY,
  DEPLOYMENT,
  HTTP_ROUTE,
  ROLE,
  ROLE_BINDING,
  SECRET,
  SERVICE,
  SERVICE_ACCOUNT,
} from '../api/children.ts';
import { refKey, refOf } from '../api/object.ts';
import type { Part, Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Snapshot } from '../api/snapshot.ts';
import { certificateName, serviceAccountName } from '../api/wellknown.ts';
import type { Effective } from '../config/effective.ts';
import type { Child, Plan, Rendered } from './plan.ts';
import { renderBackendTLSPolicy } from './routing/backendtlspolicy.ts';
import { renderHTTPRoute } from './routing/httproute.ts';
import { renderCertificate } from './workload/certificate.ts';
import { renderDeployment } from './workload/deployment.ts';
import { renderServiceAccount } from './workload/managedserviceaccount.ts';
import { renderRole } from './workload/role.ts';
import { renderRoleBinding } from './workload/rolebinding.ts';
import { renderService } from './workload/service.ts';

/** The families of children, each with the part that its problems hold back. */
const FAMILIES = [
  { part: 'workload', render: renderCertificate },
  { part: 'workload', render: renderServiceAccount },
  { part: 'workload', render: renderRole },
  { part: 'workload', render: renderRoleBinding },
  { part: 'workload', render: renderDeployment },
  { part: 'workload', render: renderService },
  { part: 'route', render: renderBackendTLSPolicy },
  { part: 'route', render: renderHTTPRoute },
] as const satisfies readonly {
  part: Part;
  render: (effective: Effective, snapshot: Snapshot, settings: Settings) => Rendered;
}[];

const PRUNABLE: Plan['prunable'] = [
  { ...DEPLOYMENT, part: 'workload' },
  { ...SERVICE, part: 'workload' },
  { ...ROLE_BINDING, part: 'workload' },
  { ...ROLE, part: 'workload' },
  { ...HTTP_ROUTE, part: 'route' },
  { ...BACKEND_TLS_POLICY, part: 'route' },
];

const ALL_PARTS: readonly Part[] = ['config', 'workload', 'route', 'gateway'];

/**
 * The children of a service in apply order, from its effective spec.
 *
 * A stopped service has none, so that everything is pruned, also when its spec cannot be combined. A part with an error
 * is held: its children are missing from the plan and the live ones stay as they are. Never throws on a user's mistake.
 */
export function render(effective: Effective, snapshot: Snapshot, settings: Settings): Plan {
  const prunableByName = byName(effective);
  if (effective.stopped) return { children: [], held: new Set(), prunable: PRUNABLE, prunableByName, problems: [] };

  const heldBefore = heldByConfig(effective);
  const families = FAMILIES.filter(({ part }) => !heldBefore.has(part)).map(({ part, render: renderFamily }) => ({
    part,
    rendered: renderFamily(effective, snapshot, settings),
  }));
  const held = withFollowers([...heldBefore, ...families.filter((f) => f.rendered.held).map((f) => f.part)]);
  const children = families
    .map((family) => family.rendered.child)
    .filter((child) => child !== undefined && !held.has(child.part)) as Child[];

  return {
    children: children.sort(byOrder),
    held,
    prunable: PRUNABLE,
    prunableByName,
    problems: families.flatMap((family) => family.rendered.problems),
  };
}

/** Whoever sees the route may expect the workload behind it, so it waits for a workload that is held. */
function withFollowers(parts: readonly Part[]): ReadonlySet<Part> {
  return new Set(parts.includes('workload') ? [...parts, 'route'] : parts);
}

/** What a service may have of kinds that are not watched. */
function byName({ service }: Effective): Plan['prunableByName'] {
  const { name, namespace = '' } = service.metadata;
  return [
    { ...SECRET, namespace, name: certificateName(name), part: 'workload' },
    { ...SERVICE_ACCOUNT, namespace, name: serviceAccountName(name), part: 'workload' },
  ];
}

/** The parts that problems of the effective spec hold back. Nothing is changed for a spec whose meaning is not certain. */
function heldByConfig(effective: Effective): ReadonlySet<Part> {
  if (!effective.combined) return new Set(ALL_PARTS);
  return new Set(effective.problems.flatMap(partsHeldBy));
}

function partsHeldBy(problem: Problem): readonly Part[] {
  switch (problem.code) {
    case 'UnbuiltFeature':
      return ALL_PARTS;
    case 'InvalidField':
      if (problem.part === 'config') return ALL_PARTS;
      // The parents of the route are the Gateways of the service.
      return problem.part === 'gateway' ? ['gateway', 'route'] : [problem.part];
    default:
      return [];
  }
}

function byOrder(a: Child, b: Child): number {
  if (a.order !== b.order) return a.order - b.order;
  const [left, right] = [refKey(refOf(a.object)), refKey(refOf(b.object))];
  return left < right ? -1 : left > right ? 1 : 0;
}
