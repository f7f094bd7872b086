import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { TemplateError } from '../../src/template/error.ts';
import { execute } from '../../src/template/exec.ts';
import { expand } from '../../src/template/expand.ts';
import { FUNCTION_NAMES, FUNCTIONS } from '../../src/template/funcs.ts';
import { templateData } from '../../src/template/goview.ts';
import { parse } from '../../src/template/parse.ts';

const DATA = templateData(
  {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { name: 'svc', namespace: 'ns', labels: { a: '1' } },
    spec: { model: { name: 'm' }, parallelism: { tensor: 2 }, template: { containers: [{ name: 'main' }] } },
  },
  DEFAULT_SETTINGS,
);

const PIECES = [
  '{{',
  '}}',
  '{{-',
  '-}}',
  '{{ end }}',
  '{{ else }}',
  '{{ if ',
  '{{ range ',
  '{{ with ',
  '{{ break }}',
  '(',
  ')',
  '|',
  ' ',
  ',',
  '$x',
  '$',
  ':=',
  '=',
  '.Spec',
  '.Name',
  '.Labels',
  '.Spec.Template.Containers',
  '.__proto__',
  '.constructor',
  '.toString',
  '.Spec.Model.URI',
  '.',
  'nil',
  'true',
  '1',
  '-2',
  '1.5',
  '1e9',
  '0x',
  "'a'",
  '`raw`',
  '"text"',
  '\\',
  '/*',
  '*/',
  'text',
  ...FUNCTION_NAMES,
] as const;

const text = array(oneof({ weight: 8, arbitrary: constantFrom(...PIECES) }, string({ maxLength: 4 })), {
  maxLength: 20,
}).map((parts) => parts.join(' '));

/** A whole action, so that execution is reached often. */
const action = array(constantFrom(...PIECES.filter((piece) => !/[{}]/.test(piece))), { maxLength: 6 }).map(
  (words) => `{{ ${words.join(' ')} }}`,
);

describe('a template of any text', () => {
  it('ends, and fails with its own error only', () => {
    assert(
      property(oneof(text, action, string()), (source) => {
        try {
          execute('config', parse('config', source, FUNCTION_NAMES), DATA, FUNCTIONS);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          expect((error as TemplateError).message).toMatch(/^template: config/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never shows what objects inherit', () => {
    assert(
      property(oneof(text, action), (source) => {
        const result = expand([source], DATA);
        if ('value' in result) expect(JSON.stringify(result.value)).not.toMatch(/native code|\[object Object\]/);
      }),
      { numRuns: 1_000 },
    );
  });

  it('without an action is the text itself', () => {
    assert(
      property(
        string().filter((source) => !source.includes('{{')),
        (source) => expect(expand({ a: source }, DATA)).toEqual({ value: { a: source } }),
      ),
    );
  });

  it('nested deeper than anybody writes fails as any other', () => {
    for (const deep of ['{{ if .Name }}'.repeat(5_000), `{{ ${'('.repeat(5_000)}`]) {
      expect(() => parse('config', deep, FUNCTION_NAMES)).toThrow('max expression depth exceeded');
    }
  });
});
