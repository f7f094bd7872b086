import { X509Certificate } from 'node:crypto';
import type { Secret } from '../api/children.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import { ANNOTATION_CERTIFICATE_EXPIRATION } from '../api/wellknown.ts';
import type { Client } from '../kube/types.ts';
import type { Child } from '../render/plan.ts';

const DAY_MS = 24 * 3_600_000;
const YEAR_DAYS = 365;
const VALID_DAYS = 10 * YEAR_DAYS;
/** As long before its end that an operator which was away for a year still comes in time. */
const RENEW_DAYS = 2 * YEAR_DAYS;

/**
 * Why the live Secret of a child needs another certificate; undefined when it does not, or when the child has none. A
 * certificate of KServe's controller is kept until the time that it wrote beside it.
 *
 * @param live without values, with the facts of its certificate
 * @param now RFC 3339
 */
export function renewalReason({ certificateFor }: Child, live: KubeObject, now: string): string | undefined {
  if (!certificateFor) return undefined;
  const { certificate, metadata } = live as Secret;
  if (!certificate) return 'it holds no certificate';
  if (!certificate.keyFits) return 'its key is not that of its certificate';
  const missing = certificateFor.filter((name) => !certificate.names.includes(name));
  if (missing.length > 0) return `its certificate lacks the names ${missing.join(', ')}`;
  const noted = Date.parse(metadata.annotations?.[ANNOTATION_CERTIFICATE_EXPIRATION] ?? '');
  const end = Math.min(Date.parse(certificate.notAfter), Number.isNaN(noted) ? Infinity : noted);
  return Date.parse(now) >= end ? 'its certificate is to be renewed' : undefined;
}

/**
 * The desired object of a child with key and certificate, if it shall hold them: those of the live Secret while they are
 * good, new ones otherwise. What it returns goes to the API server and nowhere else.
 *
 * `ca.crt` holds the authority of the certificate before the present one as well, while that is valid: a gateway sees a
 * renewal at once, pods a minute later, and in between either is trusted.
 *
 * @param live the Secret without values; undefined when there is none
 * @throws ApiError when the live Secret cannot be read
 */
export async function withCertificate(
  child: Child,
  desired: KubeObject,
  live: KubeObject | undefined,
  { client, now, signal }: { readonly client: Client; readonly now: () => string; readonly signal: AbortSignal },
): Promise<KubeObject> {
  const { certificateFor } = child;
  if (!certificateFor) return desired;
  const time = now();
  const whole = live && (await client.read<Secret>(refOf(live), signal));
  const { 'tls.crt': certificate = '', 'tls.key': key = '', 'ca.crt': ca = certificate } = whole?.data ?? {};
  if (live && whole && renewalReason(child, live, time) === undefined) {
    const noted = whole.metadata.annotations?.[ANNOTATION_CERTIFICATE_EXPIRATION] ?? renewal(endOf(certificate));
    return filled(desired, { 'ca.crt': ca, 'tls.crt': certificate, 'tls.key': key }, noted);
  }
  const { issued } = await import('./certificate.ts');
  const made = await issued(certificateFor, VALID_DAYS, Date.parse(time));
  const before = issuerOf(decode(certificate), decode(ca), Date.parse(time));
  const trusted = before ? `${made.ca}\n${before}` : made.ca;
  const data = { 'ca.crt': encode(trusted), 'tls.crt': encode(made.certificate), 'tls.key': encode(made.key) };
  return filled(desired, data, renewal(Date.parse(time) + VALID_DAYS * DAY_MS));
}

function filled(desired: KubeObject, data: Readonly<Record<string, string>>, expiration: string): KubeObject {
  const annotations = { ...desired.metadata.annotations, [ANNOTATION_CERTIFICATE_EXPIRATION]: expiration };
  return { ...desired, metadata: { ...desired.metadata, annotations }, data } as KubeObject;
}

/** When a certificate with this end is to be renewed. */
function renewal(end: number): string {
  return new Date(end - RENEW_DAYS * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
}

function endOf(certificate: string): number {
  return Date.parse(new X509Certificate(decode(certificate)).validTo);
}

/** The one among the authorities that issued the certificate, which may be itself; undefined when it is over or unreadable. */
function issuerOf(certificate: string, authorities: string, now: number): string | undefined {
  try {
    const subject = new X509Certificate(certificate);
    return [...(authorities.match(PEM) ?? []), certificate].find((pem) => {
      const candidate = new X509Certificate(pem);
      return Date.parse(candidate.validTo) > now && subject.verify(candidate.publicKey);
    });
  } catch {
    return undefined;
  }
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString();
}
