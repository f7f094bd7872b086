import type { Client } from '../../src/kube/types.ts';
import { type Data, fieldValue, MissingError, readData, resourceValue } from './lookup.ts';
import type { Container, EnvVar, Pod } from './types.ts';

export interface EnvironmentInput {
  readonly client: Client;
  readonly pod: Pod;
  readonly container: Container;
  readonly address: string;
  /** What the node gives every container, such as the address of the API server. The container's own entries win. */
  readonly node: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * The environment of a container: `envFrom`, then `env` in order, where `$(NAME)` stands for what came before. Throws
 * `MissingError` for a ConfigMap, Secret or key that does not exist.
 */
export async function environmentOf(input: EnvironmentInput): Promise<Record<string, string>> {
  const { container, node } = input;
  const cache = new Map<string, Promise<Data | undefined>>();
  const data = (kind: 'ConfigMap' | 'Secret', name: string, optional?: boolean): Promise<Data | undefined> => {
    const key = `${kind}/${name}/${optional ?? false}`;
    const found = cache.get(key) ?? readData(input.client, kind, namespaceOf(input.pod), name, optional, input.signal);
    cache.set(key, found);
    return found;
  };
  const env: Record<string, string> = { ...node };
  for (const from of container.envFrom ?? []) {
    const [kind, ref] = from.secretRef
      ? (['Secret', from.secretRef] as const)
      : (['ConfigMap', from.configMapRef] as const);
    const entries = (await data(kind, ref?.name ?? '', ref?.optional))?.entries ?? new Map<string, Buffer>();
    for (const [key, value] of entries) env[`${from.prefix ?? ''}${key}`] = value.toString('utf8');
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, input, env, data);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** Replaces `$(NAME)` by the variable's value and `$$` by `$`; an unknown name stays as it is, as in Kubernetes. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, rest: string, name: string | undefined) =>
    rest === '$' ? '$' : (env[name ?? ''] ?? whole),
  );
}

type Read = (kind: 'ConfigMap' | 'Secret', name: string, optional?: boolean) => Promise<Data | undefined>;

async function valueOf(
  variable: EnvVar,
  { pod, container, address }: EnvironmentInput,
  env: Readonly<Record<string, string>>,
  data: Read,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', env);
  if (from.fieldRef) return fieldValue(pod, address, from.fieldRef.fieldPath);
  if (from.resourceFieldRef) return resourceValue(pod, container, from.resourceFieldRef);
  const kind = from.secretKeyRef ? 'Secret' : 'ConfigMap';
  const ref = from.secretKeyRef ?? from.configMapKeyRef;
  if (!ref)
    throw new MissingError(`environment variable ${variable.name}: this kind of valueFrom is not supported here`);
  const found = (await data(kind, ref.name ?? '', ref.optional))?.entries.get(ref.key);
  if (found !== undefined) return found.toString('utf8');
  if (ref.optional) return undefined;
  throw new MissingError(`couldn't find key ${ref.key} in ${kind} ${namespaceOf(pod)}/${ref.name ?? ''}`);
}

function namespaceOf(pod: Pod): string {
  return pod.metadata.namespace ?? 'default';
}
