import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { expand, type ExpansionError } from '../../src/template/expand.ts';
import { templateData } from '../../src/template/goview.ts';

const SERVICE: LLMInferenceService = {
  apiVersion: 'serving.kserve.io/v1alpha2',
  kind: 'LLMInferenceService',
  metadata: { name: 'svc', namespace: 'ns', labels: { a: '1', b: '2' }, generation: 3 },
  spec: {
    model: { name: 'qwen', uri: 'HF://Org/Model' },
    parallelism: { tensor: 2, dataLocal: 0, expert: true },
    labels: { team: 'x' },
    template: {
      terminationGracePeriodSeconds: 120,
      containers: [{ name: 'main', args: ['a', 'b'], env: [{ name: 'A', value: '1' }] }, { name: 'side' }],
    },
  },
};

describe('a template', () => {
  it.each([
    // KServe's vectors.
    ['{{ ChildName .ObjectMeta.Name `-epp-service` }}', 'svc-epp-service'],
    ['a {{- if .GlobalConfig.EnableTLS }}b{{- end }} c', 'a c'],
    ['{{ if .GlobalConfig.EnableTLS }}HTTPS{{else}}HTTP{{- end }}', 'HTTP'],
    ['x}}y', 'x}}y'],
    ['{"a":{"b":1}}', '{"a":{"b":1}}'],
    ['{{ `{{` }}', '{{'],
    ['{{ .Spec.Parallelism.Data }}', '<nil>'],
    ['{{ or .Spec.Parallelism.Data 1 }}', '1'],
    ['{{ or .Spec.Parallelism.Tensor 1 }}', '2'],
    ['{{ and .Spec.Prefill .Spec.Prefill.Parallelism }}', '<nil>'],
    ['{{ .GlobalConfig.InferencePoolNamespacedName }}', 'ns/svc-inference-pool'],
    ['{{ shutdownTimeout .Spec.Template 15 }}', '100'],
    ['{{ shutdownTimeout nil 15 }}', '40'],
    ['a{{ kvTransferConfig .Spec.KVCacheOffloading }}b', 'ab'],
    [
      '{{ if .Spec.Prefill }}{{ shutdownTimeout .Spec.Prefill.Template 15 }}{{ else }}{{ shutdownTimeout nil 15 }}{{ end }}',
      '40',
    ],
    // Truth: a pointer is true whatever it points to.
    ['{{ if .Spec.Parallelism.DataLocal }}yes{{ end }}', 'yes'],
    ['{{ if .Spec.Parallelism.Pipeline }}yes{{ end }}', ''],
    ['{{ if not .Spec.Replicas }}unset{{ else if .Name }}set{{ end }}', 'unset'],
    ['{{ if .Spec.Replicas }}a{{ else if eq .Namespace `ns` }}b{{ else }}c{{ end }}', 'b'],
    ['{{ with .Spec.Parallelism }}{{ .Tensor }}{{ else }}none{{ end }}', '2'],
    ['{{ with .Spec.Replicas }}x{{ else with .Name }}{{ . }}{{ end }}', 'svc'],
    // Data.
    [
      '{{ .Spec.Model.URI }} {{ .Spec.Model.URI.Scheme }} {{ .Spec.Model.URI.Host }} {{ .Spec.Model.URI.Path }}',
      'hf://Org/Model hf Org /Model',
    ],
    ['{{ .Labels.a }}{{ .ObjectMeta.Labels.b }}{{ .Generation }}', '123'],
    ['{{ .Spec.Template.TerminationGracePeriodSeconds }}', '120'],
    // Loops, variables, pipelines.
    ['{{ range .Spec.Template.Containers }}{{ .Name }},{{ end }}', 'main,side,'],
    ['{{ range $i, $c := .Spec.Template.Containers }}{{ $i }}={{ $c.Name }},{{ end }}', '0=main,1=side,'],
    ['{{ range $k, $v := .Labels }}{{ $k }}{{ $v }}{{ end }}', 'a1b2'],
    ['{{ range 3 }}{{ . }}{{ end }}', '012'],
    ['{{ range .Spec.Annotations }}x{{ else }}none{{ end }}', 'none'],
    [
      '{{ range .Spec.Template.Containers }}{{ if eq .Name `main` }}{{ continue }}{{ end }}{{ .Name }}{{ break }}{{ end }}',
      'side',
    ],
    ['{{ $x := 1 }}{{ range .Labels }}{{ $x = 2 }}{{ end }}{{ $x }}{{ $.Name }}', '2svc'],
    ['{{ .Name | printf `%s-x` | len }}', '5'],
    ['{{ (index .Spec.Template.Containers 0).Name }}{{ index .Labels `a` }}{{ index .Labels `zz` }}', 'main1'],
    // Constants, comments, printing.
    ["{{ 'a' }} {{ 0x1F }} {{ 1_000 }} {{ 1.50 }} {{ -3 }} {{/* nothing */}}{{ true }}", '97 31 1000 1.5 -3 true'],
    ['{{ print 1 2 `x` 3 }} {{ printf `%05d|%-4d|%x|%.2f|%v` 3 3 255 1.239 true }}', '1 2x3 00003|3   |ff|1.24|true'],
    ['{{ lt 1 2 }} {{ ge `a` `b` }} {{ eq 1 2 1 }} {{ ne 1 1 }} {{ len .Labels }}', 'true false true false 2'],
    // A JSON text has no line breaks: only spaces are trimmed.
    ['a \n {{- .Name -}}  b', 'a \nsvcb'],
  ])('%j is %j', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  it.each([
    [
      '{{ ChildName .ObjectMeta.Name "-x" }}',
      'failed to parse template config: template: config:1: unexpected "\\\\" in operand',
    ],
    ['{{ unknownFn }}', 'failed to parse template config: template: config:1: function "unknownFn" not defined'],
    ['{{ if .Name }}', 'failed to parse template config: template: config:1: unexpected EOF'],
    ['{{ (.Name }}', 'failed to parse template config: template: config:1: unclosed left paren'],
    ['{{ $x }}', 'failed to parse template config: template: config:1: undefined variable "$x"'],
    ['{{ if .Name\n }}x{{ end }}', "failed to parse template config: template: config:1: bad character U+005C '\\'"],
    [
      '{{ if .Name }}{{ define `x` }}{{ end }}{{ end }}',
      'failed to parse template config: template: config:1: unexpected <define> in command',
    ],
    [
      'ab{{ .Spec.Nope }}',
      `failed to merge config: template: config:1:20: executing "config" at <.Spec.Nope>: can't evaluate field Nope in type v1alpha2.LLMInferenceServiceSpec`,
    ],
    [
      '{{ .Labels.foo }}',
      'failed to merge config: template: config:1:20: executing "config" at <.Labels.foo>: map has no entry for key "foo"',
    ],
    [
      '{{ .Spec.Prefill.Parallelism.Tensor }}',
      'failed to merge config: template: config:1:18: executing "config" at <.Spec.Prefill.Parallelism.Tensor>: nil pointer evaluating *v1alpha2.WorkloadSpec.Parallelism',
    ],
    [
      '{{ .GlobalConfig.StorageConfig }}',
      `failed to merge config: template: config:1:26: executing "config" at <.GlobalConfig.StorageConfig>: can't evaluate field StorageConfig in type llmisvc.GlobalConfig`,
    ],
    [
      '{{ eq .Name 1 }}',
      'failed to merge config: template: config:1:13: executing "config" at <eq .Name 1>: error calling eq: incompatible types for comparison: string and int',
    ],
    [
      '{{ ChildName .Name }}',
      'failed to merge config: template: config:1:13: executing "config" at <ChildName>: wrong number of args for ChildName: want 2 got 1',
    ],
  ])('%j fails as in Go', (text, message) => {
    expect(errorOf({ args: [text] })).toMatchObject({ message, at: ['args', 0] });
  });

  it('ends after a bounded number of steps', () => {
    expect(errorOf(['{{ range 999999999 }}{{ end }}'])?.message).toContain('the templates take more than 100000 steps');
  });

  it('knows TLS', () => {
    expect(
      expand(
        'a {{- if .GlobalConfig.EnableTLS }}b{{- end }} c',
        templateData(SERVICE, {}, { ...DEFAULT_SETTINGS, enableTLS: true }),
      ),
    ).toEqual({
      value: 'ab c',
    });
  });

  it('shows the service, and nothing of the settings but what it names', () => {
    expect(errorOf(['{{ .GlobalConfig.StorageInitializer }}'])?.message).toContain(
      "can't evaluate field StorageInitializer",
    );
  });

  it('never reads what an object inherits', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      for (const text of [`{{ .${name} }}`, `{{ .Spec.${name} }}`, `{{ .Labels.${name} }}`]) {
        expect(errorOf([text])?.message).toMatch(/can't evaluate field|map has no entry/);
      }
      expect(valueOf(`{{ index .Labels \`${name}\` }}`)).toBe('');
    }
  });

  it('is evaluated in keys, and once', () => {
    const value = { '{{ .Name }}': ['{{ `{{ .Name }}` }}'] };
    expect(expand(value, data())).toEqual({ value: { svc: ['{{ .Name }}'] } });
  });

  it('keeps the parts without actions as they are', () => {
    const untouched = { list: ['a', 1, true] };
    const result = expand({ untouched, name: '{{ .Name }}' }, data());
    expect('value' in result && (result.value as { untouched: unknown }).untouched).toBe(untouched);
  });

  it('may span several strings', () => {
    expect(expand(['{{ if .Spec.Replicas }}a', 'b', 'c{{ else }}d{{ end }}'], data())).toEqual({ value: ['d'] });
  });
});

describe('a failing template', () => {
  it('names the text and the column in it', () => {
    expect(errorOf({ a: ['x'], b: { c: 'line\n"é" {{ .Spec.Nope }}' } })).toMatchObject({ at: ['b', 'c'], column: 18 });
  });

  it('names the last text with an action when one is not closed', () => {
    expect(errorOf({ a: '{{ .Name }}', b: 'x {{ .Name', c: 'y' })?.at).toEqual(['b']);
  });

  it('is one whose output is not JSON any more', () => {
    const service = { ...SERVICE, spec: { model: { name: 'a"b' } } };
    const result = expand({ a: 'ok', b: '{{ .Spec.Model.Name }}' }, templateData(service, {}, DEFAULT_SETTINGS));
    expect(result).toEqual({
      error: {
        message: "failed to unmarshal config from template: invalid character 'b' after object key:value pair",
        at: ['b'],
      },
    });
  });
});

function data(): ReturnType<typeof templateData> {
  return templateData(SERVICE, {}, DEFAULT_SETTINGS);
}

function valueOf(text: string): unknown {
  const result = expand(text, data());
  if ('error' in result) throw new Error(result.error.message);
  return result.value;
}

function errorOf(value: unknown): ExpansionError | undefined {
  const result = expand(value, data());
  return 'error' in result ? result.error : undefined;
}
