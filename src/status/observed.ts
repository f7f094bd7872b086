import type { KubeObject, Ref } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import { type Answer, type Snapshot, type View, view } from '../api/snapshot.ts';

/** What every observed child tells about itself, besides what its reader wants. */
export interface Identity {
  readonly uid?: string;
  readonly generation?: number;
  /** UID of the controlling owner. */
  readonly owner?: string;
}

/** The identity of an object, for views of children. */
export function identityOf(object: KubeObject): Identity {
  const { uid, generation, ownerReferences } = object.metadata;
  const owner = ownerReferences?.find((reference) => reference.controller)?.uid;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/**
 * A child as it is now: from the snapshot, or from the answer to our own apply where the snapshot lags behind it. An
 * object of the same name that belongs to somebody else counts as absent.
 */
export function observeChild<O extends KubeObject, T extends Identity>(
  ref: Ref,
  through: View<O, T>,
  input: {
    readonly snapshot: Snapshot;
    readonly outcomes: readonly Outcome[];
    readonly serviceUid: string | undefined;
  },
): Answer<T> {
  const live = input.snapshot.get<O, T>(ref, through);
  const applied = outcomeOf(ref, input.outcomes)?.object;
  const answer: Answer<T> = applied && lags(live, applied) ? { state: 'found', value: through.of(applied as O) } : live;
  if (answer.state !== 'found' || input.serviceUid === undefined) return answer;
  return answer.value.owner === input.serviceUid ? answer : { state: 'absent' };
}

/** What the apply step did with the object. */
function outcomeOf(ref: Ref, outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.find(
    ({ ref: other }) =>
      other.apiVersion === ref.apiVersion &&
      other.kind === ref.kind &&
      other.name === ref.name &&
      (other.namespace ?? '') === (ref.namespace ?? ''),
  );
}

/** Only whether an object exists and whose it is. */
export const PRESENCE = view<KubeObject, Identity>('status/presence', (object) => {
  const { generation: _, ...identity } = identityOf(object);
  return identity;
});

function lags(live: Answer<Identity>, applied: KubeObject): boolean {
  if (live.state !== 'found') return true;
  const { uid, generation = 0 } = applied.metadata;
  return live.value.uid !== uid || (live.value.generation ?? 0) < generation;
}
