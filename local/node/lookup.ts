import type { KubeObject } from '../../src/api/object.ts';
import type { Client } from '../../src/kube/types.ts';
import type { Container, Pod, ResourceFieldRef } from './types.ts';

/** Something that a container or volume names and that is not there: told in the container's waiting state. */
export class MissingError extends Error {}

export interface Data {
  /** Key to content. */
  readonly entries: ReadonlyMap<string, Buffer>;
}

/** Reads a ConfigMap or Secret. Throws `MissingError` when it does not exist, unless that is allowed (then undefined). */
export async function readData(
  client: Client,
  kind: 'ConfigMap' | 'Secret',
  namespace: string,
  name: string,
  optional: boolean | undefined,
  signal: AbortSignal,
): Promise<Data | undefined> {
  type Holder = KubeObject & { data?: Record<string, string>; binaryData?: Record<string, string> };
  const object = await client.read<Holder>({ apiVersion: 'v1', kind, namespace, name }, signal);
  if (!object) {
    if (optional) return undefined;
    throw new MissingError(`${kind.toLowerCase()} "${name}" not found`);
  }
  const text = kind === 'Secret' ? 'base64' : 'utf8';
  return {
    entries: new Map([
      ...Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value, text)] as const),
      ...Object.entries(object.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const),
    ]),
  };
}

/** The value of a downward API field. Throws `MissingError` for a field that Kubernetes does not offer. */
export function fieldValue(pod: Pod, address: string, fieldPath: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const hostAddress = '127.0.0.1';
  const values: Record<string, string> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? '',
    'metadata.uid': pod.metadata.uid ?? '',
    'metadata.labels': lines(pod.metadata.labels),
    'metadata.annotations': lines(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.hostIP': hostAddress,
    'status.hostIPs': hostAddress,
    'status.podIP': address,
    'status.podIPs': address,
  };
  const value = values[fieldPath];
  if (value === undefined) throw new MissingError(`field "${fieldPath}" cannot be read from a pod`);
  return value;
}

/** The value of a `resourceFieldRef`, rounded up to the divisor as Kubernetes does; 0 when the container sets none. */
export function resourceValue(pod: Pod, container: Container, ref: ResourceFieldRef): string {
  const from = ref.containerName
    ? [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === ref.containerName)
    : container;
  const [kind, ...rest] = ref.resource.split('.');
  const set = kind === 'requests' ? from?.resources?.requests : from?.resources?.limits;
  const amount = set?.[rest.join('.')];
  const divisor = ref.divisor === undefined || `${ref.divisor}` === '0' ? 1 : numberOf(`${ref.divisor}`);
  return String(amount === undefined ? 0 : Math.ceil(numberOf(`${amount}`) / divisor));
}

const scales: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function numberOf(quantity: string): number {
  const match = /^(\d+(?:\.\d+)?)(m|[kMGT]|[KMGT]i)?$/.exec(quantity);
  if (!match) throw new MissingError(`quantity "${quantity}" cannot be read: write a number with m, k, M, Mi, G or Gi`);
  return Number(match[1]) * (scales[match[2] ?? ''] ?? 1);
}

function lines(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join('\n');
}
