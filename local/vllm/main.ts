import { homedir } from 'node:os';
import { join } from 'node:path';
import { installVllm } from './install.ts';
import { makeModel } from './model.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());

const cache = process.argv[2] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'llmisvc', 'vllm');
const say = (line: string): void => console.log(line);
try {
  const dir = await installVllm({ dir: join(cache, 'venv'), signal: stop.signal, say });
  const model = await makeModel({
    python: join(dir, 'bin', 'python'),
    dir: join(cache, 'model'),
    signal: stop.signal,
    say,
  });
  say(`vLLM: ${join(dir, 'bin', 'vllm')}`);
  say(`model: ${model}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
