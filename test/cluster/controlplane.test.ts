import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControlPlane } from '../../local/controlplane/controlplane.ts';
import { isSameProcess, type ProcessMark } from '../../local/processmark.ts';
import { type ControlPlane, useControlPlane, waitFor } from '../support/controlplane.ts';

const controlPlane = useControlPlane();

describe('a control plane', () => {
  it('gives Services cluster IPs on the loopback network of its slot', async () => {
    const { slot } = controlPlane();
    await kubectl(['create', 'service', 'clusterip', 'loopback', '--tcp=8000:8000']);
    const address = await kubectl(['get', 'service', 'loopback', '-o', 'jsonpath={.spec.clusterIP}']);
    expect(address).toMatch(new RegExp(`^127\\.${slot}\\.(\\d|[1-9]\\d|1[01]\\d|12[0-7])\\.\\d+$`));
  });

  it('denies a ServiceAccount what nobody granted, and knows it by name', async () => {
    const { stateDir, serviceAccountKubeconfig } = controlPlane();
    const kubeconfig = await serviceAccountKubeconfig('default', 'default', join(stateDir, 'sa.kubeconfig'));
    const result = await controlPlane().kubectl(['get', 'secrets'], { kubeconfig });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('User "system:serviceaccount:default:default" cannot list resource "secrets"');
  });

  it('takes user and groups from a client certificate', async () => {
    const { stateDir, userKubeconfig } = controlPlane();
    const kubeconfig = await userKubeconfig('jane', ['team-a', 'team-b'], join(stateDir, 'jane.kubeconfig'));
    const output = await kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
    const { userInfo } = JSON.parse(output).status;
    expect(userInfo).toMatchObject({ username: 'jane', groups: expect.arrayContaining(['team-a', 'team-b']) });
  });

  it.each([false, true])(
    'keeps its data and its address when the API server is restarted (killed: %s)',
    async (kill) => {
      const name = `kept-${kill}`;
      await kubectl(['create', 'configmap', name, '--from-literal=a=b']);
      await controlPlane().restartApiServer({ kill });
      expect(await kubectl(['get', 'configmap', name, '-o', 'jsonpath={.data.a}'])).toBe('b');
    },
    60_000,
  );

  it('turns a Deployment into a pod that the scheduler judges', async () => {
    await kubectl(['create', 'deployment', 'model', '--image=model:1']);
    const message = await waitFor('the verdict of the scheduler on the pod of Deployment model', 30_000, async () => {
      const path = '{.items[0].status.conditions[?(@.type=="PodScheduled")].message}';
      return (await kubectl(['get', 'pods', '-l', 'app=model', '-o', `jsonpath=${path}`])) || undefined;
    });
    expect(message).toContain('no nodes available');
  }, 60_000);

  it('binds a claim to a volume, and lets go of both', async () => {
    const common = { accessModes: ['ReadWriteMany'], storageClassName: 'manual' };
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'models' },
      spec: { ...common, capacity: { storage: '1Gi' }, hostPath: { path: '/nowhere' } },
    };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'models', namespace: 'default' },
      spec: { ...common, resources: { requests: { storage: '1Gi' } } },
    };
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [volume, claim] });
    await kubectl(['apply', '-f', '-'], { input });
    await kubectl(['wait', 'pvc/models', '--for=jsonpath={.status.phase}=Bound', '--timeout=20s']);
    await kubectl(['delete', '-f', '-', '--timeout=20s'], { input });
  }, 60_000);

  it('publishes its certificate authority in every namespace', async () => {
    await kubectl(['create', 'namespace', 'other']);
    const published = await waitFor('ConfigMap kube-root-ca.crt in namespace other', 10_000, async () => {
      const path = 'jsonpath={.data.ca\\.crt}';
      return (await controlPlane().kubectl(['get', 'cm', 'kube-root-ca.crt', '-n', 'other', '-o', path])).stdout;
    });
    expect(published.trim()).toBe(readFileSync(controlPlane().caFile, 'utf8').trim());
  }, 30_000);

  it('refuses a state folder that is in use, and says by whom', async () => {
    await expect(startControlPlane({ stateDir: controlPlane().stateDir })).rejects.toThrow(
      `is in use by process ${process.pid} (control plane`,
    );
  });

  it('runs beside another one, in a slot of its own', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    const other = await startControlPlane({ stateDir, controllers: false, scheduler: false });
    try {
      expect(other.slot).not.toBe(controlPlane().slot);
      expect((await other.kubectl(['get', 'namespace', 'kube-system'])).code).toBe(0);
      expect(readdirSync(other.logDir).toSorted()).toEqual(['etcd.log', 'kube-apiserver.log']);
    } finally {
      await other.stop();
      rmSync(stateDir, { recursive: true });
    }
  }, 60_000);
});

describe('a control plane that does not become ready', () => {
  it('is ended again: the message has the log, and slot and folder are free', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    const assets = join(stateDir, 'assets');
    mkdirSync(assets);
    writeFileSync(join(assets, 'etcd'), '#!/bin/sh\necho no space left on device\nexit 3\n', { mode: 0o755 });
    const before = process.env['KUBEBUILDER_ASSETS'];
    process.env['KUBEBUILDER_ASSETS'] = assets;
    try {
      for (const attempt of [1, 2]) {
        const failing = startControlPlane({ stateDir, slot: 215 });
        await expect(failing).rejects.toThrow(/^etcd ready: etcd ended with exit code 3[^]*no space left on device/);
        expect([attempt, existsSync(join(stateDir, 'lock.json'))]).toEqual([attempt, false]);
      }
    } finally {
      if (before === undefined) delete process.env['KUBEBUILDER_ASSETS'];
      else process.env['KUBEBUILDER_ASSETS'] = before;
      rmSync(stateDir, { recursive: true });
    }
  }, 30_000);

  it('is not started when the signal is aborted meanwhile', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    const signal = AbortSignal.timeout(300);
    await expect(startControlPlane({ stateDir, signal })).rejects.toThrow(/abort|timeout/i);
    expect(recorded(stateDir)).toEqual([]);
    rmSync(stateDir, { recursive: true });
  }, 30_000);

  it('knows which slots there are', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    await expect(startControlPlane({ stateDir, slot: 3 })).rejects.toThrow(
      'slot 3 does not exist: choose a whole number',
    );
    const { slot } = controlPlane();
    await expect(startControlPlane({ stateDir, slot })).rejects.toThrow(
      `slot ${slot} is held by process ${process.pid}`,
    );
    rmSync(stateDir, { recursive: true });
  });
});

describe('a control plane whose program is killed', () => {
  it('ends all its processes, and its state folder can be used again', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    const module = fileURLToPath(new URL('../../local/controlplane/controlplane.ts', import.meta.url));
    const script = `const { startControlPlane } = await import(process.argv[1]);
      await startControlPlane({ stateDir: process.argv[2], scheduler: false });
      process.stdout.write('ready');
      setInterval(() => undefined, 1000);`;
    const program = spawn(process.execPath, ['--input-type=module', '-e', script, module, stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    program.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    try {
      await waitFor('the control plane of the other program', 60_000, () => output === 'ready');
      const processes = recorded(stateDir);
      expect(processes).toHaveLength(3);
      program.kill('SIGKILL');
      await waitFor('the end of its processes', 10_000, () => !processes.some(isSameProcess));
    } finally {
      program.kill('SIGKILL');
    }
    const again = await startControlPlane({ stateDir, controllers: false, scheduler: false });
    const result = await again.kubectl(['get', 'serviceaccount', 'default']);
    await again.stop();
    expect(result.stderr).toContain('NotFound');
    expect(existsSync(join(stateDir, 'lock.json'))).toBe(false);
    rmSync(stateDir, { recursive: true });
  }, 120_000);
});

/** Standard output of kubectl; fails the test with its standard error otherwise. */
async function kubectl(...parameters: Parameters<ControlPlane['kubectl']>): Promise<string> {
  const { code, stdout, stderr } = await controlPlane().kubectl(...parameters);
  if (code !== 0) throw new Error(`kubectl ${parameters[0].join(' ')}: ${stderr}`);
  return stdout;
}

function recorded(stateDir: string): readonly ProcessMark[] {
  const folder = join(stateDir, 'processes');
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProcessMark);
}
