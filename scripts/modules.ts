import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const tools = join(import.meta.dirname, '../tools');

/** The folder of a Go module that `tools/<tool>` pins, downloaded when it is not there yet. */
export function moduleDir(tool: 'kubernetes' | 'envoy-gateway', module: string): string {
  const cwd = join(tools, tool);
  const dir = (): string =>
    execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd, encoding: 'utf8' }).trim();
  if (dir() === '') {
    console.log(`Downloading the Go module ${module} (about half a minute)…`);
    execFileSync('go', ['mod', 'download', module], { cwd, stdio: 'inherit' });
  }
  return dir();
}
