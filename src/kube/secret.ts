import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type CertificateFacts, SECRET, type Secret } from '../api/children.ts';
import { isPlainObject, type KubeObject } from '../api/object.ts';

/**
 * The object as it may be kept and looked at: of a Secret only its metadata, the names of its keys, never a value, and
 * what everybody may know of a certificate in it. Done once more it changes nothing.
 */
export function withoutValues(object: KubeObject): KubeObject {
  if (object.kind !== SECRET.kind) return object;
  const { data, type, certificate } = object as Secret;
  const { apiVersion, kind, metadata } = object;
  const facts = certificate ?? certificateFacts(data);
  return {
    apiVersion,
    kind,
    metadata,
    ...(type === undefined ? {} : { type }),
    data: Object.fromEntries(Object.keys(isPlainObject(data) ? data : {}).map((key) => [key, ''])),
    ...(facts ? { certificate: facts } : {}),
  } as KubeObject;
}

/** What the certificate under `tls.crt` says; undefined when there is none that can be read. */
function certificateFacts(data: unknown): CertificateFacts | undefined {
  const text = (key: string): string => {
    const value = isPlainObject(data) ? data[key] : undefined;
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '';
  };
  const pem = text('tls.crt');
  if (pem === '') return undefined;
  try {
    const certificate = new X509Certificate(pem);
    return {
      names: namesOf(certificate.subjectAltName ?? ''),
      notAfter: new Date(certificate.validTo).toISOString(),
      keyFits: fits(certificate, text('tls.key')),
    };
  } catch {
    return undefined;
  }
}

/** Node gives one text: `DNS:localhost, IP Address:127.0.0.1`. */
function namesOf(subjectAltName: string): readonly string[] {
  return subjectAltName.split(', ').flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
}

function fits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
