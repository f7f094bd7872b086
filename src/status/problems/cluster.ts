import { describe } from '../../api/object.ts';
import { always, fieldOf, ofPart, own, partReason, type Rows } from './row.ts';
import { ended } from '../sentence.ts';

/** Problems with objects of the cluster: what is missing there, refused, or belongs to others. */
export const CLUSTER_PROBLEMS: Rows<
  | 'ServiceAccountNotFound'
  | 'SecretNotFound'
  | 'GatewayNotFound'
  | 'HTTPRouteNotFound'
  | 'HTTPRouteWithoutParents'
  | 'ApiNotServed'
  | 'Forbidden'
  | 'NotOurs'
  | 'ChildRejected'
  | 'QuotaExceeded'
  | 'NamespaceTerminating'
  | 'ApiServerError'
> = {
  ServiceAccountNotFound: {
    condition: always('MainWorkloadReady'),
    reason: always('ReconcileSingleNodeWorkloadError'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `ServiceAccount ${p.namespace}/${p.name} does not exist. Create it, or correct ${p.path}.`,
  },
  SecretNotFound: {
    condition: always('MainWorkloadReady'),
    reason: always('ReconcileSingleNodeWorkloadError'),
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `Secret ${p.namespace}/${p.name}, listed in secrets of ServiceAccount ${p.namespace}/${p.serviceAccount}, does not exist. ` +
      'Create it, or remove it from the list.',
  },
  GatewayNotFound: {
    condition: (p) => (p.path?.startsWith('spec.router.gateway') ? 'GatewaysReady' : 'HTTPRoutesReady'),
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p, settings) =>
      `Gateway ${p.namespace}/${p.name} does not exist. ` +
      (p.path
        ? `Create it, or correct ${p.path}.`
        : 'It is the default Gateway: create it, name another one in spec.router.gateway.refs, or correct the setting ' +
          `kserveIngressGateway of key ingress in ConfigMap ${settings.systemNamespace}/inferenceservice-config.`),
  },
  HTTPRouteNotFound: {
    condition: always('HTTPRoutesReady'),
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `HTTPRoute ${p.namespace}/${p.name} does not exist. Create it, or correct ${p.path}.`,
  },
  HTTPRouteWithoutParents: {
    condition: always('HTTPRoutesReady'),
    reason: always('RefsInvalid'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `HTTPRoute ${p.namespace}/${p.name}, named in ${p.path}, belongs to no Gateway. Name one in its spec.parentRefs.`,
  },
  ApiNotServed: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `The cluster does not serve the kind ${p.kind} of ${p.apiVersion}, which the service needs. ` +
      'Install its CustomResourceDefinition; the service goes on by itself afterwards.',
  },
  Forbidden: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `The operator may not ${p.verb} ${describe(p.ref)}${p.message ? `: ${ended(p.message)}` : '.'} ` +
      'Give its ServiceAccount the right to, or serve that namespace.',
  },
  NotOurs: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `${describe(p.ref)} exists and belongs to ${p.owner ?? 'somebody else'}, so it is left as it is. ` +
      'Delete or rename it, or rename this service.',
  },
  ChildRejected: {
    condition: ofPart,
    reason: partReason,
    status: 'False',
    retry: 'later',
    sentence: (p) =>
      `The API server refuses ${describe(p.ref)}: ${ended(p.message)} ` +
      (p.path
        ? `Correct ${fieldOf(p)}.`
        : p.childPath
          ? `The field is ${p.childPath} of the ${p.ref.kind}.`
          : 'Correct the field of the service or of its configs that this comes from.'),
  },
  QuotaExceeded: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'backoff',
    sentence: (p) =>
      `A ResourceQuota does not allow ${describe(p.ref)}: ${ended(p.message)} Free resources or raise the quota.`,
  },
  NamespaceTerminating: {
    condition: ofPart,
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Namespace ${p.namespace} is being deleted, so nothing can be created in it.`,
  },
  ApiServerError: {
    condition: ofPart,
    reason: own,
    status: 'Unknown',
    retry: 'backoff',
    sentence: (p) => `A request for ${describe(p.ref)} failed: ${ended(p.message)} This is tried again.`,
  },
};
