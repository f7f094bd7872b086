import { type Gvk, gvkKey, type KubeObject, type Query, type Ref, refKey, refOf } from '../api/object.ts';
import type { Log } from '../kube/log.ts';
import { type Reflector, reflector } from '../kube/reflector.ts';
import { type Store, store } from '../kube/store.ts';
import { realTiming, type Timing } from '../kube/timing.ts';
import type { Client } from '../kube/types.ts';
import { trimmed } from './drift.ts';
import { CUSTOM_RESOURCE_DEFINITION, INDEXED_LABELS, NOTICED_KINDS, WATCHED_KINDS, type WatchedKind } from './kinds.ts';
import { isOwnEntry } from '../apply/ownership.ts';
import type { Coverage } from './snapshot.ts';

export interface WatchesOptions {
  readonly client: Client;
  readonly log: Log;
  /** The namespaces that are served; undefined for all. */
  readonly namespaces: readonly string[] | undefined;
  readonly systemNamespace: string;
  readonly onChange: (before: KubeObject | undefined, after: KubeObject | undefined) => void;
  /** A kind came, went, or may or may not be read any more. */
  readonly onKind: (gvk: Gvk) => void;
  /** An object that no cache holds has this version now; undefined: it is gone. */
  readonly onNotice: (ref: Ref, version: string | undefined) => void;
  /** The versions, by `refKey`, of all such objects that a query selects. */
  readonly onNotices: (query: Query, versions: ReadonlyMap<string, string>) => void;
  readonly timing?: Timing;
}

/** Caches of everything that is watched. */
export interface Watches {
  coverage(gvk: Gvk, namespace: string | undefined): Coverage;
  /** The cached objects of a kind that have an owner of this uid. */
  owned(gvk: Gvk, namespace: string | undefined, uid: string): readonly KubeObject[];
  /** Takes the answer to an own write into the cache, so that the next look sees it before the watch brings it. */
  observe(object: KubeObject): void;
  /** Watches the Gateways of one more namespace, where only a list of namespaces is served. */
  watchGateways(namespace: string): void;
  /** What is not yet, or no longer, known: `HTTPRoute.gateway.networking.k8s.io/v1 failing`. Empty when all is well. */
  unsettled(): readonly string[];
  /** Watches that were opened again, by kind. */
  restarts(): ReadonlyMap<string, number>;
  /** Resolves when each watch had its first answer. */
  settled(): Promise<void>;
  /** Works until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface Watch {
  readonly row: WatchedKind;
  /** Empty for all. */
  readonly namespace: string;
  readonly store: Store;
  readonly reflector: Reflector;
}

/** A watch of objects of which only the metadata come. */
interface MetadataWatch extends Gvk {
  readonly reflector: Reflector;
  /** It may be forbidden: what it would tell is found in another way, later. */
  readonly dispensable: boolean;
}

/** Milliseconds between looks for APIs that came later, where CustomResourceDefinitions cannot be watched. */
const LOOK_AGAIN = 30_000;

/** Watches for every row of the kinds, in each namespace that concerns it. */
export function createWatches(options: WatchesOptions): Watches {
  const { client, log, namespaces, systemNamespace } = options;
  const timing = options.timing ?? realTiming;
  const watches = new Map<string, Map<string, Watch>>();
  const rows = new Map(WATCHED_KINDS.map((row) => [gvkKey(row), row]));
  const running: Promise<void>[] = [];
  let signal: AbortSignal | undefined;

  for (const row of WATCHED_KINDS) for (const namespace of placesOf(row)) add(row, namespace);
  const ofMetadata: readonly MetadataWatch[] = [
    ...NOTICED_KINDS.flatMap((row) => placesOf(row).map((namespace) => watchMetadata(row, namespace))),
    ...(namespaces ? [] : [watchDefinitions()]),
  ];

  function placesOf({ where }: WatchedKind): readonly string[] {
    if (!namespaces) return [''];
    if (where === 'cluster') return [];
    return where === 'served' ? [...new Set(namespaces)] : [...new Set([...namespaces, systemNamespace])];
  }

  function add(row: WatchedKind, namespace: string): void {
    const places = watches.get(gvkKey(row)) ?? new Map<string, Watch>();
    watches.set(gvkKey(row), places);
    if (places.has(namespace)) return;
    const watch = open(row, namespace);
    places.set(namespace, watch);
    if (signal) running.push(watch.reflector.run(signal));
  }

  function open(row: WatchedKind, namespace: string): Watch {
    const { apiVersion, kind, labels, keep } = row;
    const objects = store({
      gvk: { apiVersion, kind },
      labels: INDEXED_LABELS,
      managers: isOwnEntry,
      log,
      ...(keep ? { keep } : {}),
    });
    objects.subscribe((change) => options.onChange(change.old, change.new));
    const query = { apiVersion, kind, ...(labels ? { labels } : {}), ...(namespace ? { namespace } : {}) };
    const sink = {
      put: (object: KubeObject) => objects.put(trimmed(object)),
      remove: (object: KubeObject) => objects.remove(object),
      replace: (found: readonly KubeObject[]) => objects.replace(found.map(trimmed)),
    };
    const onState = (): void => options.onKind({ apiVersion, kind });
    return { row, namespace, store: objects, reflector: reflector({ client, query, sink, log, onState, timing }) };
  }

  function watchMetadata({ apiVersion, kind }: WatchedKind, namespace: string): MetadataWatch {
    const query: Query = { apiVersion, kind, ...(namespace ? { namespace } : {}) };
    // A watch that brings metadata alone names another kind.
    const refIn = (object: KubeObject): Ref => ({ ...refOf(object), apiVersion, kind });
    const versionOf = (object: KubeObject): string => object.metadata.resourceVersion ?? '';
    const sink = {
      put: (object: KubeObject) => options.onNotice(refIn(object), versionOf(object)),
      remove: (object: KubeObject) => options.onNotice(refIn(object), undefined),
      replace: (found: readonly KubeObject[]) =>
        options.onNotices(query, new Map(found.map((object) => [refKey(refIn(object)), versionOf(object)]))),
    };
    const notices = reflector({ client, query, sink, log, metadataOnly: true, timing });
    return { apiVersion, kind, reflector: notices, dispensable: true };
  }

  /** A definition that came or changed may mean that a kind is served now which was not. */
  function watchDefinitions(): MetadataWatch {
    const look = (): void => wakeAll();
    const sink = { put: look, remove: () => {}, replace: look };
    const query = CUSTOM_RESOURCE_DEFINITION;
    return {
      ...query,
      reflector: reflector({ client, query, sink, log, metadataOnly: true, timing }),
      dispensable: false,
    };
  }

  function all(): readonly Watch[] {
    return [...watches.values()].flatMap((places) => [...places.values()]);
  }

  function wakeAll(): void {
    for (const watch of all()) if (watch.reflector.state === 'unserved') watch.reflector.wake();
  }

  async function lookAgain(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await timing.sleep(LOOK_AGAIN, stop);
      wakeAll();
    }
  }

  function isSettled({ row, namespace, reflector: { state, synced } }: Watch): boolean {
    if (row.optional && state === 'unserved') return true;
    // What may not be read beside the served namespaces is a problem of the services that need it.
    if (namespaces && !namespaces.includes(namespace) && state === 'forbidden') return true;
    return synced && (state === 'synced' || state === 'failing');
  }

  function placesFor(gvk: Gvk, namespace: string | undefined): readonly Watch[] {
    const places = watches.get(gvkKey(gvk));
    if (!places) return [];
    const everywhere = places.get('');
    if (everywhere) return [everywhere];
    if (namespace === undefined) return [...places.values()];
    const one = places.get(namespace);
    return one ? [one] : [];
  }

  return {
    coverage(gvk, namespace) {
      const row = rows.get(gvkKey(gvk));
      if (!row) return { state: 'uncached' };
      const places = placesFor(gvk, namespace);
      // A Gateway outside of the watched namespaces is read by name, where that is allowed.
      if (places.length === 0 && row.where === 'served+gateway') return { state: 'uncached' };
      return coverageOf(places);
    },
    owned: (gvk, namespace, uid) => placesFor(gvk, namespace).flatMap(({ store: objects }) => objects.byOwner(uid)),
    observe(object) {
      const [watch] = placesFor(object, object.metadata.namespace);
      watch?.store.observe(trimmed(object));
    },
    watchGateways(namespace) {
      if (!namespaces) return;
      for (const row of WATCHED_KINDS) if (row.where === 'served+gateway') add(row, namespace);
    },
    unsettled: () => [
      ...all()
        .filter((watch) => !isSettled(watch))
        .map(({ row, reflector: { state } }) => `${row.kind}.${row.apiVersion} ${state}`),
      ...ofMetadata
        .filter(({ reflector: { state, synced }, dispensable }) => !synced && !(dispensable && state === 'forbidden'))
        .map(({ apiVersion, kind, reflector: { state } }) => `${kind}.${apiVersion} ${state}`),
    ],
    restarts: () => {
      const sums = new Map<string, number>();
      const add = (kind: string, { restarts }: Reflector): void =>
        void sums.set(kind, (sums.get(kind) ?? 0) + restarts);
      for (const watch of all()) add(watch.row.kind, watch.reflector);
      for (const watch of ofMetadata) add(watch.kind, watch.reflector);
      return sums;
    },
    settled: async () => {
      await Promise.all(all().map((watch) => watch.reflector.settled));
    },
    async run(stop) {
      signal = stop;
      for (const watch of all()) running.push(watch.reflector.run(stop));
      running.push(...ofMetadata.map(({ reflector: one }) => one.run(stop)));
      await Promise.all(namespaces ? [...running, lookAgain(stop)] : running);
      // Watches of Gateways may have been added meanwhile.
      await Promise.all(running);
    },
  };
}

/** What the caches of one kind, in one or in all served namespaces, can answer. */
function coverageOf(places: readonly Watch[]): Coverage {
  const [first] = places;
  if (!first) return { state: 'forbidden' };
  const known = places.filter(
    ({ reflector: { state, synced } }) => synced && state !== 'unserved' && state !== 'forbidden',
  );
  if (known.length === 0) {
    const { state } = first.reflector;
    return { state: state === 'unserved' || state === 'forbidden' ? state : 'uncached' };
  }
  return {
    state: 'cached',
    complete: first.row.labels === undefined,
    get(namespace, name) {
      for (const { store: objects } of known) {
        const object = objects.get(namespace, name);
        if (object) return withManagedFields(object, objects);
      }
      return undefined;
    },
    list: (query: Query) => known.flatMap(({ store: objects }) => objects.list(query)),
  };
}

/** The store keeps the fields that we own beside the object; whoever looks for drift needs them on it. */
function withManagedFields(object: KubeObject, objects: Store): KubeObject {
  const { namespace, name } = object.metadata;
  const managedFields = objects.managedFields(namespace, name);
  return managedFields.length > 0 ? { ...object, metadata: { ...object.metadata, managedFields } } : object;
}
