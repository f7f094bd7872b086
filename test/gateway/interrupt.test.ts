import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../local/process.ts';

const CLI = fileURLToPath(new URL('../../local/cli.ts', import.meta.url));

/** The stack of another test may have to end first. */
const START_MS = 240_000;

it('leaves no process and no mount behind after Ctrl-C, and says so with exit code 130', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-interrupt-'));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'demo', '--state', stateDir]);
  try {
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    // The operator's pods run by then, in mount namespaces of their own.
    await waitFor('the demo to apply its service', START_MS, () => {
      if (child.exitCode !== null) throw new Error(`the demo ended before: ${output.slice(-2000)}`);
      return output.includes('qwen2-7b until Ready');
    });
    expect(processesOf(stateDir).length).toBeGreaterThan(5);

    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(output).toContain('interrupted (SIGINT received); everything that was started has ended');
    expect(processesOf(stateDir)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stateDir);
  } finally {
    child.kill('SIGKILL');
    rmSync(stateDir, { recursive: true, force: true });
  }
}, 300_000);

/** Command lines of running processes whose command line or environment names a folder. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/environ`)}`.replaceAll('\0', ' ').trim())
    .filter((line) => line.includes(folder));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended in the meantime.
    return '';
  }
}
