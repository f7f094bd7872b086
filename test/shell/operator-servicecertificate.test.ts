import { X509Certificate } from 'node:crypto';
import { SECRET, type Secret } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { ANNOTATION_CERTIFICATE_EXPIRATION } from '../../src/api/wellknown.ts';
import { withoutValues } from '../../src/kube/secret.ts';
import type { Client } from '../../src/kube/types.ts';
import { selfSigned } from '../../src/operator/certificate.ts';
import { renewalReason, withCertificate } from '../../src/operator/servicecertificate.ts';
import type { Child } from '../../src/render/plan.ts';

const NAMES = ['localhost', 'qwen-kserve-workload-svc.team-a.svc', '127.0.0.1'];
const NOW = '2026-01-01T00:00:00Z';
const signal = new AbortController().signal;
const metadata = { name: 'qwen-kserve-self-signed-certs', namespace: 'team-a' };
const desired = { ...SECRET, metadata, data: { 'ca.crt': '', 'tls.crt': '', 'tls.key': '' } } as KubeObject;
const child: Child = {
  object: desired,
  part: 'workload',
  order: 5,
  leftToOthers: [],
  origins: [],
  certificateFor: NAMES,
};

/** What the operator would write over a live Secret, at a time. */
async function over(live: KubeObject | undefined, now = NOW): Promise<Secret> {
  const client = { read: async () => live } as unknown as Client;
  const seen = live && withoutValues(live);
  return (await withCertificate(child, desired, seen, { client, now: () => now, signal })) as Secret;
}

function text(secret: KubeObject, key: string): string {
  return Buffer.from((secret as Secret).data?.[key] ?? '', 'base64').toString();
}

describe('a Secret without its values', () => {
  it('says what its certificate says, and whether the key fits', async () => {
    const kept = withoutValues(await over(undefined)) as Secret;
    expect(kept.data).toEqual({ 'ca.crt': '', 'tls.crt': '', 'tls.key': '' });
    expect(kept.certificate).toEqual({ names: NAMES, notAfter: '2035-12-30T00:00:00.000Z', keyFits: true });
    expect(withoutValues(kept)).toEqual(kept);
    expect(JSON.stringify(kept)).not.toMatch(/BEGIN|LS0t/);
  });

  it.each([
    ['no key', { 'tls.key': '' }],
    ['no PEM in its key', { 'tls.key': Buffer.from('none').toString('base64') }],
  ])('says that the key does not fit where there is %s', async (_what, data) => {
    const whole = await over(undefined);
    const kept = withoutValues({ ...whole, data: { ...whole.data, ...data } } as KubeObject) as Secret;
    expect(kept.certificate?.keyFits).toBe(false);
  });

  it('says nothing of what is no certificate', () => {
    const broken = { ...desired, data: { 'tls.crt': Buffer.from('none').toString('base64'), other: '' } } as KubeObject;
    expect(withoutValues(broken)).toEqual({ ...SECRET, metadata, data: { 'tls.crt': '', other: '' } });
    expect(renewalReason(child, withoutValues(broken), NOW)).toBe('it holds no certificate');
  });
});

describe('the certificate of a service', () => {
  it('is good for eight years, and then renewed two years before its end', async () => {
    const made = withoutValues(await over(undefined));
    expect(made.metadata.annotations).toEqual({ [ANNOTATION_CERTIFICATE_EXPIRATION]: '2033-12-30T00:00:00Z' });
    expect(renewalReason(child, made, '2033-12-29T23:59:59Z')).toBeUndefined();
    expect(renewalReason(child, made, '2033-12-30T00:00:00Z')).toBe('its certificate is to be renewed');
  });

  it('is not renewed for more names than it needs, but for fewer', async () => {
    const made = withoutValues(await over(undefined));
    expect(renewalReason({ ...child, certificateFor: ['localhost'] }, made, NOW)).toBeUndefined();
    expect(renewalReason({ ...child, certificateFor: [...NAMES, 'more', 'and.more'] }, made, NOW)).toBe(
      'its certificate lacks the names more, and.more',
    );
  });

  it('is no matter of children that hold none', async () => {
    const { certificateFor: _, ...plain } = child;
    expect(renewalReason(plain, desired, NOW)).toBeUndefined();
    const context = { client: {} as Client, now: () => NOW, signal };
    expect(await withCertificate(plain, desired, undefined, context)).toBe(desired);
  });

  it('stays the same when only the object around it changes', async () => {
    const made = await over(undefined);
    expect(await over(made)).toEqual(made);
  });

  it('of KServe is kept without an annotation until its end, and gets a CA where it has none', async () => {
    const { certificate, key } = await selfSigned(NAMES, 12 * 365, Date.parse(NOW));
    const base64 = (value: string): string => Buffer.from(value).toString('base64');
    const theirs = { ...desired, data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) } } as KubeObject;
    expect(renewalReason(child, withoutValues(theirs), '2037-12-01T00:00:00Z')).toBeUndefined();
    expect(renewalReason(child, withoutValues(theirs), '2038-01-01T00:00:00Z')).toMatch(/renewed/);
    const written = await over(theirs);
    expect([text(written, 'tls.crt'), text(written, 'ca.crt')]).toEqual([certificate, certificate]);
  });

  it('comes with an authority that issued it, and one that is renewed stays trusted while it is valid', async () => {
    const first = await over(undefined);
    const second = await over(first, '2034-01-01T00:00:00Z');
    const third = await over(second, '2045-01-01T00:00:00Z');
    expect([first, second, third].map((secret) => authorities(secret).length)).toEqual([1, 2, 1]);
    expect(authorities(second)[1]).toBe(authorities(first)[0]);
    for (const secret of [first, second, third]) {
      const [authority = ''] = authorities(secret);
      const [ca, certificate] = [new X509Certificate(authority), new X509Certificate(text(secret, 'tls.crt'))];
      expect([ca.ca, certificate.ca]).toEqual([true, false]);
      expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
      expect(certificate.publicKey.asymmetricKeyType).toBe('ec');
    }
  });
});

function authorities(secret: KubeObject): readonly string[] {
  return text(secret, 'ca.crt').match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
}
