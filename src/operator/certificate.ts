import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface Certificate {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const BACKDATE_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;

/**
 * A self-signed serving certificate (RFC 5280; ECDSA P-256) for DNS names, valid for a number of days from `now`
 * (milliseconds since 1970).
 */
export async function selfSigned(names: readonly string[], days: number, now: number): Promise<Certificate> {
  x509.cryptoProvider.set(webcrypto as typeof crypto);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['llmisvc'] }, { CN: [names[0] ?? 'llmisvc'] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + days * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: certificate.toString('pem'), key };
}

/** Whole days from `now` until the certificate ends; undefined when the text is no certificate. */
export function daysLeft(pem: string, now: number): number | undefined {
  try {
    return Math.floor((new x509.X509Certificate(pem).notAfter.getTime() - now) / DAY_MS);
  } catch {
    return undefined;
  }
}
