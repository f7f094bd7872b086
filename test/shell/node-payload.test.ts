import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PayloadFile, writePayload } from '../../local/node/payload.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmisvc-payload-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the files of a volume', () => {
  it('are links through ..data, which one rename replaces', async () => {
    await writePayload(folder, files({ 'tls.crt': 'a', 'tls.key': 'b' }));
    const first = readlinkSync(join(folder, '..data'));
    expect(readlinkSync(join(folder, 'tls.crt'))).toBe('..data/tls.crt');
    expect(contents()).toEqual({ 'tls.crt': 'a', 'tls.key': 'b' });
    const held = join(folder, first, 'tls.key');
    expect(readFileSync(held, 'utf8')).toBe('b');

    await writePayload(folder, files({ 'tls.crt': 'c', 'tls.key': 'd' }));
    expect(contents()).toEqual({ 'tls.crt': 'c', 'tls.key': 'd' });
    expect(readlinkSync(join(folder, '..data'))).not.toBe(first);
    expect(() => lstatSync(held)).toThrow('ENOENT');
  });

  it('stay as they are when nothing changed', async () => {
    await writePayload(folder, files({ a: '1', 'deep/b': '2' }));
    const before = readlinkSync(join(folder, '..data'));
    await writePayload(folder, files({ a: '1', 'deep/b': '2' }));
    expect(readlinkSync(join(folder, '..data'))).toBe(before);
  });

  it('go when they are wanted no more, and have the permissions that they are to have', async () => {
    await writePayload(folder, files({ a: '1', 'deep/b': '2' }));
    expect(readFileSync(join(folder, 'deep/b'), 'utf8')).toBe('2');
    await writePayload(folder, files({ c: '3' }, 0o440));
    expect(contents()).toEqual({ c: '3' });
    expect(statSync(join(folder, 'c')).mode & 0o777).toBe(0o440);
    await writePayload(folder, files({ c: '3' }, 0o400));
    expect(statSync(join(folder, 'c')).mode & 0o777).toBe(0o400);
    await writePayload(folder, new Map());
    expect(contents()).toEqual({});
  });
});

function files(texts: Readonly<Record<string, string>>, mode = 0o644): ReadonlyMap<string, PayloadFile> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
}

/** What a container sees. */
function contents(): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('..'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
