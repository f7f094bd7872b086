import { describe, type KubeObject } from '../api/object.ts';
import { FIELD_MANAGER } from '../api/wellknown.ts';
import type { Log } from '../kube/log.ts';
import { realTiming } from '../kube/timing.ts';
import type { Client } from '../kube/types.ts';

interface TlsSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

const LOOK_MS = 24 * 3_600_000;
const RETRY_MS = 60_000;
const VALID_DAYS = 365;
const RENEW_DAYS = 30;
/** Marks Secrets that we made: only those are renewed. */
const MADE_BY = { 'app.kubernetes.io/managed-by': FIELD_MANAGER };

/** Sees to the certificate now and once a day until the signal aborts; what fails is logged and tried again. */
export async function keepGatewayCertificate(
  { client, secret, log }: { readonly client: Client; readonly secret: SecretName; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  const object = describe({ apiVersion: 'v1', kind: 'Secret', ...secret });
  while (!signal.aborted) {
    let pause = LOOK_MS;
    try {
      const done = await ensureGatewayCertificate(client, secret, Date.now(), signal);
      if (done !== 'kept') log.info({ object, done }, "The Gateway's certificate was looked at.");
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ object, error }, "The Gateway's certificate could not be seen to and is tried again in a minute.");
      pause = RETRY_MS;
    }
    await realTiming.sleep(pause, signal);
  }
}

/**
 * Makes the self-signed certificate of the optional Gateway's HTTPS listener when its Secret does not exist, and renews it
 * thirty days before its end. A Secret that somebody else made is left alone.
 *
 * Returns what was done. Rejects with `ApiError` when the Secret cannot be read or written.
 */
export async function ensureGatewayCertificate(
  client: Client,
  secret: SecretName,
  now: number,
  signal: AbortSignal,
): Promise<'made' | 'renewed' | 'kept' | 'foreign'> {
  // Only installations with the optional Gateway pay for the library behind it.
  const { daysLeft } = await import('./certificate.ts');
  const ref = { apiVersion: 'v1', kind: 'Secret', ...secret };
  const live = await client.read<TlsSecret>(ref, signal);
  if (!live) {
    await client.create(await fresh(secret, now), { signal });
    return 'made';
  }
  if (live.metadata.labels?.['app.kubernetes.io/managed-by'] !== FIELD_MANAGER) return 'foreign';
  const pem = Buffer.from(live.data?.['tls.crt'] ?? '', 'base64').toString();
  if ((daysLeft(pem, now) ?? 0) > RENEW_DAYS) return 'kept';
  const { type: _type, ...renewed } = await fresh(secret, now);
  const body = { data: renewed.data, metadata: { resourceVersion: live.metadata.resourceVersion } };
  await client.patch(ref, body, { signal });
  return 'renewed';
}

async function fresh(secret: SecretName, now: number): Promise<TlsSecret> {
  const { selfSigned } = await import('./certificate.ts');
  const made = await selfSigned([`kserve-ingress-gateway.${secret.namespace}.svc`, 'localhost'], VALID_DAYS, now);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret.name, namespace: secret.namespace, labels: MADE_BY },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encode(made.certificate), 'tls.key': encode(made.key) },
  };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
