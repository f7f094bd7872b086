import type { LLMInferenceServiceConfig } from '../../src/api/llmisvc.ts';
import { readSettings, SETTINGS_CONFIG_MAP } from '../../src/api/readsettings.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { installedPresets } from '../support/presets.ts';
import { type CorePass, corePass } from '../support/wholecore.ts';
import { config, MODEL, service } from './configinput.ts';

const PRESETS = installedPresets();
const router = { route: {}, gateway: {} };
const MOST_MS = 5_000;

/** Passes a service over the installed presets; fails when it takes too long. */
function pass(spec: object, metadata: object = {}, configs: readonly LLMInferenceServiceConfig[] = []): CorePass {
  const started = performance.now();
  const result = corePass(service({ model: MODEL, router, ...spec }, metadata), [...PRESETS, ...configs]);
  expect(performance.now() - started).toBeLessThan(MOST_MS);
  return result;
}

function statusOf(result: CorePass, type: string): string | undefined {
  return result.conditions.find((condition) => condition.type === type)?.status;
}

describe('a template that is a bomb', () => {
  const env = (value: string): object => ({
    template: { containers: [{ name: 'main', env: [{ name: 'A', value }] }] },
  });
  const doubled = '{{ $x = printf `%s%s` $x $x }}'.repeat(40);

  it.each([
    ['nested loops', '{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}'],
    ['a loop of 2^53 turns', '{{ range 9007199254740991 }}{{ end }}'],
    ['a huge width', '{{ printf `%999999999d` 1 }}'],
    ['a huge precision', '{{ printf `%.999999999f` 1.5 }}'],
    ['text that doubles', `{{ $x := \`aaaaaaaa\` }}${doubled}`],
    ['text that doubles by print', `{{ $x := \`aaaaaaaa\` }}${'{{ $x = print $x $x $x $x }}'.repeat(20)}`],
    ['text that doubles and is cut', `{{ $x := \`aaaaaaaa\` }}${doubled}{{ len $x }}`],
    ['nested parentheses', `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`],
    ['nested conditions', `${'{{ if true }}'.repeat(20_000)}${'{{ end }}'.repeat(20_000)}`],
    ['a chain of else if', `{{ if false }}${'{{ else if false }}'.repeat(20_000)}{{ end }}`],
    ['a long pipeline', `{{ 1 ${'| print '.repeat(20_000)} }}`],
    ['many fields', `{{ .Spec${'.Model'.repeat(20_000)} }}`],
    ['an action that is never closed', '{{ '.repeat(20_000)],
    ['a comment that is never closed', `{{/*${'*'.repeat(100_000)}`],
    ['many texts', 'x{{- ` ` -}} '.repeat(30_000)],
  ])('ends in time with %s', (_name, text) => {
    const { said, conditions } = pass(env(text));
    const combined = conditions.find(({ type }) => type === 'PresetsCombined');
    if (combined?.status === 'False')
      expect(said).toMatch(/spec\.template\.containers\[name=main\]\.env\[name=A\]\.value/);
  });
});

describe('keys that objects of the language have', () => {
  const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  const map = (value: unknown): object =>
    JSON.parse(`{${keys.map((key) => `"${key}":${JSON.stringify(value)}`).join()}}`) as object;

  it.each([
    ['labels', { labels: map('x') }],
    ['annotations', { annotations: map('x') }],
    ['node selectors', { template: { nodeSelector: map('x') } }],
    [
      'resources',
      { template: { containers: [{ name: 'main', resources: { requests: map('1'), limits: map('1') } }] } },
    ],
    ['the spec', map({ a: 1 })],
    ['the pod template', { template: map({ a: 1 }) }],
    ['a container', { template: { containers: [{ name: 'main', ...map('x') }] } }],
    ['the router', { router: map({}) }],
    ['the inline config of the scheduler', { router: { route: {}, scheduler: { config: { inline: map({}) } } } }],
  ])('are keys like any others in %s', (_name, spec) => {
    pass(spec);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).not.toContain('"a"');
  });

  it('arrive in the pods as they were written', () => {
    const keys = ['constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
    const of = (value: string): object => Object.fromEntries(keys.map((key) => [key, value]));
    const { children } = pass({ labels: of('x'), annotations: of('y') });
    const [deployment] = children as unknown as { spec: { template: { metadata: Record<string, object> } } }[];
    const metadata = deployment?.spec.template.metadata ?? {};
    for (const key of keys) {
      expect(Object.getOwnPropertyDescriptor(metadata['labels'], key)?.value).toBe('x');
      expect(Object.getOwnPropertyDescriptor(metadata['annotations'], key)?.value).toBe('y');
    }
  });

  it.each(keys)('are looked up in the labels of the service, never in their prototype: %s', (key) => {
    for (const text of [
      `{{ index .Labels \`${key}\` }}`,
      `{{ .Labels.${key} }}`,
      `{{ .Spec.${key} }}`,
      `{{ .${key} }}`,
    ]) {
      const { said, children } = pass({ annotations: { a: text } }, { labels: { other: 'x' } });
      expect(said + JSON.stringify(children)).not.toMatch(/native code|\[object|function /);
    }
  });

  it.each(keys)('name configs that do not exist: %s', (name) => {
    expect(pass({ baseRefs: [{ name }] }).said).toContain(`"${name}"`);
  });

  it('are no settings', () => {
    const text = JSON.stringify(map({ image: 'evil' }));
    const data = { ingress: text, storageInitializer: text };
    const { settings } = readSettings(
      { ...SETTINGS_CONFIG_MAP, metadata: { name: 'a' }, data } as never,
      DEFAULT_SETTINGS,
    );
    expect(settings).toEqual(DEFAULT_SETTINGS);
    expect(Object.getPrototypeOf(settings.storageInitializer)).toBe(Object.prototype);
  });
});

describe('text that no keyboard writes', () => {
  const texts = [
    '\u0000',
    'a\u0000b',
    '\u0001\u001f\u007f\u0085',
    '\ud800',
    '\udfff\ud800',
    '\u2028\u2029',
    '😀',
    '\u{10ffff}',
    '\u202eabc',
    '%s%n%d',
    '\r\n\t',
  ];

  it.each(texts.map((text) => [JSON.stringify(text), text]))(
    'is carried in annotation and value: %s',
    (_name, text) => {
      const template = { containers: [{ name: 'main', env: [{ name: 'A', value: text }] }] };
      const { children } = pass({ annotations: { a: text }, template });
      const [deployment] = children as unknown as {
        spec: { template: { metadata: { annotations: object }; spec: { containers: { env: object[] }[] } } };
      }[];
      expect(deployment?.spec.template.metadata.annotations).toMatchObject({ a: text });
      expect(deployment?.spec.template.spec.containers[0]?.env).toContainEqual({ name: 'A', value: text });
    },
  );

  // KServe's presets put the name into JSON text without escaping it, and so do we.
  it.each(texts.map((text) => [JSON.stringify(text), text]))(
    'is a name, or an error of a template: %s',
    (_name, text) => {
      const { children, said } = pass({ model: { uri: MODEL.uri, name: text } });
      if (children.length > 0) expect(JSON.stringify(children)).toContain(JSON.stringify(text).slice(1, -1));
      else expect(said).toMatch(/spec\.template\.containers\[name=main\].*invalid character/);
    },
  );

  it('has all planes', () => {
    const all = Array.from({ length: 17 }, (_, plane) => String.fromCodePoint(plane * 0x10000 + 0x100)).join('');
    expect(JSON.stringify(pass({ model: { uri: MODEL.uri, name: all } }).children)).toContain(all);
  });
});

describe('values out of all proportion', () => {
  const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as unknown;

  it.each([
    [
      'the pod template',
      (value: unknown) => ({ template: { containers: [{ name: 'main' }], affinity: value } }),
      'spec.template',
    ],
    [
      'the route',
      (value: unknown) => ({ router: { gateway: {}, route: { http: { spec: { rules: [value] } } } } }),
      'spec.router',
    ],
    [
      'the scheduler',
      (value: unknown) => ({ router: { route: {}, scheduler: { config: { inline: value } } } }),
      'spec.router',
    ],
    ['the pool', (value: unknown) => ({ router: { route: {}, scheduler: { pool: { spec: value } } } }), 'spec.router'],
  ])('are a problem with a path when they are nested 10,000 times in %s', (_name, specOf, path) => {
    const result = pass(specOf(deep(10_000)));
    expect(statusOf(result, 'PresetsCombined')).toBe('False');
    expect(result.said).toContain(path);
  });

  it('are merged from configs as well', () => {
    const result = pass({ baseRefs: [{ name: 'deep' }] }, {}, [
      config('deep', { template: { affinity: deep(10_000) } }),
    ]);
    expect(result.said).toContain('LLMInferenceServiceConfig kserve/deep');
  });

  it.each([1e308, -1e308, 2 ** 53, 2 ** 64, 0.1, -1])('are numbers: %d', (number) => {
    pass({ replicas: number, parallelism: { tensor: number, data: number, dataLocal: number } });
  });

  it('are lists of thirty thousand items', () => {
    const env = Array.from({ length: 30_000 }, (_, index) => ({ name: `A${index % 1000}`, value: 'x' }));
    pass({ template: { containers: [{ name: 'main', env }] } });
  });

  it('are many base configs', () => {
    const configs = Array.from({ length: 1_000 }, (_, index) =>
      config(`c${index}`, { labels: { [`k${index}`]: 'v' } }),
    );
    const result = pass({ baseRefs: configs.map(({ metadata: { name } }) => ({ name })) }, {}, configs);
    expect(statusOf(result, 'PresetsCombined')).toBe('True');
  });
});

describe('references that go in circles', () => {
  it('are refused in a config that names itself', () => {
    const self = config('self', { baseRefs: [{ name: 'self' }], labels: { a: 'b' } });
    expect(pass({ baseRefs: [{ name: 'self' }] }, {}, [self]).said).toContain(
      'spec.baseRefs of LLMInferenceServiceConfig kserve/self',
    );
  });

  it('may name one config twice', () => {
    const twice = config('twice', { labels: { a: 'b' } });
    expect(statusOf(pass({ baseRefs: [{ name: 'twice' }, { name: 'twice' }] }, {}, [twice]), 'PresetsCombined')).toBe(
      'True',
    );
  });

  it('do not find the route that the operator makes itself', () => {
    const spec = { router: { route: { http: { refs: [{ name: 'qwen-kserve-route' }] } } } };
    expect(pass(spec).said).toContain('qwen-kserve-route');
  });
});

describe('settings that are no settings', () => {
  const read = (ingress: unknown) =>
    readSettings({ ...SETTINGS_CONFIG_MAP, metadata: { name: 'a' }, data: { ingress } } as never, DEFAULT_SETTINGS);

  it.each([
    ['the last of two keys', '{"urlScheme":"ftp","urlScheme":"https"}', 'https', 0],
    ['a number too large', '{"urlScheme":1e999}', 'http', 1],
    ['deep nesting', '['.repeat(100_000), 'http', 1],
    ['deep nesting that ends', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'http', 1],
    ['no object', 'null', 'http', 1],
    ['a byte order mark', '\ufeff{"urlScheme":"https"}', 'http', 1],
    ['a value that is no text', 7, 'http', 1],
    ['unknown keys', '{"urlScheme":"https","other":{"a":1}}', 'https', 0],
  ])('say so: %s', (_name, text, scheme, complaints) => {
    const reading = read(text);
    expect(reading.settings.urlScheme).toBe(scheme);
    expect(reading.complaints).toHaveLength(complaints);
    if (complaints > 0) expect(reading.complaints[0]).toMatch(/^Key ingress/);
  });
});
