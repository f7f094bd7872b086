import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parseAllDocuments } from 'yaml';
import type { Exit, Running } from '../../local/process.ts';
import { start, waitFor } from '../../local/process.ts';
import { envoyGatewayModuleDir } from '../../local/programs/gomodule.ts';
import type { Condition, LLMInferenceService } from '../../src/api/llmisvc.ts';
import { GATEWAY, HTTP_ROUTE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { describe as nameOf, type Gvk, type KubeObject, type Ref } from '../../src/api/object.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client } from '../../src/kube/types.ts';
import { type ControlPlane, useControlPlane } from './controlplane.ts';

export interface OperatorOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the administrator's. */
  readonly kubeconfig?: string;
  /** Wait until it is ready. Default true. */
  readonly wait?: boolean;
}

/** The operator as a process of its own, from a bundle. */
export interface OperatorProcess {
  /** Lines of its log, parsed. */
  log(): readonly Readonly<Record<string, unknown>>[];
  /** The sum of a metric over all its label values that contain all these texts. */
  metric(name: string, ...labels: readonly string[]): Promise<number>;
  /** Requests so far that write: apply, patch, create, update, delete; leases and events not counted. */
  writes(): Promise<number>;
  /** Status and text of a path of the health address. */
  probe(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Waits until nothing waits in its queue and its counters stand still. */
  settled(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  stop(): Promise<Exit>;
}

/** A control plane with our API installed, and what tests do with it. */
export interface Cluster {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  operator(options?: OperatorOptions): Promise<OperatorProcess>;
  /** Runs kubectl as the administrator; throws with its words when it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Applies objects as a user would. */
  apply(...objects: readonly object[]): Promise<void>;
  get<T extends KubeObject>(ref: Ref): Promise<T>;
  /** Waits for a state of an object, and says the last one when it does not come. */
  until<T extends KubeObject>(what: string, ref: Ref, check: (object: T) => boolean): Promise<T>;
  serviceUntil(
    name: string,
    what: string,
    check: (service: LLMInferenceService) => boolean,
    namespace?: string,
  ): Promise<LLMInferenceService>;
  gone(ref: Ref): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEADLINE = 30_000;

/**
 * One control plane with our CRDs, the Gateway API, settings and presets for the tests of a file. Operators that a test
 * starts end with the file.
 */
export function useCluster(
  options: { readonly gatewayApi?: boolean; readonly controllers?: boolean } = {},
): () => Cluster {
  const controlPlane = useControlPlane({ scheduler: false, controllers: options.controllers ?? true });
  const operators: Running[] = [];
  let cluster: Cluster | undefined;

  beforeAll(async () => {
    const client = await createClient({ kubeconfig: controlPlane().kubeconfig });
    cluster = clusterOf(controlPlane(), client, operators);
    await install(cluster, options.gatewayApi ?? true);
  }, 120_000);

  afterAll(async () => {
    await Promise.all(operators.map((operator) => operator.stop()));
    await cluster?.client.close();
  }, 30_000);

  return () => {
    if (!cluster) throw new Error('the cluster exists during tests only: call this inside of it(…)');
    return cluster;
  };
}

/** The objects of a YAML file of the project. */
export function objectsIn(path: string): KubeObject[] {
  const documents = parseAllDocuments(readFileSync(path.startsWith('/') ? path : join(ROOT, path), 'utf8'));
  return documents.map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
}

/** A service as short as it can be; `spec` is merged over it. */
export function service(name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return {
    ...LLMISVC,
    metadata: { name, namespace: 'default', ...metadata },
    spec: { model: { uri: 'hf://org/model', name: 'org/model' }, router: { route: {}, gateway: {} }, ...spec },
  } as KubeObject;
}

export function conditionOf(object: LLMInferenceService, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

async function install(cluster: Cluster, gatewayApi: boolean): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '-k', join(ROOT, 'crds'));
  await served(cluster, [LLMISVC, LLMISVC_CONFIG]);
  if (gatewayApi) await installGatewayApi(cluster);
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kserve' } });
  for (const folder of ['settings', 'presets']) {
    await cluster.kubectl('apply', '--server-side', '-k', join(ROOT, 'manifests/base', folder));
  }
}

/** Installs the CustomResourceDefinitions of the Gateway API. */
export async function installGatewayApi(cluster: Cluster): Promise<void> {
  const folder = join(await envoyGatewayModuleDir(), 'charts/gateway-helm/charts/crds/crds');
  await cluster.kubectl('apply', '--server-side', '-f', join(folder, 'gatewayapi-crds.yaml'));
  await served(cluster, [HTTP_ROUTE, GATEWAY]);
}

/** A definition is served a little after it was created. */
async function served({ client }: Cluster, kinds: readonly Gvk[]): Promise<void> {
  await waitFor('the new kinds to be served', DEADLINE, async () => {
    client.discovery.invalidate();
    const found = await Promise.all(kinds.map((kind) => client.discovery.find(kind)));
    return found.every((resource) => resource !== undefined) || undefined;
  });
}

function clusterOf(controlPlane: ControlPlane, client: Client, operators: Running[]): Cluster {
  async function until<T extends KubeObject>(what: string, ref: Ref, check: (object: T) => boolean): Promise<T> {
    let last: T | undefined;
    try {
      return await waitFor(what, DEADLINE, async () => {
        last = await client.read<T>(ref);
        return last && check(last) ? last : undefined;
      });
    } catch (cause) {
      throw new Error(`${what}: ${nameOf(ref)} is now ${JSON.stringify(last, undefined, 1)}`, { cause });
    }
  }
  return {
    controlPlane,
    client,
    until,
    operator: (options = {}) => startOperator(controlPlane, operators, options),
    async kubectl(...args) {
      const { code, stdout, stderr } = await controlPlane.kubectl(args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout;
    },
    async apply(...objects) {
      for (const object of objects) {
        await client.apply(object as KubeObject, { manager: 'a-user', force: true });
      }
    },
    async get<T extends KubeObject>(ref: Ref) {
      const object = await client.read<T>(ref);
      if (!object) throw new Error(`${nameOf(ref)} does not exist`);
      return object;
    },
    serviceUntil: (name, what, check, namespace = 'default') =>
      until<LLMInferenceService>(what, { ...LLMISVC, namespace, name }, check),
    async gone(ref) {
      await waitFor(`${nameOf(ref)} to be gone`, DEADLINE, async () => !(await client.read(ref)) || undefined);
    },
  };
}

let bundles = 0;

async function startOperator(
  controlPlane: ControlPlane,
  operators: Running[],
  options: OperatorOptions,
): Promise<OperatorProcess> {
  const bundle = await bundleOf(controlPlane.stateDir);
  const name = `operator-${++bundles}`;
  const running = await start({
    name,
    command: process.execPath,
    args: [
      bundle,
      '--metrics-addr=127.0.0.1:0',
      '--health-addr=127.0.0.1:0',
      `--kubeconfig=${options.kubeconfig ?? controlPlane.kubeconfig}`,
      ...(options.args ?? []),
    ],
    env: { PATH: process.env['PATH'], HOME: controlPlane.stateDir, ...options.env },
    logFile: join(controlPlane.logDir, `${name}.log`),
  });
  operators.push(running);
  const operator = operatorOf(running);
  if (options.wait !== false) {
    await waitFor(`${name} to be ready`, DEADLINE, async () => {
      if (running.exit()) throw new Error(`${name} ended: ${readFileSync(running.logFile, 'utf8')}`);
      const { status } = await operator.probe('/readyz').catch(() => ({ status: 0 }));
      return status === 200 || undefined;
    });
  }
  return operator;
}

function operatorOf(running: Running): OperatorProcess {
  const log = (): Record<string, unknown>[] =>
    readFileSync(running.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const port = (key: string): number => {
    const line = log().find((entry) => entry[key] !== undefined);
    if (!line) throw new Error('the operator does not say where its probes are');
    return line[key] as number;
  };
  const metrics = async (): Promise<readonly string[]> => {
    const answer = await fetch(`http://127.0.0.1:${port('metricsPort')}/metrics`);
    return (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  const sum = (lines: readonly string[]): number =>
    lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  const writes = async (): Promise<number> =>
    sum(
      (await metrics()).filter(
        (line) =>
          /^llmisvc_api_requests_total\{.*verb="(apply|patch|create|update|delete)"/.test(line) &&
          !/resource="(leases|events)"/.test(line),
      ),
    );
  return {
    log,
    writes,
    metric: async (name, ...labels) =>
      sum(
        (await metrics()).filter(
          (line) =>
            (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && labels.every((l) => line.includes(l)),
        ),
      ),
    async probe(path) {
      const answer = await fetch(`http://127.0.0.1:${port('healthPort')}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    async settled() {
      let before = '';
      let same = 0;
      await waitFor('the operator to settle', DEADLINE, async () => {
        const lines = (await metrics()).filter((line) =>
          /^llmisvc_(queue_depth|reconcile_seconds_count|api_requests)/.test(line),
        );
        const now = lines.filter((line) => !/resource="leases"/.test(line)).join('\n');
        same = now === before && lines.includes('llmisvc_queue_depth 0') ? same + 1 : 0;
        before = now;
        return same >= 10 || undefined;
      });
    },
    kill: (signal) => running.kill(signal),
    exited: running.exited,
    stop: () => running.stop(),
  };
}

async function bundleOf(stateDir: string): Promise<string> {
  const outfile = join(stateDir, 'bundle', 'main.js');
  mkdirSync(join(stateDir, 'bundle'), { recursive: true });
  await build({
    entryPoints: [join(ROOT, 'src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  writeFileSync(join(stateDir, 'bundle', 'package.json'), '{"type":"module"}');
  return outfile;
}
