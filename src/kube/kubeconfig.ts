import { existsSync, readFileSync, statSync } from 'node:fs';
import type { RequestOptions as HttpsRequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { parse } from 'yaml';
import { CONNECT, type Connection, POOL, tokenFromFile } from './connection.ts';

export interface KubeconfigOptions {
  /** A file. Without one: `KUBECONFIG`, `~/.kube/config`, then the ServiceAccount of the pod. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** The address instead of the one of the kubeconfig. */
  readonly server?: string | undefined;
}

const PREPARED_FOR = 30_000;

/**
 * The connection that a kubeconfig or the pod's ServiceAccount describes: tokens, client certificates, exec plugins,
 * proxies and TLS as `KubeConfig` of client-node prepares them. The file is read again when it changed and after an
 * answer of 401.
 *
 * @throws Error that names the file or context where none can be used
 */
export function kubeconfigConnection(options: KubeconfigOptions): Connection {
  let config = load(options);
  let prepared: { readonly headers: Record<string, string>; readonly until: number } | undefined;
  let stamp = stampOf(options);

  async function headers(renew = false): Promise<Record<string, string>> {
    if (!renew && prepared && performance.now() < prepared.until) return prepared.headers;
    const changed = stampOf(options);
    if (renew || changed !== stamp) config = load(options);
    stamp = changed;
    const opts = await prepare(config);
    const entries = Object.entries(opts.headers ?? {}).map(([key, value]) => [key.toLowerCase(), `${value}`.trim()]);
    const found: Record<string, string> = Object.fromEntries(entries);
    if (opts.auth) found['authorization'] = `Basic ${Buffer.from(opts.auth).toString('base64')}`;
    const token = config.tokenFile?.(renew);
    if (token) found['authorization'] = `Bearer ${token}`;
    prepared = { headers: found, until: performance.now() + PREPARED_FOR };
    return found;
  }

  return {
    server: config.server,
    headers,
    dispatcher: async (connections) => dispatcherOf(config, await prepare(config), connections),
  };
}

interface Loaded {
  readonly kube: KubeConfig;
  readonly server: URL;
  readonly tokenFile: ((renew?: boolean) => string) | undefined;
}

function load(options: KubeconfigOptions): Loaded {
  const kube = new KubeConfig();
  const source = options.kubeconfig ?? 'the default kubeconfig';
  if (options.kubeconfig === undefined) kube.loadFromDefault();
  else if (existsSync(options.kubeconfig)) kube.loadFromFile(options.kubeconfig);
  else throw new Error(`kubeconfig ${options.kubeconfig} does not exist; name an existing file.`);
  if (options.context !== undefined) {
    const known = kube.getContexts().map(({ name }) => name);
    if (!known.includes(options.context)) {
      throw new Error(`${source} has no context ${options.context}; it has: ${known.join(', ') || 'none'}.`);
    }
    kube.setCurrentContext(options.context);
  }
  const cluster = kube.getCurrentCluster();
  if (!cluster?.server) {
    const context = kube.getCurrentContext() || '(none)';
    throw new Error(`${source}: context ${context} names no cluster; set current-context or choose a context.`);
  }
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    // client-node falls back to this address where it finds nothing at all.
    const found =
      cluster.server === 'http://localhost:8080' ? 'no kubeconfig was found' : `${cluster.server} is not https`;
    throw new Error(
      `${source}: ${found}; name a kubeconfig, or set insecure-skip-tls-verify: true on the cluster for plain HTTP.`,
    );
  }
  return { kube, server: new URL(options.server ?? cluster.server), tokenFile: tokenFileOf(kube, options) };
}

/** The `tokenFile` of a user, which client-node does not read. A `token` beside it is the older one, as for kubectl. */
function tokenFileOf(kube: KubeConfig, options: KubeconfigOptions): ((renew?: boolean) => string) | undefined {
  const user = kube.getCurrentUser()?.name;
  for (const path of filesOf(options)) {
    if (!existsSync(path)) continue;
    const file: unknown = parse(readFileSync(path, 'utf8'));
    const users = (file as { users?: { name?: string; user?: { tokenFile?: string } }[] } | null)?.users ?? [];
    const tokenFile = users.find(({ name }) => name === user)?.user?.tokenFile;
    if (tokenFile) return tokenFromFile(resolve(dirname(path), tokenFile));
  }
  return undefined;
}

function filesOf({ kubeconfig }: KubeconfigOptions): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const fromEnvironment = process.env['KUBECONFIG'];
  if (fromEnvironment) return fromEnvironment.split(delimiter).filter(Boolean);
  return [join(homedir(), '.kube', 'config')];
}

function stampOf(options: KubeconfigOptions): string {
  return filesOf(options)
    .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join();
}

type TlsOptions = Partial<{ [K in TlsOption]: NonNullable<ConnectionOptions[K]> }>;
type TlsOption = 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername';
type Prepared = HttpsRequestOptions & { readonly servername?: string };

async function prepare({ kube }: Loaded): Promise<Prepared> {
  const opts: Prepared = {};
  await kube.applyToHTTPSOptions(opts);
  return opts;
}

async function dispatcherOf({ kube }: Loaded, opts: Prepared, limit: number): Promise<Dispatcher> {
  const { ca, cert, key, rejectUnauthorized, servername } = opts;
  const tls = { ca, cert, key, rejectUnauthorized, servername };
  const found = kube.createDispatcherOptions(kube.getCurrentCluster(), defined(tls));
  const connections = limit || null;
  switch (found.type) {
    case 'proxy':
      return new ProxyAgent({ ...POOL, connections, uri: found.uri, requestTls: found.requestTls as TlsOptions });
    case 'socks':
      return socksDispatcher(kube);
    case 'agent':
      return new Agent({ ...POOL, connections, connect: { ...CONNECT, ...(found.connect as TlsOptions) } });
    case 'none':
      return new Agent({ ...POOL, connections, connect: CONNECT });
  }
}

/** client-node keeps its SOCKS connector to itself and hands out a finished dispatcher only. */
async function socksDispatcher(kube: KubeConfig): Promise<Dispatcher> {
  let found: Dispatcher | undefined;
  const context = {
    setHeaderParam: () => {},
    setDispatcher: (dispatcher: Dispatcher) => {
      found = dispatcher;
    },
  };
  await kube.applySecurityAuthentication(
    context as unknown as Parameters<KubeConfig['applySecurityAuthentication']>[0],
  );
  if (!found) throw new Error('The kubeconfig names a SOCKS proxy, but no connection through it could be prepared.');
  return found;
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
