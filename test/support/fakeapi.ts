import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiResource } from '../../src/kube/types.ts';
import type { Timing } from '../../src/kube/timing.ts';

/** One request as it arrived, and the ways to answer it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  json(value: unknown, code?: number, headers?: Record<string, string>): void;
  /** A `Status` answer. */
  fail(code: number, reason: string, message?: string, headers?: Record<string, string>, details?: unknown): void;
  text(value: string, code?: number): void;
  /** Sends the head of a streamed answer. */
  open(): void;
  /** Sends a piece of a streamed answer, whole lines or not. */
  write(piece: string | Uint8Array): void;
  /** Sends one watch event as a line. */
  event(type: string, object: unknown): void;
  end(): void;
  /** Breaks the socket. */
  cut(): void;
  /** The client has gone away. */
  readonly gone: boolean;
}

export type Answer = (exchange: Exchange) => void;

export interface FakeApi {
  readonly url: string;
  /** Requests so far, without those for discovery. */
  readonly requests: readonly Exchange[];
  readonly discoveries: readonly Exchange[];
  /** Replaces the answers that are left: in order, the last one for all that follow; or one function for all. */
  answer(...answers: readonly Answer[]): void;
  /** What discovery says from now on. */
  serve(resources: readonly ApiResource[]): void;
  close(): Promise<void>;
}

export const PODS: ApiResource = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

/** An HTTP server on a loopback port that does what a test tells it, faults above all. */
export async function fakeApi(resources: readonly ApiResource[] = [PODS]): Promise<FakeApi> {
  const requests: Exchange[] = [];
  const discoveries: Exchange[] = [];
  let served = resources;
  let answers: Answer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake');
      const exchange = exchangeOf(
        request.method ?? '',
        url,
        request.headers,
        Buffer.concat(chunks).toString(),
        response,
      );
      const discovered = discoveryAnswer(url.pathname, served);
      if (discovered !== undefined) {
        discoveries.push(exchange);
        exchange.json(discovered);
        return;
      }
      requests.push(exchange);
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next) next(exchange);
      else exchange.fail(500, 'NotScripted', `the test has no answer for ${exchange.method} ${request.url}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    discoveries,
    answer: (...next) => {
      answers = [...next];
    },
    serve: (next) => {
      served = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function exchangeOf(
  method: string,
  url: URL,
  headers: IncomingHttpHeaders,
  body: string,
  response: ServerResponse,
): Exchange {
  const json = (value: unknown, code = 200, more: Record<string, string> = {}): void => {
    response.writeHead(code, { 'content-type': 'application/json', ...more });
    response.end(JSON.stringify(value));
  };
  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  };
  const write = (piece: string | Uint8Array): void => {
    open();
    response.write(piece);
  };
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
    json,
    fail: (code, reason, message = '', more = {}, details) =>
      json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details }, code, more),
    text(value, code = 200) {
      response.writeHead(code);
      response.end(value);
    },
    open,
    write,
    event: (type, object) => write(`${JSON.stringify({ type, object })}\n`),
    end: () => response.end(),
    cut: () => response.socket?.destroy(),
    get gone() {
      return response.destroyed;
    },
  };
}

/** Aggregated discovery of the given resources; undefined for other paths. */
function discoveryAnswer(path: string, resources: readonly ApiResource[]): unknown {
  if (path !== '/api' && path !== '/apis') return undefined;
  const mine = resources.filter(({ apiVersion }) => apiVersion.includes('/') === (path === '/apis'));
  return {
    kind: 'APIGroupDiscoveryList',
    items: mine.map((resource) => {
      const [group, version] = resource.apiVersion.includes('/')
        ? resource.apiVersion.split('/')
        : ['', resource.apiVersion];
      const { kind, plural, namespaced, verbs } = resource;
      const scope = namespaced ? 'Namespaced' : 'Cluster';
      const found = { resource: plural, responseKind: { group, version, kind }, scope, verbs };
      return { metadata: { name: group }, versions: [{ version, freshness: 'Current', resources: [found] }] };
    }),
  };
}

/** Waits until the condition holds; fails after five seconds with what was missing. */
export async function until(condition: () => boolean, missing: string): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited five seconds in vain: ${missing}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface LedTiming extends Timing {
  /** Milliseconds of the sleepers that wait now, in the order in which they lay down. */
  readonly sleeping: readonly number[];
  /** Moves the clock and wakes those whose time has come. */
  advance(milliseconds: number): void;
  /** What `random` answers. */
  chance: number;
}

/** A clock that moves only when the test says so. */
export function ledTiming(): LedTiming {
  let clock = 0;
  const sleepers = new Set<{ readonly length: number; readonly due: number; wake(): void }>();
  return {
    chance: 0.5,
    now: () => clock,
    random() {
      return this.chance;
    },
    get sleeping() {
      return [...sleepers].map(({ length }) => length);
    },
    advance(milliseconds) {
      clock += milliseconds;
      for (const sleeper of [...sleepers]) if (sleeper.due <= clock) sleeper.wake();
    },
    sleep(length, signal) {
      if (signal?.aborted || length <= 0) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { length, due: clock + length, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
