import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';

/** A way to the API server on which faults can be put. */
export interface FaultyProxy {
  /** A kubeconfig for whoever shall go this way. */
  readonly kubeconfig: string;
  /** Requests so far, as `GET /api/v1/pods?watch=true`. */
  readonly seen: readonly string[];
  /** Answers instead of the API server while it returns something. */
  fault: ((request: IncomingMessage) => Fault | undefined) | undefined;
  /** Cuts every open connection, watches included. */
  cut(): void;
  close(): Promise<void>;
}

export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string;
}

/** Starts a proxy on a loopback address in front of the server of an administrator's kubeconfig. */
export async function faultyProxy(adminKubeconfig: string, kubeconfig: string): Promise<FaultyProxy> {
  const target = targetOf(adminKubeconfig);
  const seen: string[] = [];
  const proxy: { fault: FaultyProxy['fault'] } = { fault: undefined };
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const fault = proxy.fault?.(incoming);
    if (fault) {
      outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      outgoing.end(typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body));
    } else {
      forward(incoming, outgoing, target);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${port}`));
  return Object.assign(proxy, {
    kubeconfig,
    seen,
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

interface Target {
  readonly url: URL;
  readonly tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
}

function targetOf(path: string): Target {
  const config = parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const cluster = config.clusters[0]?.cluster ?? {};
  const user = config.users[0]?.user ?? {};
  const bytes = (from: Record<string, string>, key: string): Buffer =>
    from[`${key}-data`] ? Buffer.from(from[`${key}-data`] ?? '', 'base64') : readFileSync(from[key] ?? '');
  return {
    url: new URL(cluster['server'] ?? ''),
    tls: {
      ca: bytes(cluster, 'certificate-authority'),
      cert: bytes(user, 'client-certificate'),
      key: bytes(user, 'client-key'),
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, { url, tls }: Target): void {
  const { method, headers } = incoming;
  const options = { method, headers: { ...headers, host: url.host }, ...tls };
  const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const upstream = ask(new URL(incoming.url ?? '/', url), options, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  upstream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'proxy',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'proxy', user: {} }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
  });
}
