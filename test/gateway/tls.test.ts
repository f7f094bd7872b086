import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connect } from 'node:tls';
import type { Pod } from '../../local/node/types.ts';
import { BACKEND_TLS_POLICY, CONFIG_MAP, SECRET } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { ANNOTATION_CERTIFICATE_EXPIRATION } from '../../src/api/wellknown.ts';
import { issued } from '../../src/operator/certificate.ts';
import { chatLoad, type Load } from '../support/load.ts';
import { call, conditionOf, useStack, waitFor } from '../support/stack.ts';
import { service } from './services.ts';

const stack = useStack();
const namespace = 'default';
const SETTLE_MS = 90_000;

describe('TLS between gateway and model server, through Envoy Gateway and Envoy', () => {
  beforeAll(async () => {
    await setTLS(true);
    await stack().apply(service('secure'));
  }, 60_000);

  it('answers, whole and as a stream, over a connection that the gateway verified', async () => {
    const url = await stack().readyUrl('secure');
    const chat = { model: 'model-of-secure', messages: [{ role: 'user', content: 'Hello' }] };
    const whole = await call(`${url}/v1/chat/completions`, { method: 'POST', body: chat });
    expect(whole.status).toBe(200);
    expect(JSON.parse(whole.text)).toMatchObject({ choices: [{ finish_reason: 'stop' }], usage: {} });
    const streamed = await call(`${url}/v1/chat/completions`, { method: 'POST', body: { ...chat, stream: true } });
    expect(streamed.text).toMatch(/^data: \{[\s\S]*data: \[DONE\]\n\n$/);
    const policy = await stack().client.read<Policy>(policyRef('secure'));
    expect(policy?.status?.ancestors?.[0]?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Accepted', status: 'True' }),
    );
  }, 120_000);

  it('is renewed without a failed request', async () => {
    const url = await stack().readyUrl('secure');
    const [before] = await servedBy('secure');
    const load = chatLoad(url, 'model-of-secure');
    try {
      await stack().kubectl(
        ...['annotate', '--overwrite', 'secret', secretRef('secure').name],
        `${ANNOTATION_CERTIFICATE_EXPIRATION}=2020-01-01T00:00:00Z`,
      );
      await restartOperator();
      await waitFor('the pod to serve the renewed certificate', SETTLE_MS, async () => {
        const [now] = await servedBy('secure');
        return now !== undefined && now !== before;
      });
      await more(load);
    } finally {
      await load.stop();
    }
    expect(load.failed()).toEqual([]);
  }, 240_000);

  it('sends nothing to a server with a certificate of somebody else, and recovers from it', async () => {
    const url = await stack().readyUrl('secure');
    await operatorReplicas(0);
    try {
      const stranger = await issued(['stranger.example.com'], 30, Date.now());
      const data = { 'tls.crt': base64(stranger.certificate), 'tls.key': base64(stranger.key) };
      await stack().client.patch(secretRef('secure'), { data });
      await stack().kubectl('delete', 'pod', '--wait=false', '-l', 'app.kubernetes.io/name=secure');
      const fingerprint = new X509Certificate(stranger.certificate).fingerprint256;
      await waitFor('the pod that serves the other certificate', SETTLE_MS, async () => {
        const served = await servedBy('secure');
        return served.length > 0 && served.every((each) => each === fingerprint);
      });
      await waitFor('the gateway to refuse it', SETTLE_MS, async () => (await call(`${url}/v1/models`)).status === 503);
      await waitFor('its reason', SETTLE_MS, () => logsOf(/^envoy-kserve/).includes('CERTIFICATE_VERIFY_FAILED'));
      const [pod] = await podsOf('secure');
      expect(logsOf(new RegExp(`_${pod?.metadata.name}_`))).not.toContain('/v1/');
    } finally {
      await operatorReplicas(1);
    }
    await waitFor('an answer', SETTLE_MS, async () => (await call(`${url}/v1/models`)).status === 200);
  }, 300_000);

  it('says that the gateway does not take the policy, when the Secret is gone', async () => {
    const url = await stack().readyUrl('secure');
    await stack().kubectl('delete', 'secret', secretRef('secure').name);
    await stack().serviceUntil('secure', 'the words of the policy', (found) => {
      const { status, message = '' } = conditionOf(found, 'HTTPRoutesReady') ?? {};
      return status === 'False' && /^BackendTLSPolicy default\/secure-kserve-backend-tls.*ca\.crt/.test(message);
    });
    await restartOperator();
    await waitFor('an answer', SETTLE_MS, async () => (await call(`${url}/v1/models`)).status === 200);
    await stack().readyUrl('secure');
  }, 240_000);

  it.each([
    ['off', 1],
    ['on', 2],
  ])(
    'is switched %s while replicas serve (%i), and answers all along',
    async (to, replicas) => {
      const on = to === 'on';
      const env = { MODEL_LOAD_SECONDS: '5' };
      await stack().apply(service('secure', { replicas, env }));
      const url = await stack().readyUrl('secure');
      await rolledOut('secure', replicas, !on);
      const load = chatLoad(url, 'model-of-secure');
      try {
        await setTLS(on);
        await rolledOut('secure', replicas, on);
        await waitFor(`the policy to be ${on ? 'there' : 'gone'}`, SETTLE_MS, async () => {
          return ((await stack().client.read(policyRef('secure'))) !== undefined) === on;
        });
        await more(load);
      } finally {
        await load.stop();
      }
      // Those that met a pod of the other kind. With a gateway that changes when the setting does, they are most of all.
      expect(load.failed().length).toBeLessThan(load.answered() / 20);
      await stack().serviceUntil('secure', 'no warning left', (found) => {
        return conditionOf(found, 'Ready')?.status === 'True' && conditionOf(found, 'Warning') === undefined;
      });
    },
    300_000,
  );
});

interface Policy extends KubeObject {
  readonly status?: { readonly ancestors?: readonly { readonly conditions?: readonly object[] }[] };
}

interface Ref {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function secretRef(name: string): Ref {
  return { ...SECRET, namespace, name: `${name}-kserve-self-signed-certs` };
}

function policyRef(name: string): Ref {
  return { ...BACKEND_TLS_POLICY, namespace, name: `${name}-kserve-backend-tls` };
}

async function setTLS(on: boolean): Promise<void> {
  const { client } = stack();
  const ref = { ...CONFIG_MAP, namespace: 'kserve', name: 'inferenceservice-config' };
  const found = await client.read<KubeObject & { data?: Record<string, string> }>(ref);
  const ingress = { ...(JSON.parse(found?.data?.['ingress'] ?? '{}') as object), enableLLMInferenceServiceTLS: on };
  await client.patch(ref, { data: { ingress: JSON.stringify(ingress) } });
}

async function operatorReplicas(replicas: number): Promise<void> {
  const { kubectl } = stack();
  await kubectl('scale', '-n', 'kserve', `--replicas=${replicas}`, 'deployment/llmisvc-controller');
  if (replicas === 0) {
    await waitFor('the operator to end', SETTLE_MS, async () => {
      const pods = await kubectl('get', 'pods', '-n', 'kserve', '-o', 'name');
      return !pods.includes('llmisvc-controller');
    });
  } else await kubectl('rollout', 'status', '-n', 'kserve', '--timeout=60s', 'deployment/llmisvc-controller');
}

async function restartOperator(): Promise<void> {
  await operatorReplicas(0);
  await operatorReplicas(1);
}

/** Waits until all pods of a service are of one kind, Ready, and as many as wanted. */
async function rolledOut(name: string, replicas: number, tls: boolean): Promise<void> {
  await waitFor(`${replicas} pods ${tls ? 'with' : 'without'} TLS`, SETTLE_MS, async () => {
    const pods = await podsOf(name);
    return pods.length === replicas && pods.every((pod) => isReady(pod) && probesTLS(pod) === tls);
  });
}

async function podsOf(name: string): Promise<readonly Pod[]> {
  const text = await stack().kubectl('get', 'pods', '-l', `app.kubernetes.io/name=${name}`, '-o', 'json');
  const { items } = JSON.parse(text) as { items: Pod[] };
  return items.filter(({ metadata }) => !metadata.deletionTimestamp);
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function probesTLS({ spec }: Pod): boolean {
  return spec.containers[0]?.readinessProbe?.httpGet?.scheme === 'HTTPS';
}

/** Fingerprints of the certificates that the Ready pods of a service serve now. */
async function servedBy(name: string): Promise<readonly string[]> {
  const pods = (await podsOf(name)).filter(isReady);
  return await Promise.all(pods.map(({ status }) => fingerprintAt(status?.podIP ?? '')));
}

async function fingerprintAt(host: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port: 8000, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** Lets the load go on for a while: some bursts after what was waited for. */
async function more(load: Load): Promise<void> {
  const until = load.answered() + 300;
  await waitFor('more answers', SETTLE_MS, () => load.answered() >= until);
}

/** What the programs wrote whose log files have such names. */
function logsOf(name: RegExp): string {
  const { logDir } = stack().stack.controlPlane;
  const files = readdirSync(logDir, { recursive: true, encoding: 'utf8' }).filter((file) => name.test(basename(file)));
  return files.map((file) => readFileSync(join(logDir, file), 'utf8')).join('');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
