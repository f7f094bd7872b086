import { randomUUID } from 'node:crypto';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../api/llmisvc.ts';
import { gvkKey, type KubeObject, type Ref, refKey } from '../api/object.ts';
import type { Settings } from '../api/settings.ts';
import type { Read } from '../api/snapshot.ts';
import { KSERVE_CONFIG_FINALIZER } from '../api/wellknown.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';
import { createDrift } from './drift.ts';
import { createFetched } from './fetched.ts';
import { releaseFinalizer } from './finalizers.ts';
import { type Again, createQueue, type Priority } from './queue.ts';
import { reconcile } from './reconcile.ts';
import { type Coverage, clusterSource } from './snapshot.ts';
import type { Telemetry } from './telemetry.ts';
import { createTriggers } from './triggers.ts';
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

/** Brings services and their cluster together: watches, queue and passes. */
export function createController(options: ControllerOptions): Controller {
  const { client, log, telemetry, systemNamespace, namespaces } = options;
  /** The objects that the keys of the queue stand for. */
  const refs = new Map<string, Ref>();
  const changed = (before: KubeObject | undefined, after: KubeObject | undefined): void => {
    for (const key of triggers.changed(before, after)) queue.add(key, priorityOf(key, after));
    const key = keyOfPrimary(after);
    if (key && !triggers.knows(key)) queue.add(key, 'change');
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
  });
  const fetched = createFetched({
    client,
    log,
    inUse: (ref) => triggers.isRead(ref),
    onChange: (ref) => {
      for (const key of triggers.again(ref)) queue.add(key, 'change');
    },
  });
  const source = clusterSource(watches.coverage, (ref) => fetched.get(ref));
  const triggers = createTriggers(source);
  const drift = createDrift();
  const queue = createQueue({
    workers: options.workers,
    handle,
    failed: (key, error) => log.error({ key, error }, 'A pass failed and is tried again.'),
    waited: telemetry.waited,
  });

  async function handle(key: string, signal: AbortSignal): Promise<Again> {
    const ref = refs.get(key);
    const answer = ref ? source.get(ref) : undefined;
    if (!ref || answer?.state !== 'found') {
      triggers.forget(key);
      queue.forget(key);
      refs.delete(key);
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
      observe: watches.observe,
      fetched,
      settings: options.settings(),
      log: passLog,
      signal,
      now: () => new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    });
    remember(key, reads);
    telemetry.reconciled(performance.now() - started, retry === 'none' ? 'settled' : 'again');
    if (service) telemetry.service(key, service.status);
    const resync = RESYNC * (0.9 + Math.random() / 5);
    return { retry, after: after === undefined ? resync : Math.min(after, resync) };
  }

  async function passConfig(object: KubeObject, { key, signal }: PassInfo): Promise<Again> {
    if (object.metadata.deletionTimestamp) {
      await releaseFinalizer(object, KSERVE_CONFIG_FINALIZER, { client, log, signal });
    }
    triggers.forget(key);
    return { retry: 'none' };
  }

  function remember(key: string, reads: readonly Read[]): void {
    if (!triggers.record(key, reads)) queue.add(key, 'change');
  }

  function keyOfPrimary(object: KubeObject | undefined): string | undefined {
    if (!object || (object.kind !== LLMISVC.kind && object.kind !== LLMISVC_CONFIG.kind)) return undefined;
    if (object.kind === LLMISVC_CONFIG.kind && !object.metadata.deletionTimestamp) return undefined;
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
      await Promise.all([queue.run(signal), fetched.run(signal)]);
    },
  };
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
