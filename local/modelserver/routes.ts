import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { administrationPaths, runtimeLoraPaths } from './administration.ts';
import { type ServeArguments, vllmVersion } from './arguments.ts';
import type { Behaviour } from './environment.ts';
import { count, metricsText, newCounters } from './metrics.ts';
import {
  chatCompletion,
  completion,
  detokenization,
  type Generation,
  RequestError,
  type Served,
  tokenization,
} from './openai.ts';

export interface Call {
  readonly method: string;
  /** Path and query as they arrived. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly response: ServerResponse;
}

type Route = (call: Call) => Promise<void> | void;

/** One function that answers every request: inference, information, health, metrics, administration, and 404. */
export function routes(
  args: ServeArguments,
  behaviour: Behaviour,
  say: (line: string) => void,
): (call: Call) => Promise<void> {
  const served: Served = {
    names: [...args.servedNames, ...args.adapters.map(({ name }) => name)],
    maxModelLen: args.maxModelLen,
  };
  const administration = [...administrationPaths, ...(behaviour.runtimeLora ? runtimeLoraPaths : [])];
  const counters = newCounters(args.servedNames[0] ?? args.model);
  const received: { method: string; url: string }[] = [];
  const generate =
    (read: typeof completion): Route =>
    async (call) => {
      const generation = read(jsonOf(call), served);
      counters.running += 1;
      try {
        await (generation.stream
          ? stream(call.response, generation, behaviour)
          : sendJson(call.response, generation.body()));
      } finally {
        counters.running -= 1;
      }
      counters.promptTokens += generation.promptTokens;
      counters.generationTokens += generation.completionTokens;
      count(counters.finished, generation.finishReason);
    };
  const table = new Map<string, Route>([
    ['POST /v1/completions', generate(completion)],
    ['POST /v1/chat/completions', generate(chatCompletion)],
    ['GET /v1/models', ({ response }) => sendJson(response, modelList(args))],
    ['POST /tokenize', (call) => sendJson(call.response, tokenization(jsonOf(call), served))],
    ['POST /detokenize', (call) => sendJson(call.response, detokenization(jsonOf(call), served))],
    ['GET /health', ({ response }) => void response.writeHead(200).end()],
    ['GET /ping', ({ response }) => void response.writeHead(200).end()],
    ['POST /ping', ({ response }) => void response.writeHead(200).end()],
    ['GET /version', ({ response }) => sendJson(response, { version: vllmVersion })],
    [
      'GET /metrics',
      ({ response }) => {
        response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
          .end(metricsText(counters));
      },
    ],
    ['GET /received', ({ response }) => sendJson(response, received)],
  ]);
  return async (call) => {
    const { method, url, response } = call;
    const path = stripped(new URL(url, 'http://stand-in').pathname, args.rootPath);
    if (path !== '/received') {
      received.push({ method, url });
      if (received.length > 1000) received.shift();
    }
    if (path.startsWith('/v1') && !authorized(call, args.apiKeys))
      return sendJson(response, { error: 'Unauthorized' }, 401);
    if (administration.includes(path)) {
      count(counters.administration, path);
      say(`Engine administration reached: ${method} ${url}`);
      return sendJson(response, { reached: path });
    }
    const route = table.get(`${method} ${path}`);
    if (route) return await route(call);
    const known = [...table.keys()].some((key) => key.endsWith(` ${path}`));
    sendJson(response, { detail: known ? 'Method Not Allowed' : 'Not Found' }, known ? 405 : 404);
  };
}

async function stream(response: ServerResponse, generation: Generation, { gap }: Behaviour): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  try {
    let sent = 0;
    for (const chunk of generation.chunks()) {
      if (gap && sent === gap.afterChunk) await delay(gap.seconds * 1000, undefined, { signal: gone.signal });
      if (!response.write(`data: ${JSON.stringify(chunk)}\n\n`)) await once(response, 'drain', { signal: gone.signal });
      sent += 1;
    }
    response.end('data: [DONE]\n\n');
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}

function modelList(args: ServeArguments): unknown {
  const card = (id: string, root: string, parent: string | null): unknown => ({
    id,
    object: 'model',
    created: Math.floor(Date.now() / 1000),
    owned_by: 'vllm',
    root,
    parent,
    max_model_len: parent === null ? args.maxModelLen : null,
    permission: [],
  });
  const first = args.servedNames[0] ?? args.model;
  return {
    object: 'list',
    data: [
      ...args.servedNames.map((name) => card(name, args.model, null)),
      ...args.adapters.map(({ name, path }) => card(name, path, first)),
    ],
  };
}

function jsonOf({ headers, text }: Call): Readonly<Record<string, unknown>> {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new RequestError(400, 'Bad Request', "Unsupported Media Type: Only 'application/json' is allowed");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, 'Bad Request', `JSON decode error: ${(error as Error).message}`, 'body');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestError(400, 'Bad Request', 'Input should be a valid dictionary', 'body');
  }
  return value as Record<string, unknown>;
}

function authorized({ headers }: Call, keys: readonly string[]): boolean {
  if (keys.length === 0) return true;
  const [scheme, key] = (headers.authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && keys.includes(key ?? '');
}

function stripped(path: string, rootPath: string): string {
  return rootPath !== '' && path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length) : path;
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
