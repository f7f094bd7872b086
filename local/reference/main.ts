import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readRules } from './allowed.ts';
import { readReference } from './folder.ts';
import { isGood } from './outcome.ts';
import { compareWithReference } from './reference.ts';
import { report } from './report.ts';

const ROOT = join(import.meta.dirname, '../..');
const USAGE = `make reference REF=<folder> compares our operator with recordings of KServe's controller.

It runs our operator on a local API server over the inputs of the recordings, with KServe's own definitions, presets and
settings, and holds what it writes against what KServe's controller wrote. Intended differences are listed in
docs/differences.allow.yaml and explained in docs/differences.md.

The recordings are data of another project and not part of this one. A folder of them has settings.yaml, gateway.yaml, crds/,
presets/, compare.mjs and, for each case, cases/<name>/input.yaml, children.yaml, status.yaml and status-ready.yaml; it is made by
running KServe's controller on a bare API server and keeping what it wrote.

  REF=<folder>     the recordings
  CASES=<a,b>      only these cases
`;
/** Milliseconds after which something hangs. */
const LONGEST = 15 * 60_000;

const { values } = parseArgs({
  options: { ref: { type: 'string' }, cases: { type: 'string' }, out: { type: 'string' } },
});
const folder = values.ref;

if (!folder) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  process.exitCode = await main(resolve(folder)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}

async function main(ref: string): Promise<number> {
  if (!existsSync(ref)) throw new Error(`${ref} does not exist. ${USAGE}`);
  const cases = (values.cases ?? '').split(',').filter((name) => name !== '');
  const reference = readReference(ref, cases);
  const rules = readRules(join(ROOT, 'docs/differences.allow.yaml'));
  const out = resolve(values.out ?? join(ROOT, '.state/reference'));
  rmSync(out, { recursive: true, force: true });
  const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-reference-'));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST)]);
  const started = Date.now();
  try {
    const outcome = await compareWithReference({ reference, rules, out, stateDir, say, signal });
    // Of some cases alone, most rules explain nothing.
    const judgement = cases.length > 0 ? { ...outcome, unused: [] } : outcome;
    say(`\n${report(judgement)}`);
    say(`What our operator wrote is in ${join(out, 'cases')}. ${Math.round((Date.now() - started) / 1000)} s.`);
    return isGood(judgement) ? 0 : 1;
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
