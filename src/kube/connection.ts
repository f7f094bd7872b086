import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher } from 'undici';

/** How to reach an API server and who to be there. */
export interface Connection {
  readonly server: URL;
  /** Headers that say who asks. Called for every request; `renew` after an answer of 401. */
  headers(renew?: boolean): Promise<Readonly<Record<string, string>>>;
  /** A pool of its own with so many connections at most; 0 for no limit. */
  dispatcher(connections: number): Promise<Dispatcher>;
}

/** A server named directly, without a kubeconfig. */
export interface DirectServer {
  readonly url: string;
  readonly token?: string;
  /** Read again every minute and after an answer of 401. */
  readonly tokenFile?: string;
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const TOKEN_LIFETIME = 60_000;

/** HTTP/1.1, so that a pool's limit is the limit of requests under way and a watch has a socket of its own. */
export const POOL = { keepAliveTimeout: 30_000, keepAliveMaxTimeout: 60_000, pipelining: 1, allowH2: false } as const;
export const CONNECT = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 } as const;

/** A connection to a server that is named directly. */
export function directConnection(server: DirectServer): Connection {
  const { ca, cert, key } = server;
  const tls = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined));
  const token = server.tokenFile === undefined ? () => server.token : tokenFromFile(server.tokenFile);
  return {
    server: new URL(server.url),
    headers: async (renew) => {
      const value = token(renew);
      return value === undefined ? {} : { authorization: `Bearer ${value}` };
    },
    dispatcher: async (connections) =>
      new Agent({ ...POOL, connections: connections || null, connect: { ...CONNECT, ...tls } }),
  };
}

/** The content of a token file, trimmed, remembered for a minute. Throws what reading the file throws. */
export function tokenFromFile(path: string): (renew?: boolean) => string {
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return (renew) => {
    if (renew || performance.now() - readAt > TOKEN_LIFETIME) {
      token = readFileSync(path, 'utf8').trim();
      readAt = performance.now();
    }
    return token;
  };
}
