import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Handler, Probe } from './types.ts';

export interface ProbeTarget {
  readonly container: Container;
  /** The pod's address. */
  readonly address: string;
  /** Runs a command where the container's volumes are; its exit code. */
  exec(command: readonly string[], signal: AbortSignal): Promise<number>;
}

/**
 * Probes until the signal is aborted: first after `initialDelaySeconds`, then each `periodSeconds`. `onChange` hears of
 * success after `successThreshold` and of failure after `failureThreshold` results in a row, each time the thresholds
 * are met anew.
 */
export async function watchProbe(
  probe: Probe,
  target: ProbeTarget,
  onChange: (success: boolean, message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
  let [successes, failures] = [0, 0];
  await pause(initialDelaySeconds, signal);
  while (!signal.aborted) {
    const failure = await probeOnce(probe, target, (probe.timeoutSeconds ?? 1) * 1000, signal);
    if (signal.aborted) return;
    if (failure === undefined) [successes, failures] = [successes + 1, 0];
    else [successes, failures] = [0, failures + 1];
    if (successes === successThreshold) onChange(true, '');
    if (failures > 0 && failures % failureThreshold === 0) onChange(false, failure ?? '');
    await pause(periodSeconds, signal);
  }
}

/** Does what a probe or a lifecycle handler says, once; undefined when it succeeded, else what went wrong. */
export async function probeOnce(
  handler: Handler,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    if (handler.httpGet) return await getOnce(handler.httpGet, target, limit);
    if (handler.tcpSocket) return await connectOnce(handler.tcpSocket, target, limit);
    if (handler.exec) {
      const code = await target.exec(handler.exec.command ?? [], limit);
      return code === 0 ? undefined : `command ended with exit code ${code}`;
    }
    return 'this node knows the probes httpGet, tcpSocket and exec';
  } catch (error) {
    return limit.aborted ? `no answer within ${timeoutMs / 1000} s` : (error as Error).message;
  }
}

/** The number of a port that may be given by the name it has in the container. */
export function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port);
  if (named) return named.containerPort;
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  throw new Error(`container ${container.name} has no port named "${port}"`);
}

async function getOnce(
  get: NonNullable<Handler['httpGet']>,
  { address, container }: ProbeTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const secure = get.scheme === 'HTTPS';
  const port = portNumber(get.port, container);
  const headers = new Map([
    ['user-agent', 'kube-probe/1.36'],
    ['accept', '*/*'],
  ]);
  for (const { name, value } of get.httpHeaders ?? []) headers.set(name.toLowerCase(), value);
  const options = {
    host: get.host ?? address,
    port,
    path: get.path ?? '/',
    headers: Object.fromEntries(headers),
    signal,
  };
  const status = await new Promise<number>((resolve, reject) => {
    // The kubelet does not check certificates either.
    const request = secure
      ? httpsRequest({ ...options, agent: false, rejectUnauthorized: false })
      : httpRequest({ ...options, agent: false });
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.end();
  });
  return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`;
}

async function connectOnce(
  { host, port }: NonNullable<Handler['tcpSocket']>,
  { address, container }: ProbeTarget,
  signal: AbortSignal,
): Promise<undefined> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: host ?? address, port: portNumber(port, container), signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
}
