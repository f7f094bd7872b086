import { spawnSync } from 'node:child_process';
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
  expect(await offered('llmisvc', '')).toEqual(['render', 'diff', 'impact', 'explain', 'lint', 'completion']);
  expect(await offered('llmisvc', 'render', '--from')).toEqual(['--from-cluster']);
  expect(await offered('llmisvc', 'lint', '-o', '')).toEqual(['text', 'json', 'sarif']);
  expect(await offered('llmisvc', 'diff', '--')).not.toContain('--closed');
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
});

it('refuses other shells', async () => {
  const { code, stderr } = await llmisvc(['completion', 'tcsh']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('bash, zsh, fish') });
});
