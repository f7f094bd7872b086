/**
 * Measures how long whole runs of the command line take, from the start of the process to its end.
 *   node scripts/startup.ts [runs]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const runs = Number(process.argv[2] ?? 20);
const COMMANDS: readonly (readonly string[])[] = [
  ['--version'],
  ['render', '-f', 'examples/qwen2-7b.yaml'],
  ['explain', 'qwen2-7b', '-f', 'examples/qwen2-7b.yaml'],
  ['lint', '-f', 'examples'],
];

for (const command of COMMANDS) {
  const times = Array.from({ length: runs }, () => measured(command)).sort((a, b) => a - b);
  const at = (share: number): string => `${Math.round(times[Math.floor(share * (times.length - 1))] ?? 0)} ms`;
  console.log(`${command.join(' ')}: median ${at(0.5)}, fastest ${at(0)}, slowest ${at(1)}`);
}

function measured(command: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist', 'cli.js'), ...command], { cwd: root });
  if (status !== 0) throw new Error(`llmisvc ${command.join(' ')} ended with ${status}: ${String(stderr)}`);
  return performance.now() - began;
}
