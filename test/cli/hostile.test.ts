import { writeFileSync } from 'node:fs';
import { llmisvc, type Ran, SERVICE, useFolder } from './cliprocess.ts';

const folder = useFolder();
const MOST_MS = 5_000;

async function rendered(text: string | Uint8Array): Promise<Ran> {
  writeFileSync(folder.path('in.yaml'), text);
  const started = performance.now();
  const ran = await llmisvc(['render', '-f', folder.path('in.yaml')]);
  expect(performance.now() - started).toBeLessThan(MOST_MS);
  return ran;
}

/** Each list names the one before it nine times. */
function laughs(levels: number): string {
  const lists = Array.from({ length: levels }, (_, at) => {
    const items = at === 0 ? Array(9).fill('lol') : Array(9).fill(`*a${at - 1}`);
    return `a${at}: &a${at} [${items.join(', ')}]`;
  });
  return lists.map((line) => `        ${line}\n`).join('');
}

describe('files that are written in another way', () => {
  it.each([
    ['with a byte order mark', `\ufeff${SERVICE}`],
    ['with the line ends of Windows', SERVICE.replaceAll('\n', '\r\n')],
    ['with empty documents', `---\n---\n${SERVICE}---\n\n---\n# nothing\n...\n`],
    ['with a directive', `%YAML 1.1\n---\n${SERVICE}`],
    [
      'as JSON',
      JSON.stringify({
        apiVersion: 'serving.kserve.io/v1alpha2',
        kind: 'LLMInferenceService',
        metadata: { name: 'qwen' },
        spec: { model: { uri: 'hf://org/model', name: 'org/model' } },
      }),
    ],
    [
      'with an alias',
      SERVICE.replace('uri: hf://org/model', 'uri: &uri hf://org/model').replace('name: org/model', 'name: *uri'),
    ],
  ])('are read: %s', async (_name, text) => {
    const { stdout, stderr } = await rendered(text);
    expect(stderr).not.toMatch(/error/i);
    expect(stdout).toContain('name: qwen-kserve');
  });
});

describe('files that are none', () => {
  it.each<readonly [string, string | Uint8Array]>([
    ['empty', ''],
    ['only a byte order mark', '\ufeff'],
    ['only comments', '# a\n# b\n'],
    ['binary', Uint8Array.from({ length: 4_096 }, (_, at) => (at * 7 + 13) % 256)],
    ['UTF-16', Buffer.from(`\ufeff${SERVICE}`, 'utf16le')],
    ['zero bytes', new Uint8Array(1_000)],
    ['tabs', SERVICE.replaceAll('  ', '\t')],
    ['a list without end', `${SERVICE}  x: [1, 2`],
    ['two keys alike', `${SERVICE}  model: {}\n`],
    ['an alias to nowhere', `${SERVICE}  x: *nowhere\n`],
    ['an alias to itself', `${SERVICE}  x: &x [*x]\n`],
    ['a tag that makes objects', `${SERVICE}  x: !!js/function "function () {}"\n`],
    ['a merge of itself', `${SERVICE}  x: &x {<<: *x}\n`],
    ['a scalar', '42\n'],
    ['a list', '- 1\n'],
    ['ten thousand brackets', '['.repeat(10_000)],
    [
      'JSON of ten thousand levels',
      `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"spec":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`,
    ],
  ])('end with a sentence and not with a stack: %s', async (_name, content) => {
    const { code, stderr, stdout } = await rendered(content);
    expect(stderr).not.toMatch(/\n\s+at |RangeError|TypeError|is not a function|Cannot read/);
    expect(stdout).not.toMatch(/native code/);
    if (code !== 0) expect(stderr).toMatch(/in\.yaml|has no LLMInferenceService/);
  });

  it('name file and line of aliases that multiply', async () => {
    const inline = `    scheduler:\n      config:\n        inline:\n${laughs(9).replaceAll(/^ {8}/gm, '          ')}`;
    const { code, stderr } = await rendered(SERVICE + inline);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/in\.yaml:\d+.*alias/i);
  });

  it('name the field of what is nested too deeply', async () => {
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    const { code, stderr } = await rendered(`${SERVICE}  template: {affinity: ${deep}}\n`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/in\.yaml:1.*nested deeper than/);
    expect(stderr).not.toMatch(/RangeError|\n\s+at /);
  });
});

describe('keys that objects of the language have', () => {
  it('are keys like any others', async () => {
    const { stdout } = await rendered(`${SERVICE}  labels: {constructor: a, toString: b, valueOf: c}\n`);
    expect(stdout).toMatch(/constructor: a/);
    expect(stdout).toMatch(/toString: b/);
  });
});
