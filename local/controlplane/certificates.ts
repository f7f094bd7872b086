import 'reflect-metadata';
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** A certificate and its key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  /** A serving certificate for DNS names and IP addresses. */
  serving(commonName: string, dnsNames: readonly string[], addresses: readonly string[]): Promise<KeyPair>;
  /** A client certificate: Kubernetes takes the user from the common name and the groups from the organisations. */
  client(user: string, groups: readonly string[]): Promise<KeyPair>;
}

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const VALIDITY_MS = 365 * 24 * 3600 * 1000;
// Clocks of containers and hosts differ a little.
const BACKDATE_MS = 5 * 60 * 1000;

/** Makes a certificate authority that lives in memory only; its key is never written. */
export async function createAuthority(commonName: string): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as typeof crypto);
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...lifetime(),
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  const issue = async (name: x509.JsonName, extensions: readonly x509.Extension[]): Promise<KeyPair> => {
    const own = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...lifetime(),
      subject: name,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(ca),
        ...extensions,
      ],
    });
    const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', own.privateKey), 'PRIVATE KEY');
    return { certificate: certificate.toString('pem'), key };
  };

  return {
    certificate: ca.toString('pem'),
    serving: (name, dnsNames, addresses) =>
      issue(
        [{ CN: [name] }],
        [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
            ...addresses.map((value) => ({ type: 'ip' as const, value })),
          ]),
        ],
      ),
    client: (user, groups) =>
      issue(
        [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))],
        [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
      ),
  };
}

/** Writes the key pair with which the API server signs ServiceAccount tokens: `<name>.key` and `<name>.pub`. */
export function writeTokenKeys(folder: string, name: string): { readonly key: string; readonly pub: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [key, pub] = [join(folder, `${name}.key`), join(folder, `${name}.pub`)];
  writeFileSync(key, pair.privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(pub, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  return { key, pub };
}

/** Writes a key pair as `<name>.crt` and `<name>.key` and returns the paths. */
export function writeKeyPair(
  folder: string,
  name: string,
  pair: KeyPair,
): { readonly crt: string; readonly key: string } {
  const [crt, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  writeFileSync(crt, pair.certificate);
  writeFileSync(key, pair.key, { mode: 0o600 });
  return { crt, key };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

function lifetime(): { notBefore: Date; notAfter: Date; serialNumber: string } {
  const now = Date.now();
  // The first bit stays 0: a serial number is a positive integer.
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  return {
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + VALIDITY_MS),
    serialNumber: serial.toString('hex'),
  };
}
