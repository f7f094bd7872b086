import { X509Certificate } from 'node:crypto';
import type { KubeObject } from '../../src/api/object.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client } from '../../src/kube/types.ts';
import { ensureGatewayCertificate } from '../../src/operator/gatewaycertificate.ts';
import { useControlPlane } from '../support/controlplane.ts';

interface Secret extends KubeObject {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

const DAY = 24 * 3_600_000;

describe('the certificate of the optional Gateway', () => {
  const controlPlane = useControlPlane({ controllers: false, scheduler: false });
  let client: Client;
  const { signal } = new AbortController();

  beforeAll(async () => {
    client = await createClient({ kubeconfig: controlPlane().kubeconfig });
  });
  afterAll(() => client.close());

  const certificateOf = async (name: string): Promise<X509Certificate> => {
    const secret = await client.read<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: 'default', name });
    expect(secret?.type).toBe('kubernetes.io/tls');
    expect(Buffer.from(secret?.data['tls.key'] ?? '', 'base64').toString()).toContain('BEGIN PRIVATE KEY');
    return new X509Certificate(Buffer.from(secret?.data['tls.crt'] ?? '', 'base64'));
  };

  it('is made once, kept, and renewed thirty days before its end', async () => {
    const secret = { namespace: 'default', name: 'made' };
    const now = Date.now();
    expect(await ensureGatewayCertificate(client, secret, now, signal)).toBe('made');
    const first = await certificateOf('made');
    expect(first.subjectAltName).toContain('kserve-ingress-gateway.default.svc');
    expect(first.verify(first.publicKey)).toBe(true);

    expect(await ensureGatewayCertificate(client, secret, now + 300 * DAY, signal)).toBe('kept');
    expect((await certificateOf('made')).serialNumber).toBe(first.serialNumber);

    expect(await ensureGatewayCertificate(client, secret, now + 340 * DAY, signal)).toBe('renewed');
    const second = await certificateOf('made');
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(Date.parse(second.validTo)).toBeGreaterThan(now + 700 * DAY);
  });

  it('is left alone when somebody else made it', async () => {
    const theirs = { 'tls.crt': 'c29tZXRoaW5n', 'tls.key': 'c29tZXRoaW5n' };
    await client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'theirs', namespace: 'default' },
      data: theirs,
    } as KubeObject);
    const secret = { namespace: 'default', name: 'theirs' };
    expect(await ensureGatewayCertificate(client, secret, Date.now(), signal)).toBe('foreign');
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 'theirs' };
    expect((await client.read<Secret>(ref))?.data).toEqual(theirs);
  });

  it('is not made by a process that was asked to end', async () => {
    const secret = { namespace: 'default', name: 'late' };
    const asked = AbortSignal.abort(new Error('asked to end'));
    await expect(ensureGatewayCertificate(client, secret, Date.now(), asked)).rejects.toThrow('asked to end');
    expect(await client.read({ apiVersion: 'v1', kind: 'Secret', ...secret })).toBeUndefined();
  });
});
