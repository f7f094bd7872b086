/**
 * Types of the Kubernetes and Gateway API objects that we read or render: plain JSON, types only.
 */
import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import type { IHTTPRouteSpec } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRouteSpec';
import type { IGateway } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway';
import type { IBackendTLSPolicy } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/BackendTLSPolicy';
import type { IGatewayClass } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/GatewayClass';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { ObjectMeta } from './object.ts';

type Typed<T extends { apiVersion: string; kind: string }> = Omit<T, 'metadata'> & { readonly metadata: ObjectMeta };

export type Deployment = Typed<IDeployment>;
export type Service = Typed<IService>;
export type ServiceAccount = Typed<IServiceAccount>;
export type Role = Typed<IRole>;
export type RoleBinding = Typed<IRoleBinding>;
export type BackendTLSPolicy = Typed<IBackendTLSPolicy>;
/** A Secret as it is kept: with the names of its keys, and what a certificate in it says, but without any value. */
export type Secret = Typed<ISecret> & { readonly certificate?: CertificateFacts };

/** What everybody may know of a certificate. */
export interface CertificateFacts {
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  /** RFC 3339. */
  readonly notAfter: string;
  /** Whether the private key that lies beside it belongs to it. */
  readonly keyFits: boolean;
}

export type Pod = Typed<IPod>;
export type HTTPRoute = Typed<IHTTPRoute>;
export type Gateway = Typed<IGateway>;
export type GatewayClass = Typed<IGatewayClass>;

export type PodSpec = IPodSpec;
/** A pod template as users and presets write it: partial, `containers` may be absent. */
export type PartialPodSpec = Partial<IPodSpec>;
export type Container = IContainer;
export type Volume = IVolume;
export type HTTPRouteSpec = IHTTPRouteSpec;

export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
export const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
export const SERVICE = { apiVersion: 'v1', kind: 'Service' } as const;
export const SERVICE_ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount' } as const;
export const SECRET = { apiVersion: 'v1', kind: 'Secret' } as const;
export const ROLE = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' } as const;
export const ROLE_BINDING = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' } as const;
export const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
export const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' } as const;
export const GATEWAY_GROUP = 'gateway.networking.k8s.io';
export const GATEWAY = { apiVersion: `${GATEWAY_GROUP}/v1`, kind: 'Gateway' } as const;
export const GATEWAY_CLASS = { apiVersion: `${GATEWAY_GROUP}/v1`, kind: 'GatewayClass' } as const;
export const HTTP_ROUTE = { apiVersion: `${GATEWAY_GROUP}/v1`, kind: 'HTTPRoute' } as const;
export const BACKEND_TLS_POLICY = { apiVersion: `${GATEWAY_GROUP}/v1`, kind: 'BackendTLSPolicy' } as const;
