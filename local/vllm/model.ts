import { execFile } from 'node:child_process';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, 'model.py');

export interface ModelOptions {
  /** The Python of the virtual environment that `installVllm` made. */
  readonly python: string;
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Makes a two-layer Qwen2 of random weights with a tokenizer and a chat template, about half a megabyte, unless it is
 * there, and returns its folder. Its answers are nonsense; everything else about it is a real model. Rejects with what
 * Python said.
 */
export async function makeModel({ python, dir, signal, say }: ModelOptions): Promise<string> {
  if (await exists(join(dir, 'model.safetensors'))) return dir;
  say('Making a tiny Qwen2 model of random weights (seconds)');
  const half = `${dir}.new`;
  await rm(half, { recursive: true, force: true });
  await promisify(execFile)(python, [script, half], {
    signal,
    env: { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1' },
  });
  await rm(dir, { recursive: true, force: true });
  await rename(half, dir);
  return dir;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
