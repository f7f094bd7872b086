import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CliTime, median } from './figures.ts';
import type { Step } from './step.ts';

const ROOT = join(import.meta.dirname, '..');
const BUNDLE = join(ROOT, 'dist/cli.js');
const FILE = join(ROOT, 'examples/qwen2-7b.yaml');
const RUNS = 15;

/** Milliseconds from the start to the end of a process that renders one file, with the bundle as npm installs it. */
export async function measureRender(step: Step, signal: AbortSignal): Promise<CliTime> {
  if (!existsSync(BUNDLE)) throw new Error('dist/cli.js does not exist: run `make build` first');
  const once = async (): Promise<number> => {
    const start = performance.now();
    await promisify(execFile)(process.execPath, [BUNDLE, 'render', '-f', FILE], { signal });
    return performance.now() - start;
  };
  return step('render one file', async () => {
    await once();
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) times.push(await once());
    return { median: median(times), runs: RUNS };
  });
}
