import { parse } from 'yaml';

/** Folders of this machine that stand for the folders that Envoy's container would see. */
export interface ProxyFolders {
  /** For `/sds`. */
  readonly sds: string;
  /** For `/certs`. */
  readonly certs: string;
}

export interface LocalProxy {
  /** Envoy's bootstrap configuration, to be written to a file. */
  readonly bootstrap: unknown;
  /** Arguments for the Envoy binary, without the configuration. */
  readonly args: readonly string[];
}

/**
 * What has to change in the arguments of the `envoy` container that Envoy Gateway renders, so that they work on this
 * machine: xDS at 127.0.0.1, files where they really are, free ports for the administration and statistics (several
 * proxies run side by side), and no hot restart. Everything else stays as Envoy Gateway wrote it.
 *
 * `args` are the container's arguments with Kubernetes variables already expanded; throws when there is no `--config-yaml`.
 */
export function localProxy(args: readonly string[], folders: ProxyFolders): LocalProxy {
  const at = args.indexOf('--config-yaml');
  const text = args[at + 1];
  if (at < 0 || text === undefined) {
    throw new Error(`Container envoy has no argument --config-yaml, found: ${args.join(' ').slice(0, 300)}`);
  }
  const bootstrap = adapt(parse(text), folders) as Bootstrap;
  const admin = bootstrap.admin?.address?.socket_address;
  if (admin) Object.assign(admin, { address: '127.0.0.1', port_value: 0 });
  for (const listener of bootstrap.static_resources?.listeners ?? []) {
    Object.assign(listener.address.socket_address, { address: '127.0.0.1', port_value: 0 });
  }
  for (const cluster of bootstrap.static_resources?.clusters ?? []) {
    if (cluster.name === 'xds_cluster') pointTo127(cluster);
  }
  const rest = [...args.slice(0, at), ...args.slice(at + 2)].filter((argument) => argument !== '--cpuset-threads');
  if (!rest.includes('--concurrency')) rest.push('--concurrency', '2');
  return { bootstrap, args: [...rest, '--disable-hot-restart'] };
}

interface Bootstrap {
  admin?: { address?: { socket_address?: object } };
  static_resources?: {
    listeners?: { address: { socket_address: object } }[];
    clusters?: Cluster[];
  };
}

interface Cluster {
  name: string;
  load_assignment?: { endpoints?: { lb_endpoints?: { endpoint?: { address?: { socket_address?: object } } }[] }[] };
}

function pointTo127(cluster: Cluster): void {
  for (const { lb_endpoints } of cluster.load_assignment?.endpoints ?? []) {
    for (const { endpoint } of lb_endpoints ?? []) {
      if (endpoint?.address?.socket_address) Object.assign(endpoint.address.socket_address, { address: '127.0.0.1' });
    }
  }
}

/** A copy of the configuration with paths and the zone variable replaced in every string. */
function adapt(value: unknown, folders: ProxyFolders): unknown {
  if (typeof value === 'string') {
    if (value === '$(ENVOY_SERVICE_ZONE)') return 'local';
    return localPath(value, folders);
  }
  if (Array.isArray(value)) return value.map((item) => adapt(item, folders));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, adapt(item, folders)]));
  }
  return value;
}

/** A path below `/sds` or `/certs` as it is on this machine; any other text unchanged. */
export function localPath(path: string, folders: ProxyFolders): string {
  if (path.startsWith('/sds/')) return `${folders.sds}${path.slice('/sds'.length)}`;
  if (path.startsWith('/certs/')) return `${folders.certs}${path.slice('/certs'.length)}`;
  return path;
}
