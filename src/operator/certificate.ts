import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
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
 * A self-signed serving certificate (RFC 5280; ECDSA P-256) for DNS names and IP addresses, valid for a number of
 * days from `now` (milliseconds since 1970). The key is PKCS#8.
 */
export async function selfSigned(names: readonly string[], days: number, now: number): Promise<Certificate> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['llmisvc'] }, { CN: [names[0] ?? 'llmisvc'] }],
    ...validity(days, now),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: serving(names),
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

/**
 * A serving certificate as above, with a certificate authority of its own that issued it and nothing else, ever: its key
 * is not kept. Verifiers that take no end entity for an authority trust this as well.
 */
export async function issued(
  names: readonly string[],
  days: number,
  now: number,
): Promise<Certificate & { readonly ca: string }> {
  const [authority, keys] = [await newKeys(), await newKeys()];
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    // Each has its own name, so that several in one file are not taken for one another.
    name: [{ O: ['llmisvc'] }, { CN: [`certificate authority ${randomBytes(8).toString('hex')}`] }],
    ...validity(days, now),
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ O: ['llmisvc'] }],
    issuer: ca.subject,
    ...validity(days, now),
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [...serving(names), await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey)],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey), ca: ca.toString('pem') };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  x509.cryptoProvider.set(webcrypto as typeof crypto);
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(days: number, now: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + days * DAY_MS) };
}

function serving(names: readonly string[]): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
  ];
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Whole days from `now` until the certificate ends; undefined when the text is no certificate. */
export function daysLeft(pem: string, now: number): number | undefined {
  try {
    return Math.floor((new x509.X509Certificate(pem).notAfter.getTime() - now) / DAY_MS);
  } catch {
    return undefined;
  }
}
