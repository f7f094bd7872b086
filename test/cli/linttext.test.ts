import { stripVTControlCharacters } from 'node:util';
import { RULES } from '../../src/cli/lint/rules.ts';
import { llmisvc, SERVICE, useFolder } from './cliprocess.ts';

const folder = useFolder();
const BAD = `${SERVICE.replace('hf://', 'ftp://')}  template: {serviceAccount: "a\\eb"}\n`;
const URI =
  'Field spec.model.uri of LLMInferenceService default/qwen is "ftp://org/model"; allowed is hf://<organization>/<model>, or pvc://<claim>/<path>.';

it('writes one line for each finding where no person looks, whatever the width', async () => {
  const { stdout, code } = await llmisvc(['lint', '-f', '-'], { input: BAD, columns: 60 });
  expect({ stdout, code }).toEqual({
    code: 1,
    stdout: `<stdin>:7:5: spec.model.uri: ${URI} [InvalidField]
<stdin>:12:14: spec.template.serviceAccount: advice: Field serviceAccount is deprecated in Kubernetes. Write serviceAccountName. [DeprecatedField]
1 service: 1 error, 0 warnings, 1 of advice.
`,
  });
});

it('wraps the text for people, in columns below the name of the file', async () => {
  const { stdout } = await llmisvc(['lint', '-f', '-'], { input: BAD, columns: 60, terminal: true });
  expect(stdout).toBe(`<stdin>
  7:5    error    spec.model.uri [InvalidField]
    Field spec.model.uri of LLMInferenceService default/qwen
    is "ftp://org/model"; allowed is
    hf://<organization>/<model>, or pvc://<claim>/<path>.
  12:14  advice   spec.template.serviceAccount [DeprecatedField]
    Field serviceAccount is deprecated in Kubernetes. Write
    serviceAccountName.

1 service: 1 error, 0 warnings, 1 of advice.
`);
});

it('divides files by an empty line, and says nothing more where nothing is wrong', async () => {
  const one = folder.write('one.yaml', BAD);
  const two = folder.write('two.yaml', BAD.replace('name: qwen', 'name: other'));
  const { stdout } = await llmisvc(['lint', '-f', one, '-f', two], { terminal: true });
  expect(stdout).toContain(`\n\n${two}\n  7:5  `);
  const fine = await llmisvc(['lint', '-f', '-'], { input: SERVICE, terminal: true });
  expect(fine.stdout).toBe('1 service: 0 errors, 0 warnings, 0 of advice.\n');
});

it('colours severities where colours are asked for, and changes no other character', async () => {
  for (const terminal of [true, false]) {
    const coloured = await llmisvc(['lint', '-f', '-'], { input: BAD, terminal, colours: true });
    const without = await llmisvc(['lint', '-f', '-'], { input: BAD, terminal });
    expect(coloured.stdout).toContain(terminal ? '\u001b[31merror' : '\u001b[31m[InvalidField]');
    expect(coloured.stdout).toContain('\u001b[36m');
    expect(stripVTControlCharacters(coloured.stdout)).toBe(without.stdout);
  }
});

it('writes nothing that a terminal would act on', async () => {
  const input = SERVICE.replace('spec:\n', 'spec:\n  "rep\\e[31mx": 1\n');
  for (const terminal of [true, false]) {
    const { stdout } = await llmisvc(['lint', '-f', '-'], { input, terminal });
    expect(stdout).toContain('There is no field rep\\u001b[31mx here.');
    expect(stdout).not.toContain('\u001b');
  }
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly [
    {
      readonly results: readonly { readonly ruleId: string; readonly locations: readonly object[] }[];
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    },
  ];
}

describe('SARIF', () => {
  it('has the position of each finding, and what each rule is about', async () => {
    const file = folder.write('bad.yaml', BAD);
    const { stdout } = await llmisvc(['lint', '-f', file, '-o', 'sarif']);
    const { version, runs } = JSON.parse(stdout) as Sarif;
    expect(version).toBe('2.1.0');
    const { results, tool } = runs[0];
    expect(tool.driver).toMatchObject({ name: 'llmisvc' });
    expect(tool.driver.rules).toEqual(
      (['DeprecatedField', 'InvalidField'] as const).map((id) => ({
        id,
        shortDescription: { text: RULES[id] },
        help: { text: expect.stringContaining(RULES[id]) },
      })),
    );
    expect(results.find(({ ruleId }) => ruleId === 'InvalidField')).toMatchObject({
      level: 'error',
      ruleIndex: 1,
      message: { text: `spec.model.uri: ${URI}` },
      locations: [
        { physicalLocation: { artifactLocation: { uri: `file://${file}` }, region: { startLine: 7, startColumn: 5 } } },
      ],
    });
  });

  it('calls standard input by a name that is a URI', async () => {
    const { stdout } = await llmisvc(['lint', '-f', '-', '-o', 'sarif'], { input: BAD });
    const { runs } = JSON.parse(stdout) as Sarif;
    expect(runs[0].results[0]?.locations).toEqual([
      { physicalLocation: { artifactLocation: { uri: 'stdin' }, region: { startLine: 7, startColumn: 5 } } },
    ]);
  });
});
