import type { KubeObject } from '../api/object.ts';
import { canonicalJson } from '../api/object.ts';

/** A `coordination.k8s.io/v1` Lease. */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** The spec with which somebody takes a Lease; `now` in milliseconds since 1970, `leaseDuration` in milliseconds. */
export function acquired(
  lease: Lease | undefined,
  { identity, leaseDuration, now }: { identity: string; leaseDuration: number; now: number },
): LeaseSpec {
  const time = microTime(now);
  const same = lease?.spec?.holderIdentity === identity;
  const transitions = lease?.spec?.leaseTransitions ?? 0;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.round(leaseDuration / 1000)),
    acquireTime: (same && lease?.spec?.acquireTime) || time,
    renewTime: time,
    leaseTransitions: lease && !same ? transitions + 1 : transitions,
  };
}

/** What a renewal changes. */
export function renewed(now: number): LeaseSpec {
  return { renewTime: microTime(now) };
}

/** What giving a Lease away changes, as client-go writes it. */
export function released(now: number): LeaseSpec {
  const time = microTime(now);
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time };
}

/** A text that changes whenever the holder did anything. */
export function signatureOf({ metadata, spec }: Lease): string {
  return canonicalJson([
    metadata.uid,
    spec?.holderIdentity,
    spec?.acquireTime,
    spec?.renewTime,
    spec?.leaseTransitions,
  ]);
}

/** Kubernetes' MicroTime: RFC 3339 with exactly six digits after the point. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
