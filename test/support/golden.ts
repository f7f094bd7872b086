import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { type DryRunRef, isDryRun, type Verdict } from '../../src/api/dryrun.ts';
import { describe as nameOf, gvkKey, type KubeObject, type Ref, refKey, refOf } from '../../src/api/object.ts';
import type { Outcome } from '../../src/api/outcome.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { type Answer, fixedSource, type Read, recordingSnapshot, type Source } from '../../src/api/snapshot.ts';
import type { Problem } from '../../src/api/problem.ts';
import type { Effective } from '../../src/config/effective.ts';
import { resolve } from '../../src/config/resolve.ts';
import { apiErrorOf } from '../../src/kube/errors.ts';
import { refusalOf } from '../../src/apply/refusal.ts';
import { isOurs, ownerOf } from '../../src/apply/ownership.ts';
import { accepted, refused } from '../../src/apply/validation.ts';
import type { Child, Plan } from '../../src/render/plan.ts';
import { render } from '../../src/render/render.ts';
import { assess } from '../../src/status/assess.ts';
import { type Case, readInput } from './goldeninput.ts';
import { readyStatus } from './observed.ts';
import { writeDocuments } from './yaml.ts';

const ROOT = join(import.meta.dirname, '..', 'golden');
export const FAMILIES = ['config', 'presets', 'template', 'workload', 'routing', 'status', 'bad-input'] as const;

/** One pair of files, or three: what a user has, what the operator makes of it, and the effective specs between the two. */
export interface GoldenCase {
  /** `<family>/<case>` */
  readonly name: string;
  readonly inputFile: string;
  readonly outputFile: string;
  readonly specFile: string;
}

/** All pairs, in order of their names. An output without input is an error: it proves nothing any more. */
export function goldenCases(root: string = ROOT): readonly GoldenCase[] {
  return FAMILIES.filter((family) => existsSync(join(root, family))).flatMap((family) => {
    const files = readdirSync(join(root, family)).sort();
    const orphan = files.find(
      (file) => /\.(out|spec)\.yaml$/.test(file) && !files.includes(file.replace(/\.(out|spec)\.yaml$/, '.in.yaml')),
    );
    if (orphan) throw new Error(`${join(root, family, orphan)} has no .in.yaml beside it: delete it, or add the input`);
    return files
      .filter((file) => file.endsWith('.in.yaml'))
      .map((file) => {
        const base = join(root, family, file.replace('.in.yaml', ''));
        const name = `${family}/${file.replace('.in.yaml', '')}`;
        return {
          name,
          inputFile: `${base}.in.yaml`,
          outputFile: `${base}.out.yaml`,
          specFile: `${base}.spec.yaml`,
        };
      });
  });
}

/** What the core makes of the input of a case, as the texts of its files. */
export function runGolden(golden: GoldenCase): { readonly output: string; readonly specs?: string } {
  const input = readInput(golden.inputFile);
  const settings = { ...DEFAULT_SETTINGS, ...input.case.settings };
  const runs = input.services.map((service) => {
    const before = recordingSnapshot(restricted(input.objects, input.case));
    const effective = resolve(service, before, settings);
    const plan = render(effective, before, settings);
    const surplus = surplusOf(service, plan, input.objects);
    const applied = applyPlan(effective, plan, surplus, input.objects, input.case);
    const after = recordingSnapshot(restricted(applied.objects, input.case));
    const { status, events, retry, requeueAfterSeconds } = assess({
      effective,
      plan,
      outcomes: applied.outcomes,
      snapshot: after,
      settings,
      now: input.case.now,
    });
    const notCreated = applied.outcomes.flatMap(({ ref, action, object }) =>
      object === undefined && (action === 'failed' || action === 'held') ? [nameOf(ref)] : [],
    );
    const result = {
      service: nameOf(refOf(service)),
      problems: [
        ...effective.problems,
        ...plan.problems,
        ...applied.outcomes.flatMap(({ problem }) => (problem ? [problem] : [])),
      ],
      held: [...plan.held],
      leftToOthers: plan.children.flatMap((child) =>
        child.leftToOthers.map((path) => `${nameOf(refOf(child.object))}: ${path.join('.')}`),
      ),
      ...(notCreated.length > 0 && { notCreated }),
      pruned: surplus.map((object) => nameOf(refOf(object))),
      events,
      retry,
      ...(requeueAfterSeconds !== undefined && { requeueAfterSeconds }),
      reads: [...new Set([...before.reads(), ...after.reads()].filter(isTold).map(readLine))],
    };
    return { service, effective, children: plan.children.map((child) => child.object), status, result };
  });
  const output = writeDocuments([
    ...runs.flatMap((run) => run.children),
    ...runs.map((run) => ({ ...LLMISVC, metadata: nameAndNamespace(run.service), status: run.status })),
    { kind: 'Result', services: runs.map((run) => run.result) },
  ]);
  if (!input.case.spec) return { output };
  const specs = runs.flatMap(({ service, effective: { combined, spec } }) =>
    combined ? [{ ...LLMISVC, metadata: nameAndNamespace(service), spec }] : [],
  );
  return { output, specs: writeDocuments(specs) };
}

/**
 * Compares the output of a case with its file. A missing file is written and the case fails, so that somebody reads it.
 * `GOLDEN=write` rewrites, except in CI.
 */
export function checkGolden(golden: GoldenCase): void {
  const rewrite = process.env['GOLDEN'] === 'write';
  if (rewrite && process.env['CI'] === 'true') {
    throw new Error('GOLDEN=write is refused in CI: rewrite the files at home, read the difference and commit it');
  }
  const { output, specs } = runGolden(golden);
  if (specs === undefined && existsSync(golden.specFile)) {
    throw new Error(`${golden.specFile} is not compared: delete it, or say \`spec: true\` in the Case of its .in.yaml`);
  }
  const pairs = [[golden.outputFile, output], ...(specs === undefined ? [] : [[golden.specFile, specs]])] as const;
  const added = pairs.filter(([file]) => !existsSync(file));
  for (const [file, text] of rewrite ? pairs : added) writeFileSync(file, text);
  if (added.length > 0) {
    const files = added.map(([file]) => file).join(', ');
    throw new Error(`${files} is new: look at it, and commit it if it is what a user should get`);
  }
  for (const [file, text] of pairs) expect(text).toBe(readFileSync(file, 'utf8'));
}

function restricted(objects: readonly KubeObject[], options: Case): Source {
  const all = fixedSource(objects);
  const verdict = (ref: Ref): Answer<KubeObject> | undefined => {
    if (!isDryRun(ref) || !options.dryRun) return undefined;
    return { state: 'found', value: verdictOf(ref, options.dryRun) };
  };
  const stateOf = (gvk: { apiVersion: string; kind: string }): Answer<never> | undefined => {
    if (options.unserved.includes(gvkKey(gvk))) return { state: 'unserved' };
    if (options.forbidden.includes(gvkKey(gvk))) return { state: 'forbidden' };
    if (options.unknown.includes(gvkKey(gvk))) return { state: 'unknown' };
    return undefined;
  };
  return {
    get: (ref) => stateOf(ref) ?? verdict(ref) ?? all.get(ref),
    list: (query) => stateOf(query) ?? all.list(query),
  };
}

function verdictOf(question: DryRunRef, answer: NonNullable<Case['dryRun']>): Verdict {
  if (answer === 'accepted') return accepted(question);
  const request = { verb: 'dry-run', resource: 'llminferenceservices' };
  return refused(question, apiErrorOf(request, answer.code, JSON.stringify(answer)));
}

/** The children as the API server would hold them after an apply, with the statuses that the case says were observed. */
function applyPlan(
  effective: Effective,
  plan: Plan,
  surplus: readonly KubeObject[],
  objects: readonly KubeObject[],
  options: Case,
): { readonly objects: readonly KubeObject[]; readonly outcomes: readonly Outcome[] } {
  const byKey = new Map(objects.map((object) => [refKey(refOf(object)), object]));
  for (const object of surplus) byKey.delete(refKey(refOf(object)));
  const failed = new Map<Child, Problem>();
  const outcomes = plan.children.map((child): Outcome => {
    const ref = refOf(child.object);
    const live = byKey.get(refKey(ref));
    // What comes after a failure is not created, but kept up to date.
    if (!live && [...failed.keys()].some(({ order }) => order < child.order)) return { ref, action: 'held' };
    const problem = problemOf(child, live, effective, options);
    if (problem) {
      failed.set(child, problem);
      return { ref, action: 'failed', problem };
    }
    const status = observedStatus(child.object, options);
    const object = {
      ...live,
      ...child.object,
      metadata: { uid: `uid-of-${ref.name}`, generation: 1, ...live?.metadata, ...child.object.metadata },
      ...(status !== undefined && { status }),
    } as KubeObject;
    byKey.set(refKey(ref), object);
    return { ref, action: live ? 'configured' : 'created', object };
  });
  const pruned = surplus.map((object): Outcome => ({ ref: refOf(object), action: 'pruned' }));
  return { objects: [...byKey.values()], outcomes: [...outcomes, ...pruned] };
}

function problemOf(
  child: Child,
  live: KubeObject | undefined,
  effective: Effective,
  options: Case,
): Problem | undefined {
  const { kind, metadata } = child.object;
  if (live && !isOurs(live, effective.service)) {
    const owner = ownerOf(live);
    return { code: 'NotOurs', part: child.part, ref: refOf(live), ...(owner ? { owner } : {}) };
  }
  const answer = options.refusals.find(
    (refusal) => refusal.kind === kind && (refusal.name ?? metadata.name) === metadata.name,
  )?.answer;
  if (!answer) return undefined;
  const error = apiErrorOf({ verb: 'apply', resource: `${kind.toLowerCase()}s` }, answer.code, JSON.stringify(answer));
  return refusalOf(error, child, effective);
}

function observedStatus(object: KubeObject, { observe }: Case): unknown {
  if (observe === 'ready') return readyStatus(object);
  return observe.find((o) => o.kind === object.kind && (o.name ?? object.metadata.name) === object.metadata.name)
    ?.status;
}

function surplusOf(service: LLMInferenceService, plan: Plan, objects: readonly KubeObject[]): readonly KubeObject[] {
  const wanted = new Set(plan.children.map((child) => refKey(refOf(child.object))));
  return objects.filter(
    (object) =>
      (plan.prunable.some((kind) => gvkKey(kind) === gvkKey(object) && !plan.held.has(kind.part)) ||
        plan.prunableByName.some((ref) => refKey(ref) === refKey(refOf(object)) && !plan.held.has(ref.part))) &&
      object.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === service.metadata.uid) &&
      !wanted.has(refKey(refOf(object))),
  );
}

/** Where nobody is asked for a verdict, there is nothing to tell. */
function isTold(read: Read): boolean {
  return !('ref' in read && isDryRun(read.ref) && read.answer.state === 'absent');
}

function readLine(read: Read): string {
  // The name is a hash of everything.
  if ('ref' in read && isDryRun(read.ref))
    return `DryRun ${read.ref.namespace} (${read.view.name}): ${read.answer.state}`;
  if ('ref' in read) return `${nameOf(read.ref)} (${read.view.name}): ${read.answer.state}`;
  const { kind, namespace, labels } = read.query;
  const selector = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const found = read.answer.state === 'found' ? `${read.answer.value.length} found` : read.answer.state;
  return `${kind} ${namespace ?? '*'}/[${selector.join(',')}] (${read.view.name}): ${found}`;
}

function nameAndNamespace(service: LLMInferenceService): { readonly name: string; readonly namespace?: string } {
  const { name, namespace } = service.metadata;
  return { name, ...(namespace !== undefined && { namespace }) };
}
