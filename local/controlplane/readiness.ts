import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KeyPair } from './certificates.ts';

/** Where and as whom to ask the API server. */
export interface Probe {
  readonly url: string;
  readonly certificateAuthority: string;
  readonly credentials: KeyPair;
}

/** Whether etcd has a leader and answers. */
export async function etcdIsReady(port: number): Promise<boolean> {
  const { status, body } = await get(`http://127.0.0.1:${port}/health`);
  return status === 200 && body.includes('"health":"true"');
}

/** Whether `/readyz` is 200; rejects with the checks that failed. */
export async function apiServerIsReady(probe: Probe): Promise<boolean> {
  const { status, body } = await get(`${probe.url}/readyz?verbose`, probe);
  if (status === 200) return true;
  const failed = body.split('\n').filter((line) => line.startsWith('[-]'));
  throw new Error(failed.length > 0 ? failed.join(', ') : `HTTP ${status}`);
}

export async function defaultServiceAccountExists(probe: Probe): Promise<boolean> {
  const { status } = await get(`${probe.url}/api/v1/namespaces/default/serviceaccounts/default`, probe);
  return status === 200;
}

async function get(url: string, probe?: Probe): Promise<{ readonly status: number; readonly body: string }> {
  const options = { agent: false as const, timeout: 2000, ...tlsOptions(probe) };
  return await new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.once('timeout', () => request.destroy(new Error(`no answer from ${url} within 2 s`)));
    request.once('error', reject);
    request.end();
  });
}

function tlsOptions(probe: Probe | undefined): object {
  if (probe === undefined) return {};
  return { ca: probe.certificateAuthority, cert: probe.credentials.certificate, key: probe.credentials.key };
}
