import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address to listen at, such as `:8080` or `127.0.0.1:0`. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface Answers {
  readonly metrics: () => Promise<string>;
  /** Why the process is not ready, one item each; empty when it is. */
  readonly unready: () => readonly string[];
}

export interface ProbeServers {
  readonly metricsPort: number;
  readonly healthPort: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` at one address and `/healthz` and `/readyz` at another; at equal addresses all of them together.
 *
 * @throws Error when an address cannot be listened at
 */
export async function serveProbes(
  metrics: ListenAddress,
  health: ListenAddress,
  answers: Answers,
): Promise<ProbeServers> {
  const same = metrics.host === health.host && metrics.port === health.port && metrics.port !== 0;
  const first = await listen(metrics, same ? ['/metrics', '/healthz', '/readyz'] : ['/metrics'], answers);
  const second = same ? first : await listen(health, ['/healthz', '/readyz'], answers);
  return {
    metricsPort: portOf(first),
    healthPort: portOf(second),
    close: async () => {
      await Promise.all([...new Set([first, second])].map(closed));
    },
  };
}

async function listen(address: ListenAddress, paths: readonly string[], answers: Answers): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!paths.includes(path)) return send(response, 404, 'not found\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'only GET is allowed\n');
    answer(path, answers).then(
      ({ code, text }) => send(response, code, text),
      (error: unknown) => send(response, 500, `${String(error)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => resolve());
  });
  return server;
}

async function answer(path: string, { metrics, unready }: Answers): Promise<{ code: number; text: string }> {
  if (path === '/metrics') return { code: 200, text: await metrics() };
  if (path === '/healthz') return { code: 200, text: 'ok\n' };
  const reasons = unready();
  return reasons.length === 0 ? { code: 200, text: 'ok\n' } : { code: 503, text: `${reasons.join('\n')}\n` };
}

function send(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(text);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
