import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { run } from '../run.ts';
import { start } from '../process.ts';
import type { Launched } from './container.ts';
import type { NodeContext } from './context.ts';
import { environmentOf, expand } from './environment.ts';
import { type Command, enclose, type Enclosure } from './isolation.ts';
import type { Mount } from './layout.ts';
import { MissingError } from './lookup.ts';
import type { Role } from './roles.ts';
import { kubeconfigVariable } from './serviceaccount.ts';
import type { Container, Pod } from './types.ts';

export interface LaunchInput {
  readonly node: NodeContext;
  readonly pod: Pod;
  readonly container: Container;
  readonly role: Role;
  readonly address: string;
  /** The pod's folder. */
  readonly dir: string;
  readonly folders: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

const repository = join(import.meta.dirname, '../..');
const modelServer = join(repository, 'local/modelserver/server.ts');
const hostPath = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';

/**
 * Starts the process of a container: its command with `$(VAR)` expanded, its environment, its volumes where it expects
 * them, and a `vllm` on its PATH that adds `--host <pod address>` to `vllm serve` and nothing else.
 */
export async function launch(input: LaunchInput): Promise<Launched> {
  const { node, pod, container, role, address, dir, signal } = input;
  const bin = await writeShim(input);
  const fixed = { KUBERNETES_SERVICE_HOST: node.apiServer.hostname, KUBERNETES_SERVICE_PORT: node.apiServer.port };
  const given = {
    HOSTNAME: pod.metadata.name,
    HOME: '/tmp',
    ...fixed,
    KUBERNETES_SERVICE_PORT_HTTPS: fixed.KUBERNETES_SERVICE_PORT,
  };
  const mounts = mountsOf(input);
  const account = node.isolation === 'substituted paths' ? await kubeconfigVariable(mounts, node.apiServer, dir) : {};
  const forRole = role === 'operator' ? node.operatorEnvironment(address) : (node.vllm?.env ?? {});
  const ofNode = { ...account, ...forRole };
  const env = await environmentOf({
    client: node.client,
    pod,
    container,
    address,
    node: { ...given, ...ofNode },
    signal,
  });
  const path = [bin, dirname(process.execPath), env['PATH'] ?? hostPath].join(delimiter);
  const words = [...(container.command ?? entrypoint(role)), ...(container.args ?? [])].map((word) =>
    expand(word, env),
  );
  const [command, ...args] = words;
  if (command === undefined) throw new MissingError(`container ${container.name} has no command`);
  const keep = [repository, dirname(process.execPath), bin, ...(node.vllm?.keep ?? [])];
  const enclosed = async (inner: Omit<Command, 'env'>, name: string): Promise<Command> => {
    const root = join(dir, 'roots', name);
    await mkdir(root, { recursive: true });
    const enclosure: Enclosure = { mounts, keep, workingDir: container.workingDir ?? '/', root };
    return enclose(node.isolation, { ...inner, env: { ...env, PATH: path } }, enclosure);
  };
  const wrapped = await enclosed({ command, args }, container.name);
  const name = `${pod.metadata.namespace}_${pod.metadata.name}_${container.name}`;
  const running = await start({
    name,
    ...wrapped,
    logFile: join(node.logDir, `${name}.log`),
    recordIn: node.recordIn,
    cwd: dir,
  });
  return {
    running,
    probed: true,
    signal() {
      if (running.exit() !== undefined) return;
      // Kubernetes tells the first process only; bubblewrap is not the process itself.
      if (node.isolation === 'bubblewrap') running.kill('SIGTERM');
      else process.kill(running.pid, 'SIGTERM');
    },
    target: {
      container,
      address,
      async exec([program = '', ...rest], limit) {
        const inner = await enclosed({ command: program, args: rest }, `${container.name}-exec`);
        const { code } = await run(inner.command, inner.args, { env: inner.env, cwd: dir, signal: limit });
        return code;
      },
    },
  };
}

/** What the image would run: `vllm/vllm-openai` starts the server, the operator's image its bundle. */
function entrypoint(role: Role): readonly string[] {
  return role === 'operator' ? ['node', '/app/main.js'] : ['vllm', 'serve'];
}

function mountsOf({ node, container, role, folders }: LaunchInput): Mount[] {
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath, readOnly = false }) => {
    const folder = folders.get(name);
    if (!folder)
      throw new MissingError(`container ${container.name} mounts volume "${name}", which the pod does not have`);
    return { source: subPath ? join(folder, subPath) : folder, target: mountPath, readOnly };
  });
  return role === 'operator' ? [...mounts, { source: node.operatorDir, target: '/app', readOnly: true }] : mounts;
}

async function writeShim({ node, dir, address }: LaunchInput): Promise<string> {
  const bin = join(dir, 'bin');
  const program = node.vllm ? quoted(node.vllm.program) : `${quoted(process.execPath)} ${quoted(modelServer)}`;
  const lines = [
    '#!/bin/sh',
    `if [ "$1" = serve ]; then exec ${program} "$@" --host ${address}; fi`,
    `exec ${program} "$@"`,
  ];
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'vllm'), `${lines.join('\n')}\n`);
  await chmod(join(bin, 'vllm'), 0o755);
  return bin;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
