import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { waitFor } from '../../local/process.ts';
import { selfSigned } from '../../src/operator/certificate.ts';

const program = join(import.meta.dirname, '../../local/modelserver/server.ts');
const WAIT_MS = 15_000;
let dir = '';
const running: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'llmisvc-modelserver-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

describe('the model server stand-in with TLS', () => {
  it('serves the certificate that it is given, and keeps it without --enable-ssl-refresh', async () => {
    await writePair('first');
    const { port, said } = await server();
    expect(await subjectAt(port)).toBe('first');
    await writePair('second');
    // The other server, which was told to look, has seen it by then.
    const other = await server('--enable-ssl-refresh');
    await writePair('third');
    await waitFor('the renewal', WAIT_MS, async () => (await subjectAt(other.port)) === 'third');
    expect(await subjectAt(port)).toBe('first');
    expect(said()).not.toContain('renewed');
  }, 60_000);

  it('takes a renewed certificate, and goes on with the one it has while the files do not fit', async () => {
    await writePair('first');
    const { port, said } = await server('--enable-ssl-refresh');
    writeFileSync(join(dir, 'tls.key'), 'not a key');
    await waitFor('its complaint', WAIT_MS, () => said().includes('was not renewed'));
    expect(await subjectAt(port)).toBe('first');
    await writePair('second');
    await waitFor('the renewal', WAIT_MS, async () => (await subjectAt(port)) === 'second');
  }, 60_000);

  it.each([
    ['a missing file', async () => {}, /ENOENT.*tls\.crt/],
    [
      'a key of another certificate',
      async () => {
        await writePair('first');
        const { key } = await selfSigned(['second'], 1, Date.now());
        writeFileSync(join(dir, 'tls.key'), key);
      },
      /key values mismatch/,
    ],
  ])(
    'ends with exit code 1 on %s',
    async (_what, prepare, words) => {
      await prepare();
      const { process: ended, said } = launch();
      await once(ended, 'close');
      expect(ended.exitCode).toBe(1);
      expect(said()).toMatch(words);
    },
    30_000,
  );
});

async function writePair(name: string): Promise<void> {
  const { certificate, key } = await selfSigned([name], 1, Date.now());
  writeFileSync(join(dir, 'tls.crt'), certificate);
  writeFileSync(join(dir, 'tls.key'), key);
}

function launch(...flags: readonly string[]): { readonly process: ChildProcess; said(): string } {
  const files = ['--ssl-certfile', join(dir, 'tls.crt'), '--ssl-keyfile', join(dir, 'tls.key')];
  const args = ['serve', 'model', '--host', '127.0.0.1', '--port', '0', ...files, ...flags];
  const launched = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args]);
  running.push(launched);
  let output = '';
  for (const stream of [launched.stdout, launched.stderr])
    stream.on('data', (part: Buffer) => (output += part.toString()));
  return { process: launched, said: () => output };
}

async function server(...flags: readonly string[]): Promise<{ readonly port: number; said(): string }> {
  const { said } = launch(...flags);
  const port = await waitFor('the server to listen', WAIT_MS, () => {
    const found = /Listening on https:\/\/127\.0\.0\.1:(\d+)/.exec(said())?.[1];
    return found === undefined ? undefined : Number(found);
  });
  return { port, said };
}

async function subjectAt(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
