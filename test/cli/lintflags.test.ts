import { commandLine } from '../../src/cli/vllm/commandline.ts';
import { flagFaults, VLLM_VERSION } from '../../src/cli/vllm/flags.ts';
import { shellCommands, shellWords } from '../../src/cli/vllm/shell.ts';
import { lint, service } from './linting.ts';

const V = `vLLM ${VLLM_VERSION}`;

describe('words of vLLM’s command line', () => {
  it.each<readonly [readonly string[], readonly string[]]>([
    [['--max_model_len', '5'], []],
    [['--kv-transfer-config.kv_role', 'x'], []],
    [['--no-enable-prefix-caching'], []],
    [['$EXTRA', 'value', '"$@"', '--port', '${PORT}'], []],
    [['--enable-lora-'], ['Did you mean --enable-lora?']],
    [['--dtype', 'half'], []],
    [['--nothing-like-any-flag-at-all', 'value'], ['Remove it.']],
    [['--enforce-eager=yes'], [`${V} takes no value for --enforce-eager. Write --enforce-eager alone.`]],
    [['--max-model-len'], [`${V} takes a value for --max-model-len, and there is none.`]],
    [['--max-model-len', '--enforce-eager'], ['takes a value for --max-model-len']],
    [['--max-model-len', 'abc'], ['for --max-model-len, not "abc".']],
    [['--max-model-len', '32k', '--max-num-batched-tokens=1.5k', '--max-model-len=auto', '--max-model-len', '-1'], []],
    [['--max-num-queued-tokens=2M', '--kv-cache-memory-bytes', 'None', '--grpc-port=None'], []],
    [['--max-num-batched-tokens=1.5K'], ['for --max-num-batched-tokens, not "1.5K".']],
    [['--max-num-batched-tokens', 'auto'], ['an integer, or a number such as 32k for --max-num-batched-tokens']],
    [['--grpc-port', 'none'], ['takes an integer for --grpc-port, not "none".']],
    [
      ['--max-num-seqs', 'many', '--gpu-memory-utilization', 'most'],
      ['takes an integer for', 'takes a number for'],
    ],
    [['--max-num-seqs=16', '--gpu-memory-utilization', '.9'], []],
    [['-foo', 'x'], [`${V} has no flag -foo.`]],
    [['-dtype', 'auto'], ['Did you mean --dtype?']],
    [['-tp=4', '-pp', '2', '-O3', '-O', '2', '-q', 'fp8', '-cc.mode', '3'], []],
    [['model', '--dtype', 'auto', 'other'], [`${V} does not know what "other" belongs to.`]],
    [['--served-model-name', 'a', 'b', 'c'], []],
    [['—dtype', 'auto'], ['"—dtype" begins with a dash that is no hyphen. Write --dtype.']],
    [['--dtype auto'], ['"--dtype auto" is one word to vLLM.']],
    [['--', 'anything', 'goes'], []],
  ])('%j', (words, messages) => {
    expect(flagFaults(words).map(({ message }) => message)).toEqual(
      messages.map((text) => expect.stringContaining(text)),
    );
  });

  it('of the module that serve replaced have no model', () => {
    expect(flagFaults(['model'], 'api_server')).toMatchObject([
      { index: 0, message: expect.stringContaining('"model"') },
    ]);
  });
});

describe('texts of a shell', () => {
  it('have words', () => {
    expect(shellWords(`--a 'b c' "d \\"e\\"" f\\ g \\\n --h='{"i": 1}'`)).toEqual([
      '--a',
      'b c',
      'd "e"',
      'f g',
      '--h={"i": 1}',
    ]);
  });

  it('have commands, without comments and redirections', () => {
    const text =
      '# a "comment\nA=1 run "a b" --x=\'{"a": 1}\' 2>&1 > log && echo --bar | tee x; if [ -n "$a" ]; then exec run $(cat "x y") \\\n --z ${A:-b c} <(a b)#; fi # end';
    expect(shellCommands(text)).toEqual([
      ['A=1', 'run', 'a b', '--x={"a": 1}'],
      ['echo', '--bar'],
      ['tee', 'x'],
      ['if', '[', '-n', '$a', ']'],
      ['then', 'exec', 'run', '$(cat x y)', '--z', '${A:-b c}', '<(a b)#'],
      ['fi'],
    ]);
  });
});

describe('the command line in a container', () => {
  const wordsOf = (container: object): readonly string[] | undefined =>
    commandLine(container, 'main')?.words.map(({ path, text }) => `${path.replace('main.', '')} ${text}`);

  it.each<readonly [string, object, readonly string[] | undefined]>([
    ['the program', { command: ['vllm', 'serve', 'x'], args: ['-a'] }, ['command[2] x', 'args[0] -a']],
    ['the program in the arguments', { command: ['/usr/bin/vllm'], args: ['serve', '-a'] }, ['args[1] -a']],
    ['the image', { image: 'vllm/vllm-openai:v1', args: ['-a'] }, ['args[0] -a']],
    ['the module', { command: ['python3', '-m', 'vllm.entrypoints.openai.api_server', '-a'] }, ['command[3] -a']],
    ['another command of the program', { command: ['vllm', 'bench', '-a'] }, undefined],
    ['another program', { command: ['sglang', 'serve', '-a'], image: 'sglang:1' }, undefined],
    ['another image', { args: ['-a'], image: 'sglang:1' }, undefined],
    [
      'a script, up to the next command',
      { command: ['sh', '-c', 'vllm serve x -a && echo -b'], args: ['-c'] },
      ['command[2] x', 'command[2] -a'],
    ],
    [
      'a script in the arguments',
      { command: ['bash'], args: ['-lc', 'exec vllm serve x "$@"', 'name', '-a b'] },
      ['args[1] x', 'args[3] -a b'],
    ],
    [
      'a script that evaluates',
      {
        command: ['bash', '-c', 'eval "vllm serve $* $VLLM_ADDITIONAL_ARGS"', '-'],
        args: ['-a b'],
        env: [{ name: 'VLLM_ADDITIONAL_ARGS', value: '-c d' }],
      },
      ['env[name=VLLM_ADDITIONAL_ARGS].value -c', 'env[name=VLLM_ADDITIONAL_ARGS].value d', 'args[0] -a', 'args[0] b'],
    ],
    ['a script that runs something else', { command: ['sh', '-c', 'echo vllm serve -a'] }, undefined],
  ])('is that of %s', (_what, container, expected) => {
    expect(wordsOf(container)).toEqual(expected);
  });
});

describe('flags of a service', () => {
  const ofMain = async (name: string, container: string): Promise<readonly string[]> => {
    const findings = await lint([service(name, `template: {containers: [{name: main, ${container}}]}`)]);
    return findings.map(({ severity, rule, message }) => `${severity} ${rule} ${message}`);
  };

  it('do not contradict what the operator decides', async () => {
    expect(await ofMain('one', 'args: [--port, "9000", --model=other]')).toEqual([
      expect.stringMatching(/^warning ServerFlag --port is 9000, .* go to port 8000\. Remove the flag\.$/),
      expect.stringMatching(/^warning ServerFlag --model is other, .* spec\.model\. Remove the flag\.$/),
    ]);
    expect(await ofMain('one', 'args: [--port, "8000"]')).toEqual([]);
    const module = 'command: [python3, -m, vllm.entrypoints.openai.api_server, --model, /mnt/models]';
    expect(await ofMain('one', module)).toEqual([]);
  });

  it('are certain for the image of the presets, by tag and digest, and for others a warning that says so', async () => {
    const image = `vllm/vllm-openai:v${VLLM_VERSION}`;
    for (const same of [image, `docker.io/${image}`, `${image}@sha256:${'0'.repeat(64)}`]) {
      expect(await ofMain('one', `image: "${same}", args: [--foo-bar]`)).toEqual([
        `error VLLMFlag ${V} has no flag --foo-bar. Remove it.`,
      ]);
    }
    expect(await ofMain('one', 'image: "own/vllm:1", args: [--foo-bar]')).toEqual([
      `warning VLLMFlag ${V} has no flag --foo-bar. Remove it. The vLLM in own/vllm:1 may know other flags.`,
    ]);
  });

  it('may be written in a script that only a shell can follow, where none of its words is called stray', async () => {
    const script = 'command: [bash, -c, "vllm serve model $(date) more --dtyp", --], args: [stray]';
    expect(await ofMain('one', script)).toEqual([expect.stringContaining('takes a value for --dtyp')]);
    const forwards = 'command: [bash, -c, "exec vllm serve model more \\"$@\\"", --], args: [stray]';
    expect(await ofMain('one', forwards)).toEqual([expect.stringContaining('what "stray" belongs to')]);
  });

  it('are looked at in workers and where the preset is missing', async () => {
    const findings = await lint([
      service(
        'one',
        'worker: {containers: [{name: main, args: [--dtpye, auto]}]}',
        'parallelism: {pipeline: 2}',
        'template: {containers: [{name: main, args: [--dtpye, auto]}]}',
      ),
      service(
        'two',
        'worker: {containers: [{name: main, args: [--dtpye, auto]}]}',
        'parallelism: {data: 2, dataLocal: 1}',
      ),
    ]);
    expect(findings.filter(({ rule }) => rule === 'VLLMFlag').map(({ path }) => path)).toEqual([
      'spec.worker.containers[name=main].args[0]',
      'spec.template.containers[name=main].args[0]',
      'spec.worker.containers[name=main].args[0]',
    ]);
  });
});
