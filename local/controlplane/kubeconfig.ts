import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';

export interface KubeconfigInput {
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly user: string;
  readonly credentials: { readonly token: string } | KeyPair;
}

/** Writes a kubeconfig with everything inside, readable by its owner only, and returns the path. */
export function writeKubeconfig(path: string, input: KubeconfigInput): string {
  const { url, certificateAuthority, user, credentials } = input;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server: url, 'certificate-authority-data': base64(certificateAuthority) } }],
    users: [{ name: user, user: authInfo(credentials) }],
    contexts: [{ name: 'local', context: { cluster: 'local', user } }],
    'current-context': 'local',
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
  return path;
}

function authInfo(credentials: KubeconfigInput['credentials']): Record<string, string> {
  if ('token' in credentials) return { token: credentials.token };
  return {
    'client-certificate-data': base64(credentials.certificate),
    'client-key-data': base64(credentials.key),
  };
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
