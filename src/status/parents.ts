import type { Snapshot } from '../api/snapshot.ts';
import type { Finding } from './conditions.ts';
import { controllerOf, type GatewayName } from './gateways.ts';
import { ended } from './sentence.ts';
import type { GatewayState, ParentRef, ParentStatus, ReportedCondition, RouteState } from './routeview.ts';

/**
 * What the parent that a route names in `spec.parentRefs` says about the route in its present generation. Entries for
 * parents that the route no longer names, or of controllers that do not own the Gateway, do not count.
 */
export function parentFinding(
  route: RouteState,
  parentRef: ParentRef,
  gateway: GatewayState | undefined,
  snapshot: Snapshot,
): Finding {
  const names = {
    route: `HTTPRoute ${route.namespace}/${route.name}`,
    parent: `${parentRef.kind} ${parentRef.namespace}/${parentRef.name}`,
  };
  const controller = gateway ? controllerOf(parentRef as GatewayName, gateway, snapshot) : { name: 'its controller' };
  const entry = route.parents.find(
    (parent) =>
      sameParent(parent.parentRef, parentRef) &&
      (controller.controllerName === undefined || parent.controllerName === controller.controllerName),
  );
  if (!entry) {
    const why = controller.missing ?? ended(`${controller.name} has not reported on the route`);
    return waiting(
      `${names.route} is not accepted by ${names.parent} yet: ${why}`,
      controller.missing ? 'HTTPRoutesNotReady' : 'Progressing',
    );
  }
  return (
    conditionFinding(entry, entry.accepted, 'Accepted', route, names, parentRef) ??
    conditionFinding(entry, entry.resolvedRefs, 'ResolvedRefs', route, names, parentRef) ?? { status: 'True' }
  );
}

/** Undefined when the condition is True and current. */
function conditionFinding(
  entry: ParentStatus,
  condition: ReportedCondition | undefined,
  type: 'Accepted' | 'ResolvedRefs',
  route: RouteState,
  names: { readonly route: string; readonly parent: string },
  parentRef: ParentRef,
): Finding | undefined {
  if (!condition) {
    return waiting(`${names.route}: ${entry.controllerName} has not reported ${type} for ${names.parent} yet.`);
  }
  const { status, observedGeneration } = condition;
  if (observedGeneration > 0 && observedGeneration < (route.generation ?? 0)) {
    return waiting(`${names.route} was changed and ${entry.controllerName} has not looked at the change yet.`);
  }
  if (status === 'True') return undefined;
  const verdict =
    type === 'Accepted' ? `is not accepted by ${names.parent}` : `has backends that ${names.parent} cannot use`;
  const reasons = condition.reason.split(',').map((reason) => reason.trim());
  const explained = reasons.map((reason) => explain(reason, route, parentRef)).filter((text) => text !== undefined);
  const said = ended(`${condition.reason}${condition.message ? `: ${condition.message}` : ''}`);
  const message = `${names.route} ${verdict}. ${[...explained, `It says ${said}`].join(' ')}`;
  return status === 'False' ? { status: 'False', reason: 'HTTPRoutesNotReady', message } : waiting(message);
}

/** What to do about a reason of the Gateway API. */
function explain(reason: string, route: RouteState, parentRef: ParentRef): string | undefined {
  const gateway = `Gateway ${parentRef.namespace}/${parentRef.name}`;
  switch (reason) {
    case 'NotAllowedByListeners':
      return `No listener of ${gateway} takes routes of namespace ${route.namespace}: allow the namespace in its spec.listeners[].allowedRoutes.`;
    case 'NoMatchingListenerHostname':
      return `No listener of ${gateway} serves the hostnames ${route.hostnames.join(', ')}: correct spec.hostnames of the route or the hostname of a listener.`;
    case 'NoMatchingParent':
      return `${gateway} has no listener${parentRef.sectionName ? ` named ${parentRef.sectionName}` : ' that fits'}: correct sectionName and port.`;
    case 'BackendNotFound':
      return 'A Service that the route names as backend does not exist.';
    case 'RefNotPermitted':
      return 'A backend in another namespace needs a ReferenceGrant in that namespace.';
    case 'InvalidKind':
      return 'A backend is of a kind that the gateway does not support.';
    case 'PortNotFound':
    case 'PortNotSpecified':
      return 'A backend names no port, or one that its Service does not have.';
    case 'InvalidBackendTLS':
      return 'The BackendTLSPolicy for a Service that the route names as backend cannot be used: its status says why.';
    default:
      return undefined;
  }
}

function sameParent(a: ParentRef, b: ParentRef): boolean {
  return (
    a.group === b.group &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

function waiting(message: string, reason = 'Progressing'): Finding {
  return { status: 'Unknown', reason, message };
}
