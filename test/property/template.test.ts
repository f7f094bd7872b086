import { array, constantFrom, double, integer, oneof, property, record, string } from 'fast-check';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { TemplateError } from '../../src/template/error.ts';
import { execute } from '../../src/template/exec.ts';
import { expand } from '../../src/template/expand.ts';
import { FUNCTION_NAMES, FUNCTIONS } from '../../src/template/funcs.ts';
import { templateData } from '../../src/template/goview.ts';
import { parse } from '../../src/template/parse.ts';
import { OUTPUTS, SERVICE } from '../shell/goresults.ts';
import { holds } from '../support/runs.ts';

const DATA = templateData(
  {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { name: 'svc', namespace: 'ns', labels: { a: '1' } },
    spec: { model: { name: 'm' }, parallelism: { tensor: 2 }, template: { containers: [{ name: 'main' }] } },
  },
  {},
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

const VALID = Object.values(OUTPUTS).flatMap((rows) => rows.map(([template]) => template));
const GO_DATA = templateData(SERVICE, SERVICE.spec ?? {}, DEFAULT_SETTINGS);

const edit = record({
  at: double({ min: 0, max: 1, noNaN: true }),
  cut: integer({ min: 0, max: 4 }),
  piece: oneof(constantFrom('', ...PIECES), string({ maxLength: 3 })),
});

describe('a template of any text', () => {
  it('ends, and fails with its own error only', () => {
    holds(
      property(oneof(text, action, string()), (source) => {
        try {
          execute('config', parse('config', source, FUNCTION_NAMES), DATA, FUNCTIONS);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          expect((error as TemplateError).message).toMatch(/^template: config/);
        }
      }),
      2_000,
    );
  });

  it('that nearly is valid does so as well', () => {
    holds(
      property(constantFrom(...VALID), array(edit, { minLength: 1, maxLength: 3 }), (valid, edits) => {
        const source = edits.reduce((current, { at, cut, piece }) => {
          const position = Math.floor(at * current.length);
          return current.slice(0, position) + piece + current.slice(position + cut);
        }, valid);
        try {
          execute('config', parse('config', source, FUNCTION_NAMES), GO_DATA, FUNCTIONS);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      3_000,
    );
  });

  it('gives the same by itself and as a part of the JSON text that it stands in', () => {
    holds(
      property(array(oneof(action, constantFrom(...VALID)), { maxLength: 4 }), (texts) => {
        const each = expand(texts, GO_DATA);
        if ('error' in each) return;
        const whole = parse('config', JSON.stringify(texts), FUNCTION_NAMES);
        expect(each.value).toEqual(JSON.parse(execute('config', whole, GO_DATA, FUNCTIONS)));
      }),
      2_000,
    );
  });

  it('never shows what objects inherit', () => {
    holds(
      property(oneof(text, action), (source) => {
        const result = expand([source], DATA);
        if ('value' in result) expect(JSON.stringify(result.value)).not.toMatch(/native code|\[object Object\]/);
      }),
      1_000,
    );
  });

  it('without an action is the text itself', () => {
    holds(
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
