import {
  BACKEND_TLS_POLICY,
  CONFIG_MAP,
  DEPLOYMENT,
  GATEWAY,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  POD,
  ROLE,
  ROLE_BINDING,
  SERVICE,
} from '../api/children.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../api/llmisvc.ts';
import type { Gvk, KubeObject } from '../api/object.ts';
import { LABEL_NAME, LABEL_PART_OF, PART_OF } from '../api/wellknown.ts';

/** A kind that the operator watches. */
export interface WatchedKind extends Gvk {
  /** Where, when the operator serves a list of namespaces. `cluster`: the kind has no namespace and is not watched then. */
  readonly where: 'served' | 'served+system' | 'served+gateway' | 'cluster';
  /** Only objects with these labels. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The API may be absent, and come later. */
  readonly optional?: boolean;
  /** What to keep of an object. Default: all. */
  readonly keep?: (object: KubeObject) => KubeObject;
}

const OURS = { labels: { [LABEL_PART_OF]: PART_OF } };

/** One row for each kind that is watched. What is not among them is read by name when somebody asks for it. */
export const WATCHED_KINDS: readonly WatchedKind[] = [
  { ...LLMISVC, where: 'served' },
  { ...LLMISVC_CONFIG, where: 'served+system' },
  { ...DEPLOYMENT, where: 'served', ...OURS },
  { ...POD, where: 'served', ...OURS, keep: withoutCommands },
  // Those of others too, because Services stand in front of Gateways.
  { ...SERVICE, where: 'served' },
  { ...ROLE, where: 'served', ...OURS },
  { ...ROLE_BINDING, where: 'served', ...OURS },
  { ...HTTP_ROUTE, where: 'served', optional: true },
  { ...BACKEND_TLS_POLICY, where: 'served', ...OURS, optional: true },
  { ...GATEWAY, where: 'served+gateway', optional: true },
  { ...GATEWAY_CLASS, where: 'cluster', optional: true },
];

/** Kinds of which the metadata alone are watched: who asked for an object learns that it changed, and reads it by name. */
export const NOTICED_KINDS: readonly WatchedKind[] = [{ ...CONFIG_MAP, where: 'served+system' }];

/** Objects are looked for by the service that they belong to. */
export const INDEXED_LABELS = [LABEL_NAME] as const;

export const CUSTOM_RESOURCE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
} as const;

interface PodLike extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly C[];
    readonly initContainers?: readonly C[];
  };
}
type C = Readonly<Record<string, unknown>>;
type Probe = { readonly httpGet?: { readonly scheme?: string } };

/** Of a pod its place, its resources, its state and whether it is probed by TLS matter, not what its containers run. */
function withoutCommands(object: KubeObject): KubeObject {
  const { spec, ...rest } = object as PodLike;
  const { nodeName, containers = [], initContainers } = spec ?? {};
  const kept = { nodeName, containers: containers.map(outline), initContainers: initContainers?.map(outline) };
  return { ...rest, spec: kept } as KubeObject;
}

function outline({ name, image, resources, restartPolicy, readinessProbe }: C): C {
  const scheme = (readinessProbe as Probe | undefined)?.httpGet?.scheme;
  const probe = scheme === undefined ? {} : { readinessProbe: { httpGet: { scheme } } };
  return { name, image, resources, restartPolicy, ...probe };
}
