import { randomUUID } from 'node:crypto';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService, type LLMInferenceServiceConfig } from '../api/llmisvc.ts';
import { gvkKey, type KubeObject, type Ref, refKey } from '../api/object.ts';
import type { Settings } from '../api/settings.ts';
import type { Read } from '../api/snapshot.ts';
import type { Log } from '../kube/log.ts';
import type { Timing } from '../kube/timing.ts';
import type { Client } from '../kube/types.ts';
import { createDrift } from './drift.ts';
import { createFetched } from './fetched.ts';
import { type Again, createQueue, type Priority } from './queue.ts';
import { reconcile } from './reconcile.ts';
import { reconcileConfig } from './reconcileconfig.ts';
import { type Coverage, clusterSource } from './snapshot.ts';
import type { Telemetry } from './telemetry.ts';
import { createTriggers } from './triggers.ts';
import { type ChangedUse, configsApplied, configsRead, createUses } from './uses.ts';
import { createVerdicts } from './verdicts.ts';
import { createWatches, type Watches } from './watches.ts';

export interface ControllerOptions {
  readonly client: Client;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly settings: () => Settings;
  /** The namespaces that are served; undefined for all. */
  readonly namespaces: readonly string[] | undefined;
  readonly systemNamespace: string;
  readonly workers: number;
  /** Whether configs carry KServe's finalizer, which keeps those in use from being deleted. */
  readonly configFinalizer: boolean;
  readonly timing?: Timing;
}

export interface Controller {
  readonly watches: Watches;
  /** The settings changed: every service is looked at again. */
  settingsChanged(): void;
  /** While paused nothing is written. */
  pause(paused: boolean): void;
  /** Nothing waits and nothing runs. */
  idle(): boolean;
  depth(): number;
  /** Fills the caches until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
  /** Acts on what the caches hold until the signal aborts. Call when they are filled. */
  act(signal: AbortSignal): Promise<void>;
}

/** Milliseconds after which a service is looked at again although nothing is known to have changed. */
const RESYNC = 10 * 3_600_000;
/** Milliseconds that a config in use waits for more changes of its users: at least, for each user, and at most. */
const USERS_WAIT = { least: 200, each: 1, most: 1_000 };

/** Brings services and their cluster together: watches, queue and passes. */
export function createController(options: ControllerOptions): Controller {
  const { client, log, telemetry, systemNamespace, namespaces } = options;
  const timing = options.timing === undefined ? {} : { timing: options.timing };
  /** The objects that the keys of the queue stand for. */
  const refs = new Map<string, Ref>();
  const changed = (before: KubeObject | undefined, after: KubeObject | undefined): void => {
    if (before && !after) drift.forget(before);
    for (const key of triggers.changed(before, after)) queue.add(key, priorityOf(key, after));
    const key = keyOfPrimary(after);
    if (key && !triggers.knows(key)) queue.add(key, after?.kind === LLMISVC_CONFIG.kind ? 'resync' : 'change');
  };
  const watches = createWatches({
    client,
    log,
    namespaces,
    systemNamespace,
    onChange: changed,
    onKind: (gvk) => {
      for (const key of triggers.recheck(gvk)) queue.add(key, 'change');
    },
    onNotice: (ref, version) => fetched.noticed(ref, version),
    onNotices: (query, versions) => fetched.noticedAll(query, versions),
    ...timing,
  });
  const asked = {
    ...{ client, log, ...timing },
    inUse: (ref: Ref) => triggers.isRead(ref),
    onChange: (ref: Ref) => {
      for (const key of triggers.again(ref)) queue.add(key, 'change');
    },
  };
  const fetched = createFetched(asked);
  const verdicts = createVerdicts(asked);
  const source = clusterSource(watches.coverage, (ref) => fetched.get(ref) ?? verdicts.get(ref));
  const triggers = createTriggers(source);
  const drift = createDrift();
  const cleared = new Map<string, ReadonlySet<string>>();
  const observe = (object: KubeObject): void => {
    watches.observe(object);
    fetched.observe(object);
  };
  const uses = createUses();
  const queue = createQueue({
    workers: options.workers,
    handle,
    failed: (key, error) => log.error({ key, error }, 'A pass failed and is tried again.'),
    waited: telemetry.waited,
  });

  async function handle(key: string, signal: AbortSignal): Promise<Again> {
    const ref = refs.get(key);
    const answer = ref ? source.get(ref) : undefined;
    // What may not be seen at the moment is not gone: it is known as it was until it can be seen again.
    if (answer?.state === 'forbidden' || answer?.state === 'unknown') return { retry: 'backoff' };
    if (!ref || answer?.state !== 'found') {
      triggers.forget(key);
      queue.forget(key);
      refs.delete(key);
      cleared.delete(key);
      usesChanged(uses.forget(key));
      telemetry.gone(key);
      return { retry: 'none' };
    }
    // From here on our own writes are no news; what others change meanwhile is found when the reads are recorded.
    triggers.record(key, []);
    const pass = { key, ref, signal, started: performance.now(), id: randomUUID().slice(0, 8) };
    try {
      return ref.kind === LLMISVC_CONFIG.kind
        ? await passConfig(answer.value, pass)
        : await passService(answer.value, pass);
    } catch (error) {
      triggers.forget(key);
      if (ref.kind === LLMISVC.kind && !uses.knows(key)) setUses(key, ref, configsApplied(answer.value));
      telemetry.reconciled(performance.now() - pass.started, 'error');
      throw error;
    }
  }

  interface PassInfo {
    readonly key: string;
    readonly ref: Ref;
    readonly signal: AbortSignal;
    readonly started: number;
    readonly id: string;
  }

  async function passService(object: KubeObject, { key, ref, signal, started, id }: PassInfo): Promise<Again> {
    const passLog = telemetry.logFor({ service: `${ref.namespace}/${ref.name}`, reconcile: id });
    const { reads, service, retry, after } = await reconcile(object as LLMInferenceService, {
      client,
      source,
      owned: watches.owned,
      holdsAll: (ref) => holdsAll(watches.coverage(ref, ref.namespace)),
      drift,
      observe,
      forget: (ref) => fetched.forget(ref),
      cleared,
      fetched,
      verdicts,
      settings: options.settings(),
      log: passLog,
      signal,
      now,
    });
    remember(key, reads);
    setUses(key, ref, configsRead(reads));
    telemetry.reconciled(performance.now() - started, retry === 'none' ? 'settled' : 'again');
    if (service) telemetry.service(key, service.status);
    const resync = RESYNC * (0.9 + Math.random() / 5);
    return { retry, after: after === undefined ? resync : Math.min(after, resync) };
  }

  async function passConfig(object: KubeObject, { key, ref, signal, id }: PassInfo): Promise<Again> {
    const { reads, ...again } = await reconcileConfig(object as LLMInferenceServiceConfig, {
      client,
      log: telemetry.logFor({ config: `${ref.namespace}/${ref.name}`, reconcile: id }),
      signal,
      settings: options.settings(),
      users: uses.of(key),
      complete: [...refs].every(([primary, { kind }]) => kind !== LLMISVC.kind || uses.knows(primary)),
      finalizer: options.configFinalizer,
      observe: watches.observe,
      now,
    });
    remember(key, reads);
    return again;
  }

  function setUses(key: string, { name, namespace = '' }: Ref, configs: readonly string[] | undefined): void {
    if (configs) usesChanged(uses.set(key, { name, namespace }, configs));
  }

  /** Whether a config is in use at all is written at once; who else uses it can wait until several have changed. */
  function usesChanged(changes: readonly ChangedUse[]): void {
    const { least, each, most } = USERS_WAIT;
    for (const { config, before, after } of changes) {
      if (before === 0 || after === 0) queue.add(config, 'change');
      else queue.addAfter(config, Math.min(most, least + each * after));
    }
  }

  function remember(key: string, reads: readonly Read[]): void {
    if (!triggers.record(key, reads)) queue.add(key, 'change');
  }

  function keyOfPrimary(object: KubeObject | undefined): string | undefined {
    if (!object || (object.kind !== LLMISVC.kind && object.kind !== LLMISVC_CONFIG.kind)) return undefined;
    const { namespace, name } = object.metadata;
    const ref: Ref = { apiVersion: object.apiVersion, kind: object.kind, name, ...(namespace ? { namespace } : {}) };
    refs.set(refKey(ref), ref);
    return refKey(ref);
  }

  return {
    watches,
    settingsChanged() {
      for (const key of refs.keys()) queue.add(key, 'change');
    },
    pause: (paused) => queue.pause(paused),
    idle: () => queue.idle(),
    depth: () => queue.depth(),
    watch: (signal) => watches.run(signal),
    act: async (signal) => {
      await Promise.all([queue.run(signal), fetched.run(signal), verdicts.run(signal)]);
    },
  };
}

/** RFC 3339. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function holdsAll(coverage: Coverage): boolean {
  return coverage.state === 'cached' && coverage.complete;
}

/** A change of the service itself is somebody's wish; everything else can wait behind it. */
function priorityOf(key: string, object: KubeObject | undefined): Priority {
  if (!object || gvkKey(object) !== gvkKey(LLMISVC)) return 'change';
  const { name, namespace = '' } = object.metadata;
  return key === `${gvkKey(LLMISVC)}/${namespace}/${name}` ? 'spec' : 'change';
}
