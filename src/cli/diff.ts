import { LLMISVC, type LLMInferenceService } from '../api/llmisvc.ts';
import { type KubeObject, type Ref, refKey, refOf } from '../api/object.ts';
import type { Part } from '../api/problem.ts';
import type { Child } from '../render/plan.ts';
import { changesOf, type ServiceChanges } from './changes.ts';
import { type ChangeOutput, differs, printChanges } from './changetext.ts';
import type { Complaint } from './complaint.ts';
import { complaintsOf } from './complaints.ts';
import { evaluate } from './evaluate.ts';
import type { Io } from './io.ts';
import { applicable } from './render.ts';
import { chosenServices, openSession, report, type Session, type SessionOptions } from './session.ts';

export interface DiffOptions extends SessionOptions {
  /** The old files; without any, the cluster is the old side. */
  readonly from: readonly string[];
  readonly output: ChangeOutput;
  readonly patch: boolean;
}

/**
 * `llmisvc diff`: what the operator would change in the cluster for the services of the input, or what is different
 * between two sets of files.
 *
 * @returns the exit code, as of `kubectl diff`: 0 nothing, 1 something, 2 when it cannot be told
 */
export async function diffCommand(names: readonly string[], given: DiffOptions, io: Io): Promise<number> {
  const between = given.from.length > 0;
  const options = { ...given, fromCluster: !between };
  const session = await openSession(options, io);
  try {
    const { services, complaints } = between
      ? await againstFiles(session, names, options, io)
      : await againstCluster(session, names, options, io);
    const sides = between ? { before: 'old files', after: 'new files' } : { before: 'cluster', after: 'after apply' };
    await printChanges(services, { output: options.output, patches: options.patch, sides }, io);
    if (report([...session.complaints, ...complaints], session.world.notes(), io)) return 2;
    return services.some(differs) ? 1 : 0;
  } finally {
    await session.close();
  }
}

interface Compared {
  readonly services: readonly ServiceChanges[];
  readonly complaints: readonly Complaint[];
}

async function againstFiles(
  session: Session,
  names: readonly string[],
  options: DiffOptions,
  io: Io,
): Promise<Compared> {
  const old = await openSession({ ...options, filename: options.from, fromCluster: false }, io);
  const after = await childrenOf(session, names);
  const before = await childrenOf(old, names);
  const refs = new Map([...before, ...after].map(([key, { service }]) => [key, service]));
  const services = [...refs].map(([key, ref]) => {
    const old = before.get(key)?.children ?? [];
    const fresh = after.get(key);
    // A problem leaves the children of its part as they are.
    const held = old.filter(({ part }) => fresh?.held.has(part));
    return changesOf(ref, objectsOf(old), objectsOf([...(fresh?.children ?? []), ...held]));
  });
  // What is wrong with the old files is past.
  return { services, complaints: [...after.values()].flatMap(({ complaints }) => complaints) };
}

interface Side {
  readonly service: Ref;
  readonly children: readonly Child[];
  readonly held: ReadonlySet<Part>;
  readonly complaints: readonly Complaint[];
}

async function childrenOf(session: Session, names: readonly string[]): Promise<ReadonlyMap<string, Side>> {
  const sides = new Map<string, Side>();
  for (const service of session.services.filter((candidate) => isNamed(candidate, names))) {
    const evaluated = await evaluate(service, session.world);
    const { children, held } = evaluated.plan;
    const complaints = complaintsOf(evaluated, session.located, session.world.settings);
    sides.set(refKey(refOf(service)), { service: refOf(service), children, held, complaints });
  }
  return sides;
}

function objectsOf(children: readonly Child[]): readonly KubeObject[] {
  return children.map(({ object }) => applicable(object));
}

function isNamed({ metadata }: LLMInferenceService, names: readonly string[]): boolean {
  return (
    names.length === 0 || names.includes(metadata.name) || names.includes(`${metadata.namespace}/${metadata.name}`)
  );
}

async function againstCluster(
  session: Session,
  names: readonly string[],
  options: DiffOptions,
  io: Io,
): Promise<Compared> {
  const { dryRun } = await import('./dryrun.ts');
  if (!session.client) throw new Error('a session with a cluster has a client');
  const services: ServiceChanges[] = [];
  const complaints: Complaint[] = [];
  for (const service of await chosenServices(session, names, options)) {
    const evaluated = await evaluate(service, session.world);
    const { before, after, problems, notes } = await dryRun(evaluated, session.client, io.signal);
    services.push(changesOf({ ...LLMISVC, ...idOf(service) }, before, after));
    const all = { service: evaluated.service, problems: [...evaluated.problems, ...problems] };
    complaints.push(...complaintsOf(all, session.located, session.world.settings), ...notes);
  }
  return { services, complaints };
}

function idOf({ metadata }: LLMInferenceService): { readonly namespace?: string; readonly name: string } {
  const { namespace, name } = metadata;
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
