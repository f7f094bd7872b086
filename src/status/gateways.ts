import {
  GATEWAY,
  GATEWAY_CLASS,
  GATEWAY_GROUP,
  SERVICE,
  type Gateway,
  type GatewayClass,
  type Service,
} from '../api/children.ts';
import type { Answer, Snapshot } from '../api/snapshot.ts';
import type { Finding } from './conditions.ts';
import { ended } from './sentence.ts';
import {
  BACKING_SERVICE_VIEW,
  type BackingService,
  GATEWAY_CLASS_VIEW,
  GATEWAY_VIEW,
  type GatewayClassState,
  type GatewayState,
  type ParentRef,
} from './routeview.ts';

export interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** A string that is equal exactly for the same Gateway. */
export function keyOf({ namespace, name }: GatewayName): string {
  return `${namespace}/${name}`;
}

/** Whether a parent of a route is a Gateway: other kinds of parents give no URL. */
export function isGateway(ref: ParentRef): boolean {
  return ref.kind === GATEWAY.kind && ref.group === GATEWAY_GROUP;
}

export function readGateway({ namespace, name }: GatewayName, snapshot: Snapshot): Answer<GatewayState> {
  return snapshot.get<Gateway, GatewayState>({ ...GATEWAY, namespace, name }, GATEWAY_VIEW);
}

/** The class of a Gateway, when it can be read. */
export function readGatewayClass(name: string, snapshot: Snapshot): Answer<GatewayClassState> {
  return snapshot.get<GatewayClass, GatewayClassState>({ ...GATEWAY_CLASS, name }, GATEWAY_CLASS_VIEW);
}

/**
 * The Service in front of a Gateway's proxies, in the Gateway's namespace: the first one with the Gateway API's label for
 * it, else the one of the same name.
 */
export function readBackingService({ namespace, name }: GatewayName, snapshot: Snapshot): BackingService | undefined {
  const labels = { [`${GATEWAY_GROUP}/gateway-name`]: name };
  const labelled = snapshot.list<Service, BackingService>({ ...SERVICE, namespace, labels }, BACKING_SERVICE_VIEW);
  if (labelled.state === 'found' && labelled.value[0]) return labelled.value[0];
  const same = snapshot.get<Service, BackingService>({ ...SERVICE, namespace, name }, BACKING_SERVICE_VIEW);
  return same.state === 'found' ? same.value : undefined;
}

/**
 * Whether a Gateway can take requests: its `Programmed` condition. A Gateway that nobody looks after is Unknown, with
 * what is missing.
 */
export function gatewayFinding(gateway: GatewayName, state: GatewayState, snapshot: Snapshot): Finding {
  const name = `Gateway ${gateway.namespace}/${gateway.name}`;
  const { programmed } = state;
  if (programmed?.status === 'True') return { status: 'True' };
  if (programmed?.status === 'False' && programmed.reason !== 'Pending') {
    return {
      status: 'False',
      reason: 'GatewaysNotReady',
      message: `${name} is not ready: ${programmed.reason}${programmed.message ? `: ${ended(programmed.message)}` : '.'}`,
    };
  }
  const controller = controllerOf(gateway, state, snapshot);
  return {
    status: 'Unknown',
    reason: controller.missing ? 'GatewaysNotReady' : 'Progressing',
    message: `${name} is not ready yet: ${controller.missing ?? ended(`${controller.name} has not programmed it`)}`,
  };
}

/** Who reports on routes of this Gateway: a name for the sentence, or a sentence on what is missing. */
export function controllerOf(
  gateway: GatewayName,
  state: GatewayState,
  snapshot: Snapshot,
): { readonly name: string; readonly controllerName?: string; readonly missing?: string } {
  const answer = readGatewayClass(state.className, snapshot);
  const name = 'its controller';
  const which = `GatewayClass ${state.className}, which Gateway ${gateway.namespace}/${gateway.name} names,`;
  if (answer.state === 'absent') {
    return { name, missing: `${which} does not exist. Create it, or correct spec.gatewayClassName of the Gateway.` };
  }
  if (answer.state !== 'found') return { name };
  const { controllerName, accepted } = answer.value;
  if (accepted?.status === 'True') return { name: `controller ${controllerName}`, controllerName };
  if (accepted?.status === 'False') {
    return {
      name,
      controllerName,
      missing: `${which} is not accepted by ${controllerName}: ${ended(accepted.message || accepted.reason)}`,
    };
  }
  return {
    name,
    controllerName,
    missing: `no controller has taken ${which.replace(/,$/, '')}. Start the gateway whose controller name is ${controllerName}, or name another class.`,
  };
}
