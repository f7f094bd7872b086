import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { DEPLOYMENT, type Deployment, HTTP_ROUTE, SERVICE } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { type Container, runContainer, startContainer } from '../support/container.ts';
import { waitFor } from '../support/controlplane.ts';
import { useImage } from '../support/image.ts';
import { type Cluster, conditionOf, service, useCluster } from '../support/operator.ts';

const BASE = fileURLToPath(new URL('../../manifests/base', import.meta.url));
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const DEADLINE = 30_000;

const image = useImage();
const cluster = useCluster();
const project = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
  license: string;
  description: string;
  devDependencies: { node: string };
};

describe('the image of the Dockerfile', () => {
  it('stands by default on images of the Node.js version that the tests run', () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const major = project.devDependencies.node.split('.')[0];
    expect([...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(.*)$/gm)].map(([, name, value]) => [name, value])).toEqual([
      ['BUILD_IMAGE', `node:${major}-bookworm-slim`],
      ['BASE_IMAGE', `gcr.io/distroless/nodejs${major}-debian12:nonroot`],
    ]);
  });

  it('adds the bundle and its licences to the base image, and no other file', () => {
    expect(image().files).toEqual(['app/main.js', 'app/main.js.LEGAL.txt']);
  });

  it('adds less than 10 MB', () => {
    expect(image().bytes).toBeGreaterThan(100_000);
    expect(image().bytes).toBeLessThan(10_000_000);
  });

  it('names a user by number that is not root, so that runAsNonRoot can be checked', () => {
    expect(image().config.User).toBe('65532:65532');
  });

  it('says what it is, in the words of OCI', () => {
    expect(image().config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'llmisvc',
      'org.opencontainers.image.description': project.description,
      'org.opencontainers.image.version': project.version,
      'org.opencontainers.image.licenses': project.license,
    });
    expect(Object.keys(image().config.ExposedPorts)).toEqual(['8080/tcp', '8081/tcp']);
  });

  it('prints its version under all restrictions', async () => {
    expect(await runContainer(image().tag, ['--version'])).toEqual({
      code: 0,
      stdout: `${project.version}\n`,
      stderr: '',
    });
  });

  it.each([
    [['--worker=8'], '--worker'],
    [['--workers=0'], '--workers is "0"; a whole number from 1 to 64 is allowed.'],
  ])('refuses %j with exit code 2 and says why', async (args, message) => {
    const { code, stdout, stderr } = await runContainer(image().tag, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('See --help.');
  });
});

describe('a container of the image, as the Deployment runs it', () => {
  let folder: string;
  let pod: Pod;
  let container: Container;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llmisvc-container-'));
    pod = await podOf(cluster());
    await cluster().kubectl('apply', '--server-side', '-k', BASE);
    await writeServiceAccount(cluster(), pod, folder);
    container = await startContainer(image().tag, {
      command: pod.command,
      args: ['--metrics-addr=127.0.0.1:0', '--health-addr=127.0.0.1:0'],
      env: {
        POD_NAMESPACE: pod.namespace,
        POD_NAME: 'container-test',
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: new URL(cluster().controlPlane.url).port,
      },
      mounts: { [SERVICE_ACCOUNT]: folder },
    });
  }, 60_000);

  afterAll(async () => {
    await container?.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('becomes ready with the token of its ServiceAccount', async () => {
    await waitFor('/readyz to answer 200', DEADLINE, async () => (await probe(container, '/readyz')) === 200).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}\n${JSON.stringify(await container.log(), undefined, 1)}`);
      },
    );
    expect(await probe(container, '/healthz')).toBe(200);
  }, 60_000);

  it('runs as the user of the Deployment, without capabilities and without a way to new privileges', async () => {
    const status = await container.evaluate("console.log(require('fs').readFileSync('/proc/1/status', 'utf8'))");
    const line = (name: string): string | undefined => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
    expect({ uid: line('Uid'), gid: line('Gid') }).toEqual({
      uid: Array(4).fill(pod.user).join('\t'),
      gid: Array(4).fill(pod.user).join('\t'),
    });
    expect([line('CapEff'), line('CapPrm'), line('CapBnd')]).toEqual(Array(3).fill('0000000000000000'));
    expect(line('NoNewPrivs')).toBe('1');
  });

  it.each(['/app/x', '/tmp/x', '/x'])('cannot write %s', async (path) => {
    const script = `try { require('fs').writeFileSync('${path}', ''); console.log('written') } catch (e) { console.log(e.code) }`;
    expect(await container.evaluate(script)).toBe('EROFS');
  });

  it('makes the children of a service and says what it sees', async () => {
    await cluster().apply(service('in-container'));
    const found = await cluster().serviceUntil(
      'in-container',
      'a status of the first generation',
      ({ status }) => status?.observedGeneration === 1,
    );
    expect(conditionOf(found, 'PresetsCombined')?.status).toBe('True');
    const children = [
      { ...DEPLOYMENT, namespace: 'default', name: 'in-container-kserve' },
      { ...SERVICE, namespace: 'default', name: 'in-container-kserve-workload-svc' },
      { ...HTTP_ROUTE, namespace: 'default', name: 'in-container-kserve-route' },
    ];
    for (const ref of children) {
      const child = await cluster().until<KubeObject>('to exist', ref, () => true);
      expect(child.metadata.ownerReferences).toMatchObject([{ controller: true, uid: found.metadata.uid }]);
    }
  }, 60_000);

  it('ends by itself with exit code 0 within 5 s of SIGTERM', async () => {
    // Past the 5 s Docker ends it by SIGKILL, which is exit code 137.
    expect(await container.stop(5000)).toBe(0);
    const last = (await container.log()).at(-1);
    expect(last).toMatchObject({ end: 'stopped' });
  }, 30_000);
});

/** What the Deployment of the manifests says about the container. */
interface Pod {
  readonly namespace: string;
  readonly account: string;
  readonly user: number;
  readonly command: readonly string[];
}

async function podOf({ kubectl }: Cluster): Promise<Pod> {
  const documents = parseAllDocuments(await kubectl('kustomize', BASE)).map((one) => one.toJS() as Deployment);
  const { metadata, spec } = documents.find(({ kind }) => kind === DEPLOYMENT.kind) as Deployment;
  const pod = spec?.template.spec as unknown as {
    readonly serviceAccountName: string;
    readonly securityContext: { readonly runAsUser: number };
    readonly containers: readonly [{ readonly command: readonly string[] }];
  };
  return {
    namespace: metadata.namespace as string,
    account: pod.serviceAccountName,
    user: pod.securityContext.runAsUser,
    command: pod.containers[0].command,
  };
}

/** The files that a kubelet mounts. The container's user is another than that of the test, so everybody may read them. */
async function writeServiceAccount({ controlPlane, kubectl }: Cluster, pod: Pod, folder: string): Promise<void> {
  const token = await kubectl('create', 'token', pod.account, '-n', pod.namespace, '--duration=1h');
  const files = { token, namespace: pod.namespace, 'ca.crt': readFileSync(controlPlane.caFile, 'utf8') };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o644 });
  // mkdtemp makes a folder for its owner only.
  chmodSync(folder, 0o755);
}

async function probe(container: Container, path: string): Promise<number> {
  const started = (await container.log()).find(({ healthPort }) => healthPort !== undefined);
  if (!started) throw new Error('the operator does not say where its probes are');
  return (await fetch(`http://127.0.0.1:${String(started['healthPort'])}${path}`)).status;
}
