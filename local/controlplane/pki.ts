import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, type KeyPair, writeKeyPair, writeTokenKeys } from './certificates.ts';
import type { Files } from './flags.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** Everything that proves who is who in one control plane. */
export interface Pki {
  readonly files: Files;
  /** PEM. */
  readonly certificateAuthority: string;
  /** A client certificate in the group `system:masters`. */
  readonly admin: KeyPair;
  userKubeconfig(user: string, groups: readonly string[], path: string): Promise<string>;
  tokenKubeconfig(token: string, path: string): string;
}

export interface PkiInput {
  readonly stateDir: string;
  readonly url: string;
  /** The first address of the service range, which the Service `kubernetes` gets. */
  readonly serviceAddress: string;
}

/** Makes the certificate authority, certificates, keys and kubeconfigs of one control plane in `<stateDir>/pki`. */
export async function createPki({ stateDir, url, serviceAddress }: PkiInput): Promise<Pki> {
  const folder = join(stateDir, 'pki');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = await createAuthority('llmisvc-local');
  const certificateAuthority = authority.certificate;
  const ca = join(folder, 'ca.crt');
  writeFileSync(ca, certificateAuthority);

  const userKubeconfig: Pki['userKubeconfig'] = async (user, groups, path) => {
    const credentials = await authority.client(user, groups);
    return writeKubeconfig(path, { url, certificateAuthority, user, credentials });
  };
  const serving = await authority.serving(
    'kube-apiserver',
    ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
    ['127.0.0.1', serviceAddress],
  );
  return {
    certificateAuthority,
    files: {
      ca,
      etcdData: join(stateDir, 'etcd'),
      serving: writeKeyPair(folder, 'apiserver', serving),
      tokens: writeTokenKeys(folder, 'serviceaccount'),
      controllers: await userKubeconfig('system:kube-controller-manager', [], join(folder, 'controllers.kubeconfig')),
      scheduler: await userKubeconfig('system:kube-scheduler', [], join(folder, 'scheduler.kubeconfig')),
    },
    admin: await authority.client('llmisvc-local', ['system:masters']),
    userKubeconfig,
    tokenKubeconfig: (token, path) =>
      writeKubeconfig(path, { url, certificateAuthority, user: 'token', credentials: { token } }),
  };
}
