import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Connection } from './connection.ts';
import { type ApiError, apiErrorOf, type RequestInfo } from './errors.ts';
import { requestInfo } from './paths.ts';
import { linked } from './signals.ts';
import { realTiming, type Timing } from './timing.ts';

/** One answer of the API server, for metrics. Code 0: there was none. */
export interface ResponseInfo {
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
  readonly seconds: number;
}

export interface TransportOptions {
  /** Connections for requests. Default 16. Watches have a pool of their own without a limit. */
  readonly connections?: number;
  readonly onResponse?: (info: ResponseInfo) => void;
  /** Default: `llmisvc`. */
  readonly userAgent?: string;
  readonly timing?: Timing;
}

export interface Call {
  readonly method: string;
  /** With its query parameters. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt, body included; 0 for none. */
  readonly timeout: number;
}

export interface Transport {
  /** The text of a successful answer. Rejects with `ApiError` or the transport's error. */
  send(call: Call): Promise<string>;
  /** The body of a successful answer as it arrives, over a connection of the watches' pool; no retries. */
  stream(call: Call & { readonly signal: AbortSignal }): Promise<Readable>;
  close(): Promise<void>;
}

const RETRIES = 5;
/** Seconds; whoever is told to wait longer gets the error and decides for himself. */
const LONGEST_WAIT = 30;

/**
 * Sends requests over a connection. 429 and 503 with Retry-After are tried again up to five times after the time asked
 * for, a broken transport once where repeating is harmless, 401 once with renewed credentials.
 */
export async function transport(connection: Connection, options: TransportOptions = {}): Promise<Transport> {
  const timing = options.timing ?? realTiming;
  const requests = await connection.dispatcher(options.connections ?? 16);
  const watches = await connection.dispatcher(0);
  const prefix = connection.server.pathname.replace(/\/$/, '');

  async function open(pool: Dispatcher, call: Call, signal: AbortSignal, identity: Headers): Promise<Answer> {
    return pool.request({
      origin: connection.server.origin,
      path: prefix + call.path,
      method: call.method as Dispatcher.HttpMethod,
      headers: {
        'user-agent': options.userAgent ?? 'llmisvc',
        accept: call.accept ?? 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        ...identity,
      },
      body: call.body ?? null,
      signal,
      headersTimeout: call.timeout || 60_000,
      bodyTimeout: call.timeout,
    });
  }

  function report(info: RequestInfo, code: number, start: number): void {
    const seconds = (timing.now() - start) / 1000;
    options.onResponse?.({ verb: info.verb, resource: info.resource, code, seconds });
  }

  async function once(call: Call, info: RequestInfo, identity: Headers): Promise<string> {
    const start = timing.now();
    const limit = deadline(call, info);
    let code = 0;
    try {
      const { statusCode, headers, body } = await open(requests, call, limit.signal, identity);
      const text = await body.text();
      code = statusCode;
      if (statusCode < 400) return text;
      throw apiErrorOf(info, statusCode, text, first(headers['retry-after']), secretsOf(identity));
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      limit.clear();
      report(info, code, start);
    }
  }

  return {
    async send(call) {
      const info = requestInfo(call.method, call.path, call.contentType);
      let identity = await connection.headers();
      let renewed = false;
      let broken = false;
      for (let attempt = 0; ; ) {
        call.signal?.throwIfAborted();
        try {
          return await once(call, info, identity);
        } catch (error) {
          if (call.signal?.aborted) throw error;
          const code = (error as Partial<ApiError>).code;
          if (code === 401 && !renewed) {
            renewed = true;
            const fresh = await connection.headers(true);
            if (fresh['authorization'] === identity['authorization']) throw error;
            identity = fresh;
          } else if (isTransportError(error) && isRepeatable(info.verb) && !broken) {
            broken = true;
          } else {
            const wait = waitOf(error as ApiError);
            if (wait === undefined || attempt >= RETRIES) throw error;
            attempt += 1;
            // A little more than asked for, so that those who were sent away together do not return together.
            await timing.sleep(wait * 1000 + timing.random() * 250, call.signal);
          }
        }
      }
    },
    async stream(call) {
      const info = requestInfo(call.method, call.path, call.contentType);
      const start = timing.now();
      let code = 0;
      try {
        let identity = await connection.headers();
        let answer = await open(watches, call, call.signal, identity);
        if (answer.statusCode === 401) {
          await answer.body.dump();
          identity = await connection.headers(true);
          answer = await open(watches, call, call.signal, identity);
        }
        code = answer.statusCode;
        if (code < 400) return answer.body;
        const text = await answer.body.text();
        throw apiErrorOf(info, code, text, first(answer.headers['retry-after']), secretsOf(identity));
      } finally {
        report(info, code, start);
      }
    },
    async close() {
      await Promise.all([requests.destroy(), watches.destroy()]);
    },
  };
}

type Headers = Readonly<Record<string, string>>;
type Answer = Dispatcher.ResponseData;

function deadline(call: Call, info: RequestInfo): { readonly signal: AbortSignal; clear(): void } {
  const link = linked(call.signal);
  const message = `${info.verb} ${info.resource}: no complete answer within ${call.timeout / 1000} seconds.`;
  const late = (): void => link.abort(Object.assign(new Error(message), { name: 'TimeoutError' }));
  const timer = call.timeout > 0 ? setTimeout(late, call.timeout) : undefined;
  return {
    signal: link.signal,
    clear() {
      clearTimeout(timer);
      link.unlink();
    },
  };
}

/** Sockets that broke and answers that ended early; not the end of our own patience. */
function isTransportError(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === 'ApiError') return false;
  // A DOMException has a number there.
  const code = String((error as { readonly code?: unknown }).code ?? '');
  return code.startsWith('UND_ERR_') || /^E[A-Z]+$/.test(code);
}

/** Whether a second arrival of the request changes nothing that the first did not. */
function isRepeatable(verb: string): boolean {
  return ['get', 'list', 'apply', 'delete', 'dry-run'].includes(verb);
}

/** Seconds to wait before trying again; undefined for errors that waiting does not mend. */
function waitOf({ code, retryAfter }: Partial<ApiError>): number | undefined {
  const asked = (code === 429 || code === 503) && retryAfter !== undefined && retryAfter <= LONGEST_WAIT;
  return asked ? retryAfter : undefined;
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function secretsOf(identity: Headers): readonly string[] {
  const value = identity['authorization'];
  return value === undefined ? [] : [value.slice(value.indexOf(' ') + 1)];
}
