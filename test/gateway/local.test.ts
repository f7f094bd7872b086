import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCompletion, checkStream } from '../../local/demo/answer.ts';
import { localProxy } from '../../local/gateway/bootstrap.ts';
import { takeGatewayLock } from '../../local/gateway/lock.ts';
import { checkPortsFree } from '../../local/gateway/ports.ts';
import { createServer } from 'node:net';
import { stringify } from 'yaml';

const folders = { sds: '/state/sds', certs: '/state/certs' };

const bootstrap = {
  admin: { address: { socket_address: { address: '127.0.0.1', port_value: 19000 } } },
  node: { locality: { zone: '$(ENVOY_SERVICE_ZONE)' } },
  static_resources: {
    listeners: [{ name: 'stats', address: { socket_address: { address: '0.0.0.0', port_value: 19001 } } }],
    clusters: [
      {
        name: 'xds_cluster',
        load_assignment: {
          endpoints: [
            {
              lb_endpoints: [
                {
                  endpoint: {
                    address: {
                      socket_address: { address: 'envoy-gateway.envoy-gateway-system.svc', port_value: 18000 },
                    },
                  },
                },
              ],
            },
          ],
        },
        sds: [{ path: '/sds/xds-certificate.json' }, { path: '/sds-other' }],
      },
    ],
  },
};

describe('the arguments of Envoy', () => {
  const args = [
    '--service-cluster',
    'a/b',
    '--config-yaml',
    stringify(bootstrap),
    '--cpuset-threads',
    '--drain-time-s',
    '2',
  ];

  it('points xDS, files and ports at this machine and leaves the rest', () => {
    const local = localProxy(args, folders);
    expect(local.bootstrap).toEqual({
      admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
      node: { locality: { zone: 'local' } },
      static_resources: {
        listeners: [{ name: 'stats', address: { socket_address: { address: '127.0.0.1', port_value: 0 } } }],
        clusters: [
          {
            name: 'xds_cluster',
            load_assignment: {
              endpoints: [
                {
                  lb_endpoints: [
                    { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: 18000 } } } },
                  ],
                },
              ],
            },
            sds: [{ path: '/state/sds/xds-certificate.json' }, { path: '/sds-other' }],
          },
        ],
      },
    });
    expect(local.args).toEqual([
      '--service-cluster',
      'a/b',
      '--drain-time-s',
      '2',
      '--concurrency',
      '2',
      '--disable-hot-restart',
    ]);
  });

  it('says what is missing', () => {
    expect(() => localProxy(['--service-cluster', 'a/b'], folders)).toThrow('no argument --config-yaml');
  });
});

describe('the place for a gateway stack', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'llmisvc-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is given to one at a time; the next one is told who has it, and gets it afterwards', async () => {
    const file = join(dir, 'lock');
    const first = await takeGatewayLock({ purpose: 'the first', file });
    const said: string[] = [];
    const second = takeGatewayLock({
      purpose: 'the second',
      file,
      say: (line) => {
        said.push(line);
        first.release();
      },
    });
    (await second).release();
    expect(said).toEqual([expect.stringMatching(new RegExp(`in use by process ${process.pid} \\(the first, since `))]);
  });

  it('is no longer waited for once the signal is aborted', async () => {
    const file = join(dir, 'lock');
    const first = await takeGatewayLock({ purpose: 'the first', file });
    const interrupt = new AbortController();
    const second = takeGatewayLock({
      purpose: 'the second',
      file,
      signal: interrupt.signal,
      say: () => interrupt.abort(),
    });
    await expect(second).rejects.toThrow('abort');
    first.release();
  });

  it('says which port another program has', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    await expect(checkPortsFree([port])).rejects.toThrow(`Port ${port} is in use`);
    await new Promise((resolve) => server.close(resolve));
    await checkPortsFree([port]);
  });
});

describe("the demo's look at answers", () => {
  const answer = { choices: [{ text: 'a', finish_reason: 'length' }], usage: { total_tokens: 3 } };

  it('accepts a whole completion and names what another one lacks', () => {
    expect(checkCompletion(JSON.stringify(answer))).toContain('"finish_reason": "length"');
    expect(() => checkCompletion(JSON.stringify({ ...answer, usage: {} }))).toThrow('lacks usage.total_tokens');
    expect(() => checkCompletion('upstream connect error')).toThrow('not JSON: upstream connect error');
  });

  it('accepts a whole stream and refuses one that was cut', () => {
    const chunk = (reason: string | null): string =>
      `data: ${JSON.stringify({ choices: [{ finish_reason: reason }] })}\n\n`;
    expect(checkStream(`${chunk(null)}${chunk('stop')}data: [DONE]\n\n`)).toBe(2);
    expect(() => checkStream(chunk(null))).toThrow('does not end with [DONE]');
    expect(() => checkStream(`${chunk(null)}${chunk(null)}data: [DONE]\n`)).toThrow('finish_reason');
  });
});
