import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../src/kube/client.ts';
import { kubeconfigConnection } from '../../src/kube/kubeconfig.ts';
import type { Client } from '../../src/kube/types.ts';
import { type FakeApi, fakeApi } from '../support/fakeapi.ts';

let api: FakeApi;
let folder: string;
let client: Client | undefined;

beforeEach(async () => {
  api = await fakeApi();
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  api.answer((x) => x.json({ items: [] }));
});

afterEach(async () => {
  await client?.close();
  client = undefined;
  await api.close();
  rmSync(folder, { recursive: true });
});

function kubeconfig(user: object, cluster: object = {}): string {
  const path = join(folder, 'config');
  const file = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server: api.url, 'insecure-skip-tls-verify': true, ...cluster } }],
    users: [{ name: 'me', user }],
  };
  writeFileSync(path, JSON.stringify(file));
  return path;
}

async function headerAfter(path: string): Promise<string | undefined> {
  client ??= await createClient({ kubeconfig: path });
  await client.list({ apiVersion: 'v1', kind: 'Pod' });
  return api.requests.at(-1)?.headers['authorization'];
}

it('sends a token', async () => {
  expect(await headerAfter(kubeconfig({ token: 'abc' }))).toBe('Bearer abc');
});

it('sends user name and password', async () => {
  const basic = `Basic ${Buffer.from('me:pass').toString('base64')}`;
  expect(await headerAfter(kubeconfig({ username: 'me', password: 'pass' }))).toBe(basic);
});

it('reads a token file beside the kubeconfig, and again after 401', async () => {
  const path = kubeconfig({ tokenFile: 'token' });
  writeFileSync(join(folder, 'token'), 'one\n');
  expect(await headerAfter(path)).toBe('Bearer one');
  writeFileSync(join(folder, 'token'), 'two\n');
  api.answer((x) =>
    x.headers['authorization'] === 'Bearer two' ? x.json({ items: [] }) : x.fail(401, 'Unauthorized'),
  );
  expect(await headerAfter(path)).toBe('Bearer two');
});

it('runs an exec plugin, once, and again after 401', async () => {
  const plugin = join(folder, 'plugin');
  const count = join(folder, 'count');
  const credential = `{"kind":"ExecCredential","status":{"token":"t$(grep -c x ${count})"}}`;
  writeFileSync(plugin, `#!/bin/sh\necho x >> ${count}\necho ${JSON.stringify(credential)}\n`);
  chmodSync(plugin, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, args: [] };
  const path = kubeconfig({ exec });
  expect(await headerAfter(path)).toBe('Bearer t1');
  expect(await headerAfter(path)).toBe('Bearer t1');
  api.answer((x) => (x.headers['authorization'] === 'Bearer t2' ? x.json({ items: [] }) : x.fail(401, 'Unauthorized')));
  expect(await headerAfter(path)).toBe('Bearer t2');
});

it('takes another server when told', async () => {
  const path = kubeconfig({ token: 'abc' }, { server: 'http://127.0.0.1:1' });
  client = await createClient({ kubeconfig: path, server: api.url });
  expect(await headerAfter(path)).toBe('Bearer abc');
});

it('goes through the proxy of the cluster', async () => {
  const path = kubeconfig({ token: 'abc' }, { server: 'http://nowhere.invalid:80', 'proxy-url': api.url });
  expect(await headerAfter(path)).toBe('Bearer abc');
  expect(api.requests[0]?.headers['host']).toBe('nowhere.invalid');
});

it('says what is missing where there is no usable server', async () => {
  const path = kubeconfig({}, { 'insecure-skip-tls-verify': false });
  await expect(createClient({ kubeconfig: path })).rejects.toThrow(`${api.url} is not https; name a kubeconfig`);
});

it('reads a kubeconfig that changed', async () => {
  const path = kubeconfig({ token: 'old' });
  const connection = kubeconfigConnection({ kubeconfig: path });
  expect(await connection.headers()).toEqual({ authorization: 'Bearer old' });
  kubeconfig({ token: 'new' });
  utimesSync(path, new Date(), new Date(Date.now() + 10_000));
  expect(await connection.headers(true)).toEqual({ authorization: 'Bearer new' });
});

it('names the file, or the contexts there are', async () => {
  const missing = join(folder, 'absent');
  await expect(createClient({ kubeconfig: missing })).rejects.toThrow(`kubeconfig ${missing} does not exist`);
  const path = kubeconfig({});
  await expect(createClient({ kubeconfig: path, context: 'other' })).rejects.toThrow(
    'has no context other; it has: main.',
  );
});
