import { LLMISVC, type LLMInferenceService } from '../../api/llmisvc.ts';
import { type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts';
import type { Part } from '../../api/problem.ts';
import type { Child } from '../../render/plan.ts';
import { changesOf, type ServiceChanges } from './changes.ts';
import { type ChangeOutput, differs, printChanges } from './changetext.ts';
import { type Complaint, Trouble } from '../complaint.ts';
import { evaluate } from '../world/evaluate.ts';
import type { Io } from '../io.ts';
import { applicable } from '../render.ts';
import {
  chosenServices,
  complaintsAbout,
  openSession,
  report,
  servicesNamed,
  type Session,
  type SessionOptions,
} from '../session.ts';

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
  if (given.from.includes('-') && given.filename.includes('-')) {
    throw new Trouble('Standard input can be one side only. Write the other one to a file.');
  }
  if (given.filename.length === 0 && (between || names.length === 0)) {
    throw new Trouble(
      between
        ? 'There is nothing to compare. Name the new files or folders with --filename.'
        : 'There is nothing to compare. Name new files or folders with --filename, or a service of the cluster.',
    );
  }
  const options = { ...given, fromCluster: !between };
  const session = await (between ? openSession(options, io) : clusterSession(options, io));
  try {
    const { services, complaints, notes } = between
      ? await againstFiles(session, names, options, io)
      : await againstCluster(session, names, options, io);
    const sides = between ? { before: 'old files', after: 'new files' } : { before: 'cluster', after: 'after apply' };
    const all = [...session.complaints, ...complaints];
    const { output, patch: patches } = options;
    await printChanges(services, { output, patches, sides, unread: all.some(isError) }, io);
    const wrong = report(all, [...notes, ...session.world.notes()], io);
    if (wrong || services.some(({ uncertain }) => uncertain)) return 2;
    return services.some(differs) ? 1 : 0;
  } finally {
    await session.close();
  }
}

/** A cluster that cannot be used is not the only other side there is. */
async function clusterSession(options: DiffOptions, io: Io): Promise<Session> {
  try {
    return await openSession(options, io);
  } catch (error) {
    if (!(error instanceof Trouble) || error.cause === undefined) throw error;
    throw new Trouble(`${error.message} To compare with other files instead, name them with --from.`, { cause: error });
  }
}

interface Compared {
  readonly services: readonly ServiceChanges[];
  readonly complaints: readonly Complaint[];
  readonly notes: readonly string[];
}

async function againstFiles(
  session: Session,
  names: readonly string[],
  options: DiffOptions,
  io: Io,
): Promise<Compared> {
  const old = await openSession({ ...options, filename: options.from, fromCluster: false }, io);
  const services = [...new Map([...old.services, ...session.services].map((one) => [keyOf(one), one])).values()];
  const complaints = [...session.complaints, ...old.complaints];
  const chosen = names.length > 0 ? servicesNamed(names, { services, complaints }, options, io) : services;
  const [before, after] = [await sideOf(old, chosen), await sideOf(session, chosen)];
  return {
    services: chosen.map((service) => compared(refOf(service), before, after)),
    complaints: [old, before, after].flatMap((one) => one.complaints),
    notes: old.world.notes(),
  };
}

/** The services of one set of files. */
interface Side {
  /** By `refKey`. */
  readonly services: ReadonlyMap<string, OneSide>;
  readonly complaints: readonly Complaint[];
  /** Some of the files could not be read, so a service that is missing may be in them. */
  readonly unread: boolean;
}

interface OneSide {
  readonly children: readonly Child[];
  readonly held: ReadonlySet<Part>;
  readonly wrong: boolean;
}

async function sideOf(session: Session, chosen: readonly LLMInferenceService[]): Promise<Side> {
  const wanted = new Set(chosen.map(keyOf));
  const services = new Map<string, OneSide>();
  const complaints: Complaint[] = [];
  for (const service of session.services.filter((one) => wanted.has(keyOf(one)))) {
    const evaluated = await evaluate(service, session.world);
    const { children, held } = evaluated.plan;
    const found = complaintsAbout(evaluated, session);
    services.set(keyOf(service), { children, held, wrong: held.size > 0 || found.some(isError) });
    complaints.push(...found);
  }
  return { services, complaints, unread: session.inputs.unread };
}

/** What differs; a part that a problem of either side holds is left out, since nobody knows what it would be. */
function compared(ref: Ref, before: Side, after: Side): ServiceChanges {
  const [old, fresh] = [before, after].map(({ services }) => services.get(refKey(ref)));
  if ((!old && before.unread) || (!fresh && after.unread)) return { ...changesOf(ref, [], []), uncertain: true };
  const isHeld = ({ part }: Child): boolean => !!old?.held.has(part) || !!fresh?.held.has(part);
  const [left = [], right = []] = [old, fresh].map((side) => side?.children.filter((child) => !isHeld(child)));
  const changes = changesOf(ref, objectsOf(left), objectsOf(right));
  return old?.wrong || fresh?.wrong ? { ...changes, uncertain: true } : changes;
}

function objectsOf(children: readonly Child[]): readonly KubeObject[] {
  return children.map(({ object }) => applicable(object));
}

function keyOf(service: LLMInferenceService): string {
  return refKey(refOf(service));
}

function isError({ severity }: Complaint): boolean {
  return severity === 'error';
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
  for (const service of await chosenServices(session, names, options, io)) {
    const evaluated = await evaluate(service, session.world);
    const { before, after, problems, notes } = await dryRun(evaluated, session.client, io.signal);
    const changes = changesOf({ ...LLMISVC, ...idOf(service) }, before, after);
    const all = { service: evaluated.service, problems: [...evaluated.problems, ...problems] };
    const found = complaintsAbout(all, session);
    services.push(evaluated.plan.held.size > 0 || found.some(isError) ? { ...changes, uncertain: true } : changes);
    complaints.push(...found, ...notes);
  }
  return { services, complaints, notes: [] };
}

function idOf({ metadata }: LLMInferenceService): { readonly namespace?: string; readonly name: string } {
  const { namespace, name } = metadata;
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
