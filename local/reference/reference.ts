import { join } from 'node:path';
import type { KubeObject } from '../../src/api/object.ts';
import { judged, type Rule, unused } from './allowed.ts';
import { startCluster } from './cluster.ts';
import { differencesOf } from './difference.ts';
import { type Records, type Reference, type ReferenceCase, RECORDS } from './folder.ts';
import { notBuilt } from './notbuilt.ts';
import type { CaseOutcome, Outcome } from './outcome.ts';
import { runProgram, writeRecords } from './program.ts';
import { type Recording, recordCases, switchTLS } from './record.ts';
import { refusedHere } from './refused.ts';

export interface ReferenceOptions {
  readonly reference: Reference;
  readonly rules: readonly Rule[];
  /** Where what our operator wrote is left, in the form of the recordings. */
  readonly out: string;
  /** A folder for the control plane. */
  readonly stateDir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs our operator over the inputs of the recordings on an API server with KServe's definitions and compares what both
 * wrote. Rejects when the control plane or the operator does not come up or settle.
 */
export async function compareWithReference(options: ReferenceOptions): Promise<Outcome> {
  const { reference, rules, out, signal } = options;
  const unsettled: string[] = [];
  const recordings = await recordAll(options, (sentence) => unsettled.push(sentence));
  const outcomes = reference.cases.map((one) => outcomeOf(one, recordings.get(one), rules));
  const compared = reference.cases.filter((_, index) => outcomes[index]?.notBuilt.length === 0);
  const pairs = compared.map((one) => ({
    name: one.name,
    kserve: admitted(one.recorded, one),
    ours: admitted(recordings.get(one)?.records ?? NOTHING, one),
  }));
  const program = join(reference.folder, 'compare.mjs');
  const idle = unused(
    rules,
    outcomes.flatMap(({ differences }) => differences),
  );
  const used = rules.filter((rule) => !idle.includes(rule));
  return {
    cases: outcomes,
    unsettled,
    unused: idle,
    program: await runProgram(program, pairs, used, join(out, 'compared'), signal),
  };
}

async function recordAll(
  options: ReferenceOptions,
  complain: (sentence: string) => void,
): Promise<ReadonlyMap<ReferenceCase, Recording>> {
  const { reference, out, stateDir, say, signal } = options;
  say('starting a control plane with the definitions, presets and settings of the recordings (about 15 seconds)');
  const cluster = await startCluster(reference, stateDir, signal);
  try {
    const recordings = new Map<ReferenceCase, Recording>();
    for (const [tls, cases] of Map.groupBy(reference.cases, (one) => one.tls)) {
      say(`${cases.length} cases with TLS ${tls ? 'on' : 'off'}`);
      await switchTLS(cluster.client, tls, reference.settings, signal);
      const group = await recordCases(cluster, cases, complain, signal);
      for (const [one, recording] of group) recordings.set(one, recording);
    }
    for (const [{ name }, { records }] of recordings) writeRecords(join(out, 'cases', name), records);
    return recordings;
  } finally {
    await cluster.stop();
  }
}

function outcomeOf(one: ReferenceCase, recording: Recording | undefined, rules: readonly Rule[]): CaseOutcome {
  const { name, recorded } = one;
  const { records, refused, live } = recording ?? { records: NOTHING, refused: [], live: [] };
  const features = notBuilt(live);
  const children = [...records.children, ...records['children-ready']];
  const [kserve, ours] = [admitted(recorded, one), admitted(records, one)];
  return {
    name,
    notBuilt: features,
    halfBuilt:
      features.length === 0 ? [] : [...new Set(children.map(({ kind, metadata }) => `${kind}/${metadata.name}`))],
    differences:
      features.length > 0
        ? []
        : RECORDS.flatMap((record) => judged(one, differencesOf(kserve[record], ours[record]), rules)),
    refused: refusedHere(one.refused, refused, live, children),
  };
}

/** Without the objects that KServe's admission refused: they are judged by how ours refuses them. */
function admitted(records: Records, { refused }: ReferenceCase): Records {
  const isAdmitted = ({ kind, metadata }: KubeObject): boolean =>
    !refused.some((one) => one.kind === kind && one.name === metadata.name);
  const filtered = RECORDS.map((record) => [record, records[record].filter(isAdmitted)]);
  return Object.fromEntries(filtered) as Records;
}

const NOTHING: Records = { children: [], 'children-ready': [], status: [], 'status-ready': [] };
