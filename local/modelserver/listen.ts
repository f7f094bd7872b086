import { once } from 'node:events';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ServeArguments } from './arguments.ts';
import type { Behaviour } from './environment.ts';
import { errorBody, RequestError } from './openai.ts';
import { type Call, routes } from './routes.ts';

export interface Listening {
  /** Where the server answers, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Ends it: no new connections, and those with a request in progress end with that request. */
  close(): Promise<void>;
}

/** Serves vLLM's HTTP interface as the arguments say. Rejects when the address is taken or a certificate unreadable. */
export async function listen(
  args: ServeArguments,
  behaviour: Behaviour,
  say: (line: string) => void,
): Promise<Listening> {
  const handle = routes(args, behaviour, say);
  let closing = false;
  const listener: RequestListener = (request, response) => {
    // A kept connection counts as idle only after its response has closed.
    response.once('close', () => closing && setImmediate(() => server.closeIdleConnections()));
    void answer(request, response, handle, say);
  };
  const server = args.tls ? tlsServer(args.tls, listener, say) : createServer(listener);
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  server.listen(args.port, args.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `${args.tls ? 'https' : 'http'}://${address}:${port}`,
    async close() {
      closing = true;
      for (const file of args.tls ? [args.tls.certFile, args.tls.keyFile] : []) unwatchFile(file);
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

function tlsServer(
  tls: NonNullable<ServeArguments['tls']>,
  listener: RequestListener,
  say: (line: string) => void,
): TlsServer {
  const files = (): { cert: Buffer; key: Buffer; ca?: Buffer } => ({
    cert: readFileSync(tls.certFile),
    key: readFileSync(tls.keyFile),
    ...(tls.caFile ? { ca: readFileSync(tls.caFile) } : {}),
  });
  const server = createTlsServer(files(), listener);
  if (!tls.refresh) return server;
  const refresh = (): void => {
    try {
      server.setSecureContext(files());
      say('The certificate was renewed.');
    } catch (error) {
      // As vLLM does: what it has goes on serving until the files are right.
      say(`The certificate was not renewed: ${(error as Error).message}`);
    }
  };
  for (const file of [tls.certFile, tls.keyFile]) watchFile(file, { interval: 1000, persistent: false }, refresh);
  return server;
}

type Handle = (call: Call) => Promise<void>;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handle,
  say: (line: string) => void,
): Promise<void> {
  const received = request.url ?? '/';
  response.setHeader('x-received-path', received);
  response.once('close', () => say(`${request.method} ${received} ${response.statusCode}`));
  try {
    const text = await bodyOf(request);
    await handle({ method: request.method ?? 'GET', url: received, headers: request.headers, text, response });
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const known = error instanceof RequestError ? error : new RequestError(500, 'InternalServerError', String(error));
    response.writeHead(known.status, { 'content-type': 'application/json' }).end(JSON.stringify(errorBody(known)));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
