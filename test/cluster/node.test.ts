import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalNode, Pod } from '../../local/node/node.ts';
import { startNode } from '../../local/node/node.ts';
import { logTail } from '../../local/process.ts';
import { useControlPlane, waitFor } from '../support/controlplane.ts';

const controlPlane = useControlPlane();
const said: string[] = [];
let node: LocalNode;
let mountsBefore: string;

beforeAll(async () => {
  const { kubeconfig, url, slot, stateDir, logDir } = controlPlane();
  mountsBefore = readFileSync('/proc/self/mounts', 'utf8');
  const operatorDir = join(stateDir, 'operator');
  mkdirSync(operatorDir);
  writeFileSync(join(operatorDir, 'main.js'), operatorProgram);
  node = await startNode({
    kubeconfig,
    url,
    slot,
    stateDir: join(stateDir, 'node'),
    recordIn: join(stateDir, 'processes'),
    logDir,
    operatorDir,
    operatorEnvironment: (address) => ({ POD_ADDRESS: address }),
    backOff: { initialSeconds: 0.2, maxSeconds: 1 },
    forwards: (service) => service.metadata.name !== 'not-forwarded',
    say: (line) => said.push(line),
  });
}, 30_000);

afterAll(async () => {
  await node?.stop();
  expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mountsBefore);
}, 30_000);

describe('the stand-in for kubelet and kube-proxy', () => {
  it('runs a Deployment of vLLM and leads its Service to it', async () => {
    await apply(deployment('qwen', { MODEL_LOAD_SECONDS: '1' }), service('qwen'));
    const address = await clusterIp('qwen');
    const pod = await thePod('qwen', (found) => found.status?.phase === 'Running');
    expect(isReady(pod)).toBe(false);
    await expect(fetch(`http://${address}:8000/health`)).rejects.toThrow();
    const ready = await thePod('qwen', isReady);
    expect(ready.status?.podIP).toMatch(new RegExp(`^127\\.${controlPlane().slot}\\.1(2[89]|[3-9]\\d)\\.\\d+$`));
    expect(ready.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 });
    await waitFor('the Service to forward', 5000, async () => (await fetch(`http://${address}:8000/health`)).ok);
    const answer = await fetch(`http://${address}:8000/v1/completions?x=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'Qwen/Qwen2.5-7B-Instruct', prompt: 'Hello' }),
    });
    expect(answer.headers.get('x-received-path')).toBe('/v1/completions?x=1');
    expect(await answer.json()).toMatchObject({ choices: [{ text: ' You said: Hello' }] });
  }, 60_000);

  it('ends a pod as Kubernetes does: preStop, and requests in progress are finished', async () => {
    await apply(
      deployment('stream', { MODEL_STREAM_GAP_SECONDS: '2', MODEL_STREAM_GAP_AFTER: '1' }, 'touch /models/stopping'),
      service('stream'),
    );
    const pod = await thePod('stream', isReady);
    const address = await clusterIp('stream');
    await waitFor('the Service to forward', 5000, async () => (await fetch(`http://${address}:8000/health`)).ok);
    const response = await fetch(`http://${address}:8000/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'Qwen/Qwen2.5-7B-Instruct', prompt: 'a b c', stream: true }),
    });
    await kubectl(['delete', 'deployment', 'stream', '--cascade=foreground', '--wait=false']);
    const marker = join(controlPlane().stateDir, 'node/pods', pod.metadata.uid ?? '', 'volumes/model-cache/stopping');
    await waitFor('preStop to run', 10_000, () => existsSync(marker));
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
    await waitFor('the pod to be removed', 10_000, async () => (await pods('stream')).length === 0);
    await expect(fetch(`http://${address}:8000/health`)).rejects.toThrow();
  }, 60_000);

  it('starts a crashed container again, later each time, and reports its exit code', async () => {
    await apply(deployment('crash', { MODEL_CRASH: '3' }));
    const pod = await thePod('crash', ({ status }) => {
      const found = status?.containerStatuses?.[0];
      return found?.state.waiting?.reason === 'CrashLoopBackOff' && found.restartCount >= 2;
    });
    expect(pod.status?.phase).toBe('Running');
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      lastState: {
        terminated: { exitCode: 3, reason: 'Error', message: expect.stringContaining('MODEL_CRASH') as string },
      },
    });
    await kubectl(['delete', 'deployment', 'crash']);
  }, 60_000);

  it('refuses a command line that vLLM refuses', async () => {
    const wrong = deployment('wrong', {});
    wrong.spec.template.spec.containers[0]?.command.push('--no-such-flag');
    await apply(wrong);
    const pod = await thePod('wrong', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    const terminated = pod.status?.containerStatuses?.[0]?.lastState.terminated;
    expect(terminated).toMatchObject({ exitCode: 2, message: expect.stringContaining('--no-such-flag') as string });
    await kubectl(['delete', 'deployment', 'wrong']);
  }, 60_000);

  it('waits for a Secret and a ConfigMap, says so, and goes on when they come', async () => {
    await apply(
      podOf('config', ['/bin/sh', '-c', 'echo "$A $B $NAME $CPU" \'$(C)\' "$(cat /etc/conf/key)"; sleep 60'], {
        env: [
          { name: 'A', valueFrom: { secretKeyRef: { name: 'later', key: 'a' } } },
          { name: 'B', value: '$(A)-$$(A)' },
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        ],
        resources: { limits: { cpu: '1500m' } },
        volumeMounts: [{ name: 'conf', mountPath: '/etc/conf' }],
        volumes: [{ name: 'conf', configMap: { name: 'later' } }],
      }),
    );
    const message = async (text: string): Promise<Pod> =>
      await thePod(
        'config',
        (pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.message?.includes(text) ?? false,
      );
    await message('configmap "later" not found');
    await kubectl(['create', 'configmap', 'later', '--from-literal=key=mounted']);
    const pod = await message('secret "later" not found');
    expect(pod.status?.containerStatuses?.[0]?.state.waiting?.reason).toBe('CreateContainerConfigError');
    await kubectl(['create', 'secret', 'generic', 'later', '--from-literal=a=secret']);
    await thePod('config', isReady);
    const log = join(controlPlane().logDir, 'default_config_main.log');
    await waitFor('the output of the container', 5000, () => logTail(log).includes('secret'));
    expect(logTail(log)).toBe('secret secret-$(A) config 2 $(C) mounted');
    await kubectl(['delete', 'pod', 'config', '--grace-period=1']);
  }, 60_000);

  it('reports a pod that ran to its end', async () => {
    await apply(
      podOf('done', ['/bin/true'], { restartPolicy: 'Never' }),
      podOf('failed', ['/bin/sh', '-c', 'exit 7'], { restartPolicy: 'Never' }),
      podOf('killed', ['/bin/sh', '-c', 'kill -KILL $$$$'], { restartPolicy: 'Never' }),
    );
    expect(
      (await thePod('done', ({ status }) => status?.phase === 'Succeeded')).status?.containerStatuses?.[0]?.state,
    ).toMatchObject({
      terminated: { exitCode: 0, reason: 'Completed' },
    });
    expect(
      (await thePod('failed', ({ status }) => status?.phase === 'Failed')).status?.containerStatuses?.[0]?.state,
    ).toMatchObject({
      terminated: { exitCode: 7, reason: 'Error' },
    });
    expect(
      (await thePod('killed', ({ status }) => status?.phase === 'Failed')).status?.containerStatuses?.[0]?.state,
    ).toMatchObject({
      terminated: { exitCode: 137, reason: 'OOMKilled' },
    });
  }, 60_000);

  it('restarts a container whose liveness probe fails, and takes it out when its readiness probe fails', async () => {
    const probe = (file: string, failureThreshold: number): object => ({
      exec: { command: ['/bin/sh', '-c', `test ! -e /models/${file}`] },
      periodSeconds: 1,
      failureThreshold,
    });
    await apply(
      podOf('probed', ['/bin/sh', '-c', 'rm -f /models/dead; exec sleep 600'], {
        readinessProbe: probe('busy', 1),
        livenessProbe: probe('dead', 1),
        volumeMounts: [{ name: 'models', mountPath: '/models' }],
        volumes: [{ name: 'models', emptyDir: {} }],
        terminationGracePeriodSeconds: 1,
      }),
    );
    const pod = await thePod('probed', isReady);
    const folder = join(controlPlane().stateDir, 'node/pods', pod.metadata.uid ?? '', 'volumes/models');
    writeFileSync(join(folder, 'busy'), '');
    await thePod('probed', (found) => !isReady(found));
    writeFileSync(join(folder, 'dead'), '');
    // The probe may find the file once more before the new container has removed it.
    const restarted = await thePod('probed', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    expect(restarted.status?.containerStatuses?.[0]?.lastState.terminated?.exitCode).toBe(143);
    await kubectl(['delete', 'pod', 'probed', '--grace-period=1']);
  }, 60_000);

  it('runs the operator with a token of its own that is bound to the pod', async () => {
    await kubectl(['create', 'serviceaccount', 'operator']);
    await apply(podOf('operator', [], { image: 'llmisvc', name: 'controller', serviceAccountName: 'operator' }));
    const pod = await thePod('operator', isReady);
    const review = await waitFor('the answer of the operator', 10_000, async () => {
      const answer = await fetch(`http://${pod.status?.podIP}:9999/`);
      return (await answer.json()) as { status: number; user: { username: string; extra: Record<string, string[]> } };
    });
    expect(review.status).toBe(201);
    expect(review.user.username).toBe('system:serviceaccount:default:operator');
    expect(review.user.extra['authentication.kubernetes.io/pod-name']).toEqual(['operator']);
    await kubectl(['delete', 'pod', 'operator', '--grace-period=1']);
  }, 60_000);

  it('has GPUs, and the scheduler counts them', async () => {
    const gpus = { resources: { limits: { 'nvidia.com/gpu': '6' } } };
    const idle = ['/bin/sleep', '600'];
    await apply(podOf('gpu-1', idle, gpus), podOf('gpu-2', idle, gpus));
    const bound = [await thePod('gpu-1', isReady), await thePod('gpu-2', isReady)];
    expect(new Set(bound.map(({ spec }) => spec.nodeName)).size).toBe(2);
    await apply(podOf('gpu-3', idle, gpus));
    const pending = await thePod(
      'gpu-3',
      ({ status }) => status?.conditions?.some(({ status: value }) => value === 'False') ?? false,
    );
    expect(JSON.stringify(pending.status?.conditions)).toContain('Insufficient nvidia.com/gpu');
    await kubectl(['delete', 'pod', 'gpu-1', '--grace-period=1']);
    await thePod('gpu-3', isReady);
    await kubectl(['delete', 'pod', 'gpu-2', 'gpu-3', '--grace-period=1']);
  }, 60_000);

  it('keeps what a persistent volume claim holds, and lets the claim go when it is deleted', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'models', namespace: 'default' },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    };
    const using = (name: string, script: string): object =>
      podOf(name, ['/bin/sh', '-c', script], {
        volumeMounts: [{ name: 'data', mountPath: '/mnt/models', subPath: 'a/b' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'models' } }],
        restartPolicy: 'Never',
      });
    await apply(claim, using('writer', 'echo kept > /mnt/models/file'));
    await thePod('writer', ({ status }) => status?.phase === 'Succeeded');
    await apply(using('reader', 'grep kept /mnt/models/file'));
    await thePod('reader', ({ status }) => status?.phase === 'Succeeded');
    await kubectl(['delete', 'pvc', 'models', '--wait=false']);
    await kubectl(['delete', 'pod', 'reader', 'writer']);
    await waitFor('the claim to be gone', 10_000, async () => (await kubectl(['get', 'pvc,pv', '-o', 'name'])) === '');
  }, 60_000);

  it('reports containers that it does not run, and leaves out Services that it is told to', async () => {
    await apply(podOf('other', [], { name: 'scheduler', image: 'scheduler:1' }), service('not-forwarded', 'qwen'));
    expect((await thePod('other', isReady)).status?.phase).toBe('Running');
    await expect(fetch(`http://${await clusterIp('not-forwarded')}:8000/health`)).rejects.toThrow();
    await kubectl(['delete', 'pod', 'other', '--grace-period=1']);
  }, 60_000);

  it('runs containers with substituted paths where nothing can be mounted', async () => {
    const { kubeconfig, url, stateDir, logDir } = controlPlane();
    const other = await startNode({
      kubeconfig,
      url,
      slot: 250,
      stateDir: join(stateDir, 'other-node'),
      logDir,
      names: ['node-3'],
      isolation: 'substituted paths',
      forwards: () => false,
      say: (line) => said.push(line),
    });
    try {
      const script =
        'echo hello > /models/file; cat /models/file "$MODELS/file"; grep -c tokenFile "$KUBECONFIG"; sleep 60';
      await apply(
        podOf('substituted', ['/bin/sh', '-c', script], {
          nodeName: 'node-3',
          env: [{ name: 'MODELS', value: '/models' }],
          volumeMounts: [{ name: 'models', mountPath: '/models' }],
          volumes: [{ name: 'models', emptyDir: {} }],
        }),
      );
      await thePod('substituted', isReady);
      const log = join(logDir, 'default_substituted_main.log');
      await waitFor('the output of the container', 5000, () => logTail(log).endsWith('1'));
      expect(logTail(log)).toBe('hello\nhello\n1');
      await kubectl(['delete', 'pod', 'substituted', '--grace-period=1']);
    } finally {
      await other.stop();
      await kubectl(['delete', 'node', 'node-3']);
    }
  }, 60_000);

  it('goes on when the API server was away', async () => {
    const script = 'trap "echo asked to end" TERM; echo up; while :; do sleep 0.1; done';
    await apply(podOf('leaving', ['/bin/sh', '-c', script]));
    const log = join(controlPlane().logDir, 'default_leaving_main.log');
    await waitFor('the container to run', 10_000, () => logTail(log).includes('up'));
    await kubectl(['delete', 'pod', 'leaving', '--grace-period=3', '--wait=false']);
    await waitFor('the container to be asked to end', 10_000, () => logTail(log).includes('asked to end'));
    await controlPlane().stopApiServer({ kill: true });
    await waitFor('the container to end', 20_000, () => said.some((line) => line.includes('default/leaving')));
    await controlPlane().startApiServer();
    await waitFor('the pod to be removed', 10_000, async () => (await pods('leaving')).length === 0);
    await apply(podOf('after', ['/bin/sleep', '600']));
    await thePod('after', isReady);
    await kubectl(['delete', 'pod', 'after', '--grace-period=1']);
    said.splice(0);
  }, 60_000);

  it('writes the status of a pod only when it changed', async () => {
    const { metadata } = await thePod('qwen', isReady);
    const version = metadata.resourceVersion;
    await kubectl(['label', 'pod', metadata.name, 'touched=yes']);
    const touched = (await pods('qwen'))[0]?.metadata.resourceVersion;
    expect(touched).not.toBe(version);
    await thePod('qwen', isReady);
    expect((await pods('qwen'))[0]?.metadata.resourceVersion).toBe(touched);
  }, 60_000);

  it('had nothing to complain about', () => expect(said.filter((line) => !line.startsWith('Volumes'))).toEqual([]));
});

const operatorProgram = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, POD_ADDRESS } = process.env;
const read = (name) => readFileSync(folder + '/' + name, 'utf8');
createServer((_, response) => {
  const headers = { authorization: 'Bearer ' + read('token'), 'content-type': 'application/json' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const asked = request({ host, port, path, method: 'POST', headers, ca: read('ca.crt') }, async (answer) => {
    let text = '';
    for await (const part of answer) text += part;
    response.end(JSON.stringify({ status: answer.statusCode, user: JSON.parse(text).status.userInfo }));
  });
  asked.on('error', (error) => response.end(JSON.stringify({ status: String(error) })));
  asked.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }));
}).listen(9999, POD_ADDRESS);
`;

function deployment(name: string, env: Record<string, string>, preStop?: string) {
  const serve = 'exec vllm serve /mnt/models --served-model-name Qwen/Qwen2.5-7B-Instruct --port 8000 "$@"';
  const probe = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1, timeoutSeconds: 2 };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          initContainers: [
            {
              name: 'storage-initializer',
              image: 'kserve/storage-initializer',
              args: ['hf://a/b', '/mnt/models'],
              volumeMounts: [{ name: 'model', mountPath: '/mnt/models' }],
            },
          ],
          containers: [
            {
              name: 'main',
              image: 'vllm/vllm-openai',
              command: ['/bin/bash', '-c', serve, '--'],
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              terminationMessagePolicy: 'FallbackToLogsOnError',
              ...(preStop ? { lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', preStop] } } } } : {}),
              startupProbe: { ...probe, failureThreshold: 60 },
              readinessProbe: probe,
              livenessProbe: { ...probe, failureThreshold: 10 },
              volumeMounts: [
                { name: 'model', mountPath: '/mnt/models', readOnly: true },
                { name: 'model-cache', mountPath: '/models' },
                { name: 'home', mountPath: '/home' },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: ['model', 'model-cache', 'home', 'tmp'].map((volume) => ({ name: volume, emptyDir: {} })),
        },
      },
    },
  };
}

function service(name: string, app = name): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app }, ports: [{ port: 8000, targetPort: 8000 }] },
  };
}

interface PodParts {
  readonly [key: string]: unknown;
}

function podOf(name: string, command: readonly string[], parts: PodParts = {}): object {
  const ofPod = ['nodeName', 'volumes', 'restartPolicy', 'serviceAccountName', 'terminationGracePeriodSeconds'];
  const pick = (own: boolean): PodParts =>
    Object.fromEntries(Object.entries(parts).filter(([key]) => ofPod.includes(key) === own));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      containers: [{ name: 'main', image: 'image:1', ...(command.length > 0 ? { command } : {}), ...pick(false) }],
      ...pick(true),
    },
  };
}

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await controlPlane().kubectl(args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function apply(...objects: readonly object[]): Promise<void> {
  await kubectl(
    ['apply', '--server-side', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );
}

async function clusterIp(name: string): Promise<string> {
  return await kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}']);
}

async function pods(app: string): Promise<Pod[]> {
  return (JSON.parse(await kubectl(['get', 'pods', '-l', `app=${app}`, '-o', 'json'])) as { items: Pod[] }).items;
}

async function thePod(app: string, wanted: (pod: Pod) => boolean): Promise<Pod> {
  let seen: readonly Pod[] = [];
  try {
    return await waitFor(`pod of ${app} as wanted`, 20_000, async () => {
      seen = await pods(app);
      return seen.find(wanted);
    });
  } catch (error) {
    const statuses = seen.map(({ status }) => JSON.stringify(status, null, 1)).join('\n');
    throw new Error(`${String(error)}\n${statuses}\n${said.join('\n')}`, { cause: error });
  }
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}
