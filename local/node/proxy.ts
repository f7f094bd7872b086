import { createServer, connect, type Server, type Socket } from 'node:net';
import type { Client } from '../../src/kube/types.ts';
import { follow } from './follow.ts';
import { portNumber } from './probes.ts';
import type { Container, Pod, Service } from './types.ts';

export interface ProxyOptions {
  readonly client: Client;
  /** Services for which somebody listens already, such as Envoy on the Gateway's address, are answered with false. */
  readonly forwards: (service: Service) => boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Forwards each TCP port of each Service with a cluster IP to its Ready pods in turn, until the signal is aborted.
 * Without a Ready pod connections are refused; those that exist live on.
 */
export async function runProxy({ client, forwards, signal, say }: ProxyOptions): Promise<void> {
  const services = new Map<string, Service>();
  const pods = new Map<string, Pod>();
  const forwarders = new Map<string, Forwarder>();
  const sync = (service: Service): void => {
    for (const port of service.spec.ports ?? []) {
      const key = `${service.metadata.uid}/${port.port}`;
      const wanted =
        services.has(service.metadata.uid ?? '') && forwards(service) && (port.protocol ?? 'TCP') === 'TCP';
      const endpoints = wanted ? endpointsOf(service, port.targetPort ?? port.port, pods.values()) : [];
      const existing = forwarders.get(key);
      if (!existing && endpoints.length === 0) continue;
      const forwarder = existing ?? newForwarder(service.spec.clusterIP ?? '', port.port, describe(service), say);
      forwarders.set(key, forwarder);
      forwarder.set(endpoints);
    }
  };
  const syncPod = (pod: Pod): void => {
    for (const service of services.values()) {
      if (service.metadata.namespace === pod.metadata.namespace && selects(service, pod)) sync(service);
    }
  };
  const followed = [
    follow<Service>(
      client,
      { apiVersion: 'v1', kind: 'Service' },
      {
        changed(service) {
          const { clusterIP } = service.spec;
          const before = services.get(service.metadata.uid ?? '');
          if (!clusterIP || clusterIP === 'None' || !service.spec.selector) return;
          services.set(service.metadata.uid ?? '', service);
          for (const gone of before?.spec.ports ?? []) {
            if (!service.spec.ports?.some(({ port }) => port === gone.port)) {
              forwarders.get(`${service.metadata.uid}/${gone.port}`)?.set([]);
            }
          }
          sync(service);
        },
        gone(service) {
          services.delete(service.metadata.uid ?? '');
          sync(service);
        },
      },
      signal,
      say,
    ),
    follow<Pod>(
      client,
      { apiVersion: 'v1', kind: 'Pod' },
      {
        changed(pod) {
          pods.set(pod.metadata.uid ?? '', pod);
          syncPod(pod);
        },
        gone(pod) {
          pods.delete(pod.metadata.uid ?? '');
          syncPod(pod);
        },
      },
      signal,
      say,
    ),
  ];
  await Promise.all(followed);
  for (const forwarder of forwarders.values()) forwarder.end();
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function endpointsOf(service: Service, targetPort: number | string, pods: Iterable<Pod>): Endpoint[] {
  const found: Endpoint[] = [];
  for (const pod of pods) {
    const host = pod.status?.podIP;
    if (!host || pod.metadata.namespace !== service.metadata.namespace || !selects(service, pod)) continue;
    if (!service.spec.publishNotReadyAddresses && !isReady(pod)) continue;
    const container = pod.spec.containers.find(({ ports }) => ports?.some(({ name }) => name === targetPort));
    if (typeof targetPort === 'string' && !container && !/^\d+$/.test(targetPort)) continue;
    found.push({ host, port: portNumber(targetPort, container ?? (pod.spec.containers[0] as Container)) });
  }
  return found;
}

function isReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function selects(service: Service, pod: Pod): boolean {
  return Object.entries(service.spec.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value);
}

function describe({ metadata }: Service): string {
  return `Service ${metadata.namespace}/${metadata.name}`;
}

interface Forwarder {
  set(endpoints: readonly Endpoint[]): void;
  end(): void;
}

function newForwarder(host: string, port: number, what: string, say: (line: string) => void): Forwarder {
  let endpoints: readonly Endpoint[] = [];
  let server: Server | undefined;
  let turn = 0;
  const sockets = new Set<Socket>();
  const accept = (incoming: Socket): void => {
    const endpoint = endpoints[turn % Math.max(endpoints.length, 1)];
    turn += 1;
    if (!endpoint) return void incoming.destroy();
    const outgoing = connect({ ...endpoint, allowHalfOpen: true });
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        if (socket.errored || !socket.readableEnded) other.destroy();
      });
      socket.pipe(other);
    }
  };
  const open = (): void => {
    const opened = createServer({ allowHalfOpen: true }, accept);
    server = opened;
    opened.once('error', (error) => {
      say(`${what}: cannot listen on ${host}:${port}: ${error.message}`);
      if (server === opened) server = undefined;
    });
    opened.listen({ host, port, exclusive: true });
  };
  const close = (): void => {
    server?.close();
    server = undefined;
  };
  return {
    set(wanted) {
      endpoints = wanted;
      if (wanted.length === 0) close();
      else if (!server) open();
    },
    end() {
      close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
