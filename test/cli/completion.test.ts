import { spawnSync } from 'node:child_process';
import { complete } from '../../src/cli/complete.ts';
import { createProgram } from '../../src/cli/program.ts';
import { llmisvc } from './cliprocess.ts';

/** What bash offers for a command line whose last word is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await llmisvc(['completion', 'bash']);
  const line = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _llmisvc; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split('\n');
}

it('bash completes commands, options and their values', async () => {
  expect(await offered('llmisvc', 're')).toEqual(['render']);
  expect(await offered('llmisvc', '')).toEqual(['render', 'diff', 'impact', 'explain', 'lint', 'completion', 'help']);
  expect(await offered('llmisvc', 'render', '--from')).toEqual(['--from-cluster']);
  expect(await offered('llmisvc', 'lint', '-o', '')).toEqual(['text', 'json', 'sarif']);
  expect(await offered('llmisvc', 'diff', '--')).not.toContain('--closed');
  expect(await offered('llmisvc', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await offered('llmisvc', 'completion', 'z')).toEqual(['zsh']);
  expect(await offered('llmisvc', 'help', 'l')).toEqual(['lint']);
  // bash divides words at the equals sign.
  expect(await offered('llmisvc', 'lint', '--output', '=')).toEqual(['text', 'json', 'sarif']);
  expect(await offered('llmisvc', 'lint', '--output', '=', 's')).toEqual(['sarif']);
});

it('a plugin of kubectl is asked for the same', () => {
  const io = { terminal: false, colours: false, columns: 100, signal: new AbortController().signal };
  const asked = (...words: readonly string[]): string => {
    let text = '';
    const streams = { ...io, out: (part: string) => void (text += part), err: () => {}, stdin: async () => '' };
    complete(
      words,
      createProgram('kubectl llmisvc', '0.0.0', streams, () => {}),
      streams,
    );
    return text;
  };
  expect(asked('he')).toBe('help\tprint the help of a command\n:4\n');
  expect(asked('help', 'li')).toMatch(/^lint\t.*\n:4\n$/);
  expect(asked('lint', '--output=s')).toBe('--output=sarif\tformat\n:4\n');
  expect(asked('render', '--filename=')).toBe(':0\n');
});

it('the scripts for zsh and fish name every command and option', async () => {
  const { stdout: help } = await llmisvc(['lint', '--help']);
  const options = help.match(/--[a-z-]+/g) ?? [];
  const { stdout: zsh } = await llmisvc(['completion', 'zsh']);
  const { stdout: fish } = await llmisvc(['completion', 'fish']);
  for (const option of options.filter((name) => !/^--(recursive-|fail-on-)/.test(name))) {
    expect(zsh).toContain(option);
    expect(fish).toContain(`-l ${option.slice(2)}`);
  }
  expect(zsh).toContain("'impact:Show which services of a cluster");
  expect(zsh).toContain("'*--output=[format]:value:(text json sarif)'");
  expect(zsh).toContain("':word:(bash zsh fish)'");
  expect(fish).toContain("'__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'");
});

it('refuses other shells', async () => {
  const { code, stderr } = await llmisvc(['completion', 'tcsh']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('bash, zsh, fish') });
});
