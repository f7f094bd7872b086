import { LLMISVC, type LLMInferenceService } from '../api/llmisvc.ts';
import { gvkKey, type KubeObject, refKey, refOf } from '../api/object.ts';
import type { Client } from '../kube/types.ts';
import { type Complaint, lineOf, sortedComplaints, Trouble } from './complaint.ts';
import { byKey, complaintsOf, type ProblemComplaint } from './complaints.ts';
import type { Evaluated } from './world/evaluate.ts';
import { type Inputs, type Located, readInputs } from './input/input.ts';
import { installed } from './world/installed.ts';
import type { Io } from './io.ts';
import { closedWorld, offlineWorld, settingsFrom, type World } from './world/world.ts';

/** What commands that read services have in common on their command line. */
export interface SessionOptions {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly namespace: string;
  readonly systemNamespace: string;
  readonly configPrefix: string;
  /** The inputs are everything that exists. */
  readonly closed: boolean;
  readonly fromCluster: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The inputs of a command and the world around them. Ended with `close`. */
export interface Session {
  readonly world: World;
  readonly inputs: Inputs;
  /** By `refKey`. */
  readonly located: ReadonlyMap<string, Located>;
  readonly services: readonly LLMInferenceService[];
  /** What is wrong with the inputs themselves. */
  readonly complaints: readonly Complaint[];
  /** The ConfigMap that the settings were read from, if there is one. */
  readonly configMap?: KubeObject;
  /** The cluster, with `fromCluster`. */
  readonly client?: Client;
  readonly close: () => Promise<void>;
}

/**
 * Reads the inputs and connects to the cluster where that is asked for.
 *
 * @throws Trouble when there is nothing to read
 */
export async function openSession(options: SessionOptions, io: Io): Promise<Session> {
  const { filename, fromCluster, closed, systemNamespace, configPrefix } = options;
  if (filename.length === 0 && !fromCluster) {
    throw new Trouble('There is nothing to read. Name files or folders with --filename, or use --from-cluster.');
  }
  if (closed && fromCluster) throw new Trouble('--closed and --from-cluster exclude each other. Use one of them.');
  const inputs = await readInputs(options, io);
  const objects = inputs.objects.map(({ object }) => object);
  const common = { inputs, located: byKey(inputs.objects), services: objects.filter(isService) };
  if (fromCluster) {
    const { clusterWorld } = await import('./world/cluster.ts');
    const { world, client, complaints, close } = await clusterWorld(inputs.objects, options, io.signal);
    return {
      ...common,
      world: noting(world, inputs),
      client,
      complaints: [...inputs.complaints, ...complaints],
      close,
    };
  }
  const ours = await installed();
  const { settings, configMap, complaints } = await settingsFrom(inputs.objects, ours, {
    systemNamespace,
    configPrefix,
  });
  const world = closed ? closedWorld(objects, settings) : offlineWorld(objects, ours, settings);
  return {
    ...common,
    world: noting(world, inputs),
    ...(configMap ? { configMap } : {}),
    complaints: [...inputs.complaints, ...complaints],
    close: async () => {},
  };
}

/** The world, whose notes begin with those of the input. */
function noting(world: World, { notes }: Inputs): World {
  return { ...world, notes: () => [...notes, ...world.notes()] };
}

/**
 * The services that are wanted: all of the input, or those with the given names, from the cluster where the input lacks
 * them. Each once, however often it is named.
 *
 * @throws Trouble when there is none, or a name is not found; what is wrong with the input is reported before
 */
export async function chosenServices(
  session: Session,
  names: readonly string[],
  options: SessionOptions,
  io: Io,
): Promise<readonly LLMInferenceService[]> {
  const { services, world, complaints } = session;
  if (names.length > 0) {
    const live = new Map<string, LLMInferenceService>();
    for (const name of options.fromCluster ? names : []) {
      const ref = refNamed(name, options);
      const object = among(name, services, options) ? undefined : await world.read(ref);
      if (object) live.set(name, object as LLMInferenceService);
    }
    return servicesNamed(names, session, options, io, live);
  }
  if (services.length > 0) return services;
  // Nothing could be read of files that are broken, which is said elsewhere.
  if (complaints.length > 0) return [];
  report([], world.notes(), io);
  throw new Trouble(
    options.filename.length > 0
      ? `The input has no ${LLMISVC.kind} of ${LLMISVC.apiVersion}.`
      : 'Name a service, or files with --filename.',
  );
}

/**
 * The services with the given names, each once. A name without a namespace means that of the options, else the only
 * service of that name.
 *
 * @param live services of a cluster, by the name that was given
 * @throws Trouble when a name is not found or means several; what is wrong with the input is reported before
 */
export function servicesNamed(
  names: readonly string[],
  { services, complaints }: Pick<Session, 'services' | 'complaints'>,
  options: SessionOptions,
  io: Io,
  live: ReadonlyMap<string, LLMInferenceService> = new Map(),
): readonly LLMInferenceService[] {
  const found = names.map((name) => {
    const service = among(name, services, options) ?? live.get(name);
    if (service) return service;
    // A file that cannot be read may hold it.
    report(complaints, [], io);
    throw new Trouble(notFound(name, services, options));
  });
  return [...new Set(found)];
}

/**
 * What is wrong with an evaluated service. That a config is missing is left out where a text could not be read, which may
 * hold it and has a complaint of its own.
 */
export function complaintsAbout(
  evaluated: Pick<Evaluated, 'problems' | 'service'>,
  { located, world, inputs }: Session,
): readonly ProblemComplaint[] {
  const problems = evaluated.problems.filter(({ code }) => !(inputs.unread && code === 'ConfigNotFound'));
  return complaintsOf({ ...evaluated, problems }, located, world.settings);
}

/** Writes complaints and notes to standard error, and whether there was an error among them. */
export function report(complaints: readonly Complaint[], notes: readonly string[], io: Io): boolean {
  for (const complaint of sortedComplaints(complaints)) io.err(`${lineOf(complaint)}\n`);
  for (const note of notes) io.err(`note: ${note}\n`);
  return complaints.some(({ severity }) => severity === 'error');
}

function isService(object: KubeObject): boolean {
  return gvkKey(object) === gvkKey(LLMISVC);
}

function refNamed(text: string, { namespace }: SessionOptions): typeof LLMISVC & { namespace: string; name: string } {
  const slash = text.indexOf('/');
  return { ...LLMISVC, namespace: slash < 0 ? namespace : text.slice(0, slash), name: text.slice(slash + 1) };
}

function among(
  text: string,
  services: readonly LLMInferenceService[],
  options: SessionOptions,
): LLMInferenceService | undefined {
  const ref = refNamed(text, options);
  const exact = services.find((service) => refKey(refOf(service)) === refKey(ref));
  const alike = text.includes('/') ? [] : services.filter(({ metadata }) => metadata.name === ref.name);
  return exact ?? (alike.length === 1 ? alike[0] : undefined);
}

function notFound(text: string, services: readonly LLMInferenceService[], options: SessionOptions): string {
  const { namespace, name } = refNamed(text, options);
  const full = ({ metadata }: LLMInferenceService): string => `${metadata.namespace}/${metadata.name}`;
  const alike = text.includes('/') ? [] : services.filter(({ metadata }) => metadata.name === name);
  if (alike.length > 1) {
    const names = alike.map(full).join(', ');
    return `${LLMISVC.kind} ${name} may be one of several: ${names}. Name one of them, or its namespace with --namespace.`;
  }
  const cluster = options.fromCluster ? ' and not in the cluster' : '';
  const known = services.map(full).join(', ') || 'none';
  return `${LLMISVC.kind} ${namespace}/${name} is not in the input${cluster}; the input has: ${known}.`;
}
