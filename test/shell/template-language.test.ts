import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { execute } from '../../src/template/exec.ts';
import { expand } from '../../src/template/expand.ts';
import { FUNCTION_NAMES, FUNCTIONS } from '../../src/template/funcs.ts';
import { templateData } from '../../src/template/goview.ts';
import { parse } from '../../src/template/parse.ts';
import { ERRORS, OUTPUTS, SERVICE } from './goresults.ts';

const DATA = templateData(SERVICE, SERVICE.spec ?? {}, DEFAULT_SETTINGS);

describe('the template language does what Go does', () => {
  describe.each(Object.entries(OUTPUTS))('with %s', (_group, rows) => {
    it.each(rows)('%j is %j', (template, output) => expect(run(template)).toBe(output));
  });

  it.each(ERRORS)('%j fails: %s', (template, message) => expect(() => run(template)).toThrow(`template: ${message}`));
});

describe('a template differs from Go on purpose', () => {
  it.each([
    ['prints what a pointer leads to, not its address', '{{ print .Spec.Parallelism.Tensor }}', '2'],
    ['compares what pointers lead to', '{{ eq .Spec.Parallelism.Tensor .Spec.Prefill.Replicas }}', 'true'],
    [
      'prints quantities in maps as they are written',
      '{{ (index .Spec.Template.Containers 0).Resources.Limits }}',
      'map[cpu:4 nvidia.com/gpu:2]',
    ],
  ])('%s', (_name, template, output) => expect(run(template)).toBe(output));

  it.each([
    ['{{ 2i }}', 'complex numbers are not supported: "2i"'],
    ['{{ 9007199254740993 }}', 'integer overflow: "9007199254740993"'],
  ])('%s is refused', (template, message) => expect(() => run(template)).toThrow(message));
});

describe('a template is bounded', () => {
  it.each([
    ['parentheses', `{{ ${'('.repeat(100_000)}`, 'max expression depth exceeded: 200'],
    ['conditions', '{{ if .Name }}'.repeat(100_000), 'max expression depth exceeded: 200'],
    ['else if', `{{ if 0 }}${'{{ else if 0 }}'.repeat(100_000)}{{ end }}`, 'max expression depth exceeded: 200'],
    [
      'a template in itself',
      '{{ define `x` }}{{ template `x` }}{{ end }}{{ template `x` }}',
      'exceeded maximum template depth (100)',
    ],
    [
      'conditions in a template in itself',
      `{{ define \`x\` }}${'{{ if 1 }}'.repeat(150)}{{ template \`x\` }}${'{{ end }}'.repeat(150)}{{ end }}{{ template \`x\` }}`,
      'the templates nest deeper than 400',
    ],
    ['loops', '{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}', 'the templates take more than 100000 steps'],
    [
      'a text that doubles',
      '{{ $x := `ab` }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}',
      'the templates take more than 100000 steps',
    ],
    [
      'a wide text',
      '{{ printf `' + '%1000000s'.repeat(5) + '` 1 2 3 4 5 }}',
      'the output is longer than 4194304 characters',
    ],
    ['its output', `{{ range 40000 }}${' '.repeat(120)}{{ end }}`, 'the output is longer than 4194304 characters'],
    [
      'variables',
      Array.from({ length: 2_000 }, (_, index) => `{{ $x${index} := 1 }}`).join(''),
      'more than 1000 variables in scope',
    ],
  ])('in %s', (_name, template, message) => expect(() => run(template)).toThrow(message));

  it('over all texts of a spec together', () => {
    const texts = Array.from({ length: 200 }, () => '{{ range 1000 }}{{ end }}');
    expect(expand(texts, DATA)).toMatchObject({
      error: { message: expect.stringContaining('the templates take more than 100000 steps') as string },
    });
  });

  it('in the depth of what it stands in', () => {
    const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => ({ a: inner }), '{{ .Name }}');
    expect(expand({ b: deep }, DATA)).toEqual({
      error: {
        message: 'failed to marshal config for template processing: values nest deeper than 200',
        at: ['b', 'a', 'a', 'a', 'a'],
      },
    });
  });
});

function run(template: string): string {
  return execute('config', parse('config', template, FUNCTION_NAMES), DATA, FUNCTIONS);
}
