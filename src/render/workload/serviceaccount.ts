import { SECRET, SERVICE_ACCOUNT, type Secret, type ServiceAccount } from '../../api/children.ts';
import type { Ref } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';

const listedSecrets = view('render/serviceaccount-secrets', (serviceAccount: ServiceAccount) =>
  (serviceAccount.secrets ?? []).map((entry) => entry.name ?? '').filter((name) => name !== ''),
);
/** The names of the keys only: no value of a Secret ever enters the core. */
const dataKeys = view('render/secret-keys', (secret: Secret) => Object.keys(secret.data ?? {}).sort());

const FIELD = 'spec.template.serviceAccountName';
const TOKEN_KEY = 'HF_TOKEN';

/** What the ServiceAccount of the pods comes to. */
export interface Credentials {
  /** The Secret whose key `HF_TOKEN` the download of a model from Hugging Face uses. */
  readonly tokenSecret?: string;
  readonly problems: readonly Problem[];
  /** Something is wrong, or not known yet. */
  readonly held: boolean;
}

/**
 * Checks that the ServiceAccount named in the pod template exists. For a download (`wanted`), also looks for the Secret
 * with a key `HF_TOKEN` among those that it lists (or that the namespace's `default` ServiceAccount lists, when none is
 * named): the last one wins. Problems: ServiceAccountNotFound, SecretNotFound, Forbidden.
 *
 * Nothing is created here: pods without a ServiceAccount of their own run under `default`.
 */
export function readCredentials(
  namespace: string,
  name: string | undefined,
  wanted: boolean,
  snapshot: Snapshot,
): Credentials {
  if (name === undefined && !wanted) return { problems: [], held: false };
  const ref = { ...SERVICE_ACCOUNT, namespace, name: name ?? 'default' };
  const answer = snapshot.get(ref, listedSecrets);
  switch (answer.state) {
    case 'found':
      return wanted ? tokenAmong(answer.value, ref, snapshot) : { problems: [], held: false };
    case 'unknown':
      return { problems: [], held: true };
    default:
      // Kubernetes creates `default` a moment after the namespace: its absence is no mistake of the user.
      if (name === undefined) return { problems: [], held: false };
      if (answer.state === 'forbidden') return { problems: [forbidden(ref)], held: true };
      return { problems: [{ code: 'ServiceAccountNotFound', namespace, name, path: FIELD }], held: true };
  }
}

function tokenAmong(names: readonly string[], serviceAccount: Ref, snapshot: Snapshot): Credentials {
  const namespace = serviceAccount.namespace ?? '';
  const secrets = names.map((name) => {
    const ref = { ...SECRET, namespace, name };
    return { ref, answer: snapshot.get(ref, dataKeys) };
  });
  const problems = secrets.flatMap(({ ref, answer }): Problem[] => {
    if (answer.state === 'forbidden') return [forbidden(ref)];
    if (answer.state !== 'absent') return [];
    return [{ code: 'SecretNotFound', namespace, name: ref.name, serviceAccount: serviceAccount.name }];
  });
  if (problems.length > 0 || secrets.some(({ answer }) => answer.state === 'unknown')) return { problems, held: true };

  const holding = secrets.filter(({ answer }) => answer.state === 'found' && answer.value.includes(TOKEN_KEY));
  const last = holding.at(-1);
  return last ? { tokenSecret: last.ref.name, problems, held: false } : { problems, held: false };
}

function forbidden(ref: Ref): Problem {
  return { code: 'Forbidden', part: 'workload', ref, verb: 'get', message: '' };
}
