import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from './cluster.ts';
import { measureRender } from './clistart.ts';
import { measureCore } from './core.ts';
import { measureDefinitions } from './definitions.ts';
import type { CoreTime, Figures, Results } from './figures.ts';
import { goalsOf } from './goals.ts';
import { describeMachine } from './machine.ts';
import type { Context } from './measure.ts';
import { report } from './report.ts';
import { measureRounds } from './rounds.ts';
import { steps } from './step.ts';

/**
 * Numbers of services, each on a control plane of its own; how often the repeated figures are taken, at most; after how
 * many seconds no further round begins; and the seconds at rest.
 */
const SIZES = [
  { services: 100, rounds: 3, budget: 60, rest: 10 },
  { services: 1_000, rounds: 2, budget: 180, rest: 30 },
] as const;

/** Milliseconds after which the benchmark gives up: something hangs. */
const LONGEST = 20 * 60_000;

const JSON_FILE = join(import.meta.dirname, 'latest.json');
const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'benchmark.md');
const MARKS = ['<!-- result: written by bench/bench.ts -->', '<!-- end of result -->'] as const;

const stop = new AbortController();
const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST)]);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Not once: while a listener is left, the one that ends processes at once leaves the say to this one.
  process.on(name, () => {
    say('Ending…');
    process.exitCode = name === 'SIGINT' ? 130 : 143;
    stop.abort();
  });
}

try {
  const results = await measure();
  const text = report(results);
  process.stdout.write(`\n${text}\n`);
  writeFileSync(JSON_FILE, `${JSON.stringify(results, rounded, 2)}\n`);
  writeResult(text);
  say('Written to bench/latest.json and docs/benchmark.md.');
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`The benchmark failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function measure(): Promise<Results> {
  const machine = describeMachine();
  const render = await measureRender(steps('command line: ', say), signal);
  let core: CoreTime | undefined;
  const figures: Figures[] = [];
  for (const { services, ...plan } of SIZES) {
    const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-bench-'));
    const step = steps(`${services.toLocaleString('en').padStart(5)} services: `, say);
    try {
      const cluster = await step('start a control plane', () => startCluster(stateDir, signal));
      try {
        const context: Context = { cluster, services, step, signal };
        core ??= await measureCore(context);
        figures.push(await measureRounds(context, plan));
      } finally {
        await cluster.stop();
      }
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  }
  const definitions = await measureDefinitions(steps('CRDs: ', say), signal);
  const largest = figures.at(-1);
  if (!largest || !core) throw new Error('nothing was measured');
  return {
    date: new Date().toISOString().slice(0, 10),
    machine,
    core,
    render,
    definitions,
    figures,
    goals: goalsOf(largest, core, render),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Three digits behind the point are more than these figures can bear. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
}

function writeResult(text: string): void {
  const document = readFileSync(DOCUMENT, 'utf8');
  const [start, end] = MARKS.map((mark) => document.indexOf(mark)) as [number, number];
  if (start < 0 || end < start) throw new Error(`docs/benchmark.md lacks the lines "${MARKS.join('" and "')}"`);
  const before = document.slice(0, start + MARKS[0].length);
  writeFileSync(DOCUMENT, `${before}\n\n${text}\n\n${document.slice(end)}`);
}
