import { X509Certificate } from 'node:crypto';
import { createServer, connect, type Server } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { BACKEND_TLS_POLICY, CONFIG_MAP, DEPLOYMENT, POD, SECRET } from '../../src/api/children.ts';
import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject, Ref } from '../../src/api/object.ts';
import { ANNOTATION_CERTIFICATE_EXPIRATION } from '../../src/api/wellknown.ts';
import { selfSigned } from '../../src/operator/certificate.ts';
import { llmisvc, useFolder } from '../cli/cliprocess.ts';
import { install, operatorKubeconfig } from '../support/installed.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';
import { writeDocuments } from '../support/yaml.ts';

interface TLSSecret extends KubeObject {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

const cluster = useCluster();
const folder = useFolder();
const namespace = 'default';
const REQUESTS = 'llmisvc_api_requests_total';
const YEAR = 365 * 24 * 3_600_000;
const STOPPED = { annotations: { 'serving.kserve.io/stop': 'true' } };
const SHORT = { replicas: 0, router: { route: {}, gateway: {} } };
let kubeconfig: string;
let operator: OperatorProcess;

// The operator runs under its own ServiceAccount, so that every right that it needs is known to be there.
beforeAll(async () => {
  await install(cluster(), 'base');
  await setTLS(true);
  kubeconfig = await operatorKubeconfig(cluster());
  operator = await cluster().operator({ kubeconfig });
}, 60_000);

afterAll(() => operator?.stop(), 30_000);

describe('the certificate of a service', () => {
  it('is made with the names under which the model server is reached, before its Deployment', async () => {
    await cluster().apply(service('made', SHORT));
    const secret = await secretOf('made');
    await cluster().until('the Deployment', deployment('made'), () => true);
    expect(secret.type).toBe('kubernetes.io/tls');
    expect(secret.metadata.labels).toEqual({
      'app.kubernetes.io/component': 'llminferenceservice-workload',
      'app.kubernetes.io/name': 'made',
      'app.kubernetes.io/part-of': 'llminferenceservice',
    });
    expect(secret.metadata.ownerReferences).toMatchObject([{ name: 'made', controller: true }]);
    expect(text(secret, 'tls.key')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const certificate = new X509Certificate(text(secret, 'tls.crt'));
    expect(certificate.subjectAltName?.split(', ').toSorted()).toEqual([
      'DNS:localhost',
      'DNS:made-kserve-workload-svc.default.svc',
      'DNS:made-kserve-workload-svc.default.svc.cluster.local',
      'IP Address:127.0.0.1',
    ]);
    const renewal = Date.parse(secret.metadata.annotations?.[ANNOTATION_CERTIFICATE_EXPIRATION] ?? '');
    expect(renewal).toBeGreaterThan(Date.now() + 7 * YEAR);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(renewal + YEAR);
  }, 40_000);

  it('is trusted by a client that has the CA and the name that the gateway is told', async () => {
    const secret = await secretOf('made');
    const policy = await cluster().until<KubeObject & { spec: { validation: { hostname: string } } }>(
      'the policy',
      { ...BACKEND_TLS_POLICY, namespace, name: 'made-kserve-backend-tls' },
      () => true,
    );
    const server = await serve(text(secret, 'tls.crt'), text(secret, 'tls.key'));
    const { hostname } = policy.spec.validation;
    expect(await trusts(server, text(secret, 'ca.crt'), hostname)).toBe(true);
    expect(await trusts(server, text(secret, 'ca.crt'), 'another.default.svc')).toBe(false);
    server.close();
  }, 40_000);

  it('is no change to `llmisvc diff`, which shows none of its values', async () => {
    const same = await llmisvc(['diff', 'made', '--kubeconfig', cluster().controlPlane.kubeconfig]);
    expect(same.stdout).toBe('1 service: nothing changes.\n');
    const file = folder.write('stopped.yaml', writeDocuments([service('made', SHORT, STOPPED)]));
    const stopped = await llmisvc(['diff', '-f', file, '--kubeconfig', cluster().controlPlane.kubeconfig]);
    const { data } = await secretOf('made');
    expect(stopped.stdout).toContain(`Secret default/${secret('made').name}`);
    for (const value of Object.values(data)) expect(stopped.stdout).not.toContain(value.slice(0, 40));
  }, 40_000);

  it('stays as it is when pods come and go, and across a restart', async () => {
    const before = await secretOf('made');
    await operator.settled();
    const writes = await operator.writes();
    await podOf('made', '10.0.0.7');
    await podOf('made', undefined);
    await operator.settled();
    await operator.stop();
    operator = await cluster().operator({ kubeconfig });
    await operator.settled();
    expect(await operator.writes()).toBe(0);
    expect(writes).toBeGreaterThan(0);
    expect((await secretOf('made')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  }, 60_000);

  it('is renewed when it is to have other names', async () => {
    const before = await secretOf('made');
    await operator.stop();
    operator = await cluster().operator({ kubeconfig, env: { CLUSTER_DOMAIN: 'example.org' } });
    const renewed = await cluster().until<TLSSecret>('the other domain', secret('made'), (found) =>
      /svc\.example\.org/.test(new X509Certificate(text(found, 'tls.crt')).subjectAltName ?? ''),
    );
    // Pods that have the one before are trusted until they see this one.
    expect(text(renewed, 'ca.crt')).toContain(text(before, 'ca.crt').trim());
    await operator.stop();
    operator = await cluster().operator({ kubeconfig });
    await cluster().until(
      'the usual names',
      secret('made'),
      ({ metadata }) => metadata.resourceVersion !== renewed.metadata.resourceVersion,
    );
  }, 60_000);

  it('is renewed when names are missing; the one before stays trusted', async () => {
    await cluster().apply(service('renamed', SHORT));
    await secretOf('renamed');
    await operator.stop();
    const old = await selfSigned(['old.example.com'], 30, Date.now());
    await cluster().client.patch(secret('renamed'), { data: dataOf(old) });
    operator = await cluster().operator({ kubeconfig });
    const renewed = await cluster().until<TLSSecret>('another certificate', secret('renamed'), (found) =>
      /renamed-kserve/.test(new X509Certificate(text(found, 'tls.crt')).subjectAltName ?? ''),
    );
    expect(text(renewed, 'ca.crt')).toContain(old.certificate.trim());
    const server = await serve(old.certificate, old.key);
    expect(await trusts(server, text(renewed, 'ca.crt'), 'old.example.com')).toBe(true);
    server.close();
    await operator.settled();
    expect((await secretOf('renamed')).metadata.resourceVersion).toBe(renewed.metadata.resourceVersion);
  }, 60_000);

  it.each([
    ['whose time has come', async () => ({ when: '2020-01-01T00:00:00Z', pair: await pairFor('due') })],
    [
      'whose key is another one',
      async () => {
        const { certificate } = await pairFor('due');
        return { when: '2099-01-01T00:00:00Z', pair: { certificate, key: (await pairFor('due')).key } };
      },
    ],
  ])(
    'is renewed %s',
    async (_why, state) => {
      await cluster().apply(service('due', SHORT));
      await secretOf('due');
      await operator.stop();
      const { when, pair } = await state();
      const metadata = { annotations: { [ANNOTATION_CERTIFICATE_EXPIRATION]: when } };
      await cluster().client.patch(secret('due'), { metadata, data: dataOf(pair) });
      operator = await cluster().operator({ kubeconfig });
      await cluster().until<TLSSecret>(
        'another certificate',
        secret('due'),
        (found) => text(found, 'tls.crt') !== pair.certificate,
      );
    },
    60_000,
  );

  it("keeps KServe's while it is good, and makes it its own", async () => {
    await operator.stop();
    await cluster().apply(service('adopted', SHORT));
    const { uid } = (await cluster().get({ ...LLMISVC, namespace, name: 'adopted' })).metadata;
    const pair = await selfSigned([...namesOf('adopted'), '10.0.0.9'], 12 * 365, Date.now());
    const owner = { apiVersion: LLMISVC.apiVersion, kind: LLMISVC.kind, name: 'adopted', uid };
    await cluster().client.request('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      query: { fieldManager: 'manager' },
      body: {
        ...SECRET,
        metadata: {
          name: secret('adopted').name,
          labels: { 'app.kubernetes.io/part-of': 'llminferenceservice' },
          annotations: { [ANNOTATION_CERTIFICATE_EXPIRATION]: '2034-01-01T00:00:00Z' },
          ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
        },
        type: 'kubernetes.io/tls',
        data: { ...dataOf(pair), 'ca.crt': base64(pair.certificate) },
      },
    });
    operator = await cluster().operator({ kubeconfig });
    const adopted = await cluster().until<TLSSecret>('the labels', secret('adopted'), ({ metadata }) =>
      Boolean(metadata.labels?.['app.kubernetes.io/name']),
    );
    expect(adopted.data).toEqual({ ...dataOf(pair), 'ca.crt': base64(pair.certificate) });
    expect(adopted.metadata.annotations?.[ANNOTATION_CERTIFICATE_EXPIRATION]).toBe('2034-01-01T00:00:00Z');
    expect(adopted.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['llmisvc']);
  }, 60_000);

  it('leaves a Secret of somebody else alone, says whose it is, and makes its own when that one is gone', async () => {
    const { apply, client, get, serviceUntil } = cluster();
    const data = { note: base64('theirs') };
    await apply({ ...SECRET, metadata: { name: secret('foreign').name, namespace }, data });
    await apply(service('foreign', SHORT));
    const found = await serviceUntil(
      'foreign',
      'the condition',
      (s) => conditionOf(s, 'MainWorkloadReady')?.reason === 'NotOurs',
    );
    expect(conditionOf(found, 'MainWorkloadReady')?.message).toContain(`Secret default/${secret('foreign').name}`);
    expect((await get<TLSSecret>(secret('foreign'))).data).toEqual(data);
    expect(await client.read(deployment('foreign'))).toBeUndefined();
    await client.remove(secret('foreign'));
    await cluster().until('our Deployment', deployment('foreign'), () => true);
    expect((await secretOf('foreign')).metadata.ownerReferences).toHaveLength(1);
  }, 60_000);

  it('goes with its service when that is stopped, and comes back with it', async () => {
    const ref = { ...LLMISVC, namespace, name: 'made' };
    const { uid } = (await secretOf('made')).metadata;
    await cluster().client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } });
    await cluster().gone(secret('made'));
    await cluster().gone({ ...BACKEND_TLS_POLICY, namespace, name: 'made-kserve-backend-tls' });
    await cluster().client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': null } } });
    await cluster().until('a new Secret', secret('made'), ({ metadata }) => metadata.uid !== uid);
  }, 60_000);

  it('goes when TLS is switched off, because nothing mounts it any more', async () => {
    await secretOf('renamed');
    await setTLS(false);
    for (const name of ['made', 'renamed', 'adopted']) await cluster().gone(secret(name));
    await operator.settled();
    expect(await operator.metric(REQUESTS, 'code="403"')).toBe(0);
    // That it is gone is remembered: a pass for another reason does not look again.
    const looked = await operator.metric(REQUESTS, 'resource="secrets"', 'verb="get"');
    await cluster().apply(service('made', { ...SHORT, replicas: 1 }));
    await cluster().serviceUntil(
      'made',
      'the pass',
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
    );
    await operator.settled();
    expect(await operator.metric(REQUESTS, 'resource="secrets"', 'verb="get"')).toBe(looked);
  }, 60_000);

  it('is in no log line, and no Secret is ever listed', async () => {
    expect(JSON.stringify(operator.log())).not.toContain('BEGIN');
    expect(await operator.metric(REQUESTS, 'resource="secrets"', 'verb="list"')).toBe(0);
    expect(await operator.metric(REQUESTS, 'resource="secrets"', 'verb="watch"')).toBe(0);
  });
});

function namesOf(name: string): readonly string[] {
  const host = `${name}-kserve-workload-svc.${namespace}.svc`;
  return ['localhost', host, `${host}.cluster.local`, '127.0.0.1'];
}

function pairFor(name: string): Promise<{ readonly certificate: string; readonly key: string }> {
  return selfSigned(namesOf(name), 300, Date.now());
}

function secret(name: string): Ref {
  return { ...SECRET, namespace, name: `${name}-kserve-self-signed-certs` };
}

function deployment(name: string): Ref {
  return { ...DEPLOYMENT, namespace, name: `${name}-kserve` };
}

function secretOf(name: string): Promise<TLSSecret> {
  return cluster().until<TLSSecret>('the certificate', secret(name), ({ data }) => data['tls.crt'] !== undefined);
}

function dataOf({ certificate, key }: { readonly certificate: string; readonly key: string }): Record<string, string> {
  return { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text({ data }: TLSSecret, key: string): string {
  return Buffer.from(data[key] ?? '', 'base64').toString();
}

async function setTLS(on: boolean): Promise<void> {
  const ref = { ...CONFIG_MAP, namespace: 'kserve', name: 'inferenceservice-config' };
  const { data } = await cluster().get<KubeObject & { data: Record<string, string> }>(ref);
  const ingress = { ...(JSON.parse(data['ingress'] ?? '{}') as object), enableLLMInferenceServiceTLS: on };
  await cluster().client.patch<LLMInferenceService>(ref, { data: { ingress: JSON.stringify(ingress) } });
}

/** No kubelet runs here: its report is written by hand. */
async function podOf(name: string, podIP: string | undefined): Promise<void> {
  const labels = {
    'app.kubernetes.io/part-of': 'llminferenceservice',
    'app.kubernetes.io/name': name,
    'kserve.io/component': 'workload',
  };
  const pod = `${name}-${podIP ? 'with' : 'without'}-address`;
  await cluster().apply({
    ...POD,
    metadata: { name: pod, namespace, labels },
    spec: { containers: [{ name: 'main', image: 'any' }] },
  });
  if (!podIP) return;
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
  await cluster().client.patch({ ...POD, namespace, name: pod }, { status }, { subresource: 'status' });
}

async function serve(cert: string, key: string): Promise<Server> {
  const server = createServer({ cert, key }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function trusts(server: Server, ca: string, servername: string): Promise<boolean> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername });
    socket.once('secureConnect', () => {
      resolve(socket.authorized);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
