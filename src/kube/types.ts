import type { Gvk, KubeObject, Query, Ref } from '../api/object.ts';

/** How the API server serves a kind. */
export interface ApiResource extends Gvk {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface RequestOptions {
  /** Query parameters; undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** Default: `application/json`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole request, body included. Default 30,000; 0 for none (watches). */
  readonly timeout?: number;
}

export interface ApplyOptions {
  readonly manager: string;
  /** Take over fields that other managers own. Default false. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListResult<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** The kinds that an API server serves, remembered until told otherwise. */
export interface Discovery {
  /** The resource of a kind; undefined when the server does not serve it. */
  find(gvk: Gvk): Promise<ApiResource | undefined>;
  /** All resources, without those of APIs that did not answer. */
  kinds(): Promise<readonly ApiResource[]>;
  /** Forgets what is remembered, so that the next question asks the server: a CRD came or went. */
  invalidate(): void;
}

/** Raw JSON access to one API server. All methods reject with `ApiError`, or with the transport's own error. */
export interface Client {
  /** One request to a path such as `/api/v1/namespaces`; the parsed JSON answer. */
  request<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
  /** The object, or undefined when it does not exist. */
  read<T extends KubeObject>(ref: Ref, signal?: AbortSignal): Promise<T | undefined>;
  /** All pages of a list; every item carries `apiVersion` and `kind`. */
  list<T extends KubeObject>(
    query: Query,
    options?: { fieldSelector?: string; metadataOnly?: boolean; signal?: AbortSignal },
  ): Promise<ListResult<T>>;
  create<T extends KubeObject>(object: T, options?: { dryRun?: boolean; signal?: AbortSignal }): Promise<T>;
  /** Server-side apply with strict field validation; the object as the server made it. */
  apply<T extends KubeObject>(object: T, options: ApplyOptions): Promise<T>;
  /** JSON merge patch, of a subresource when named. */
  patch<T extends KubeObject>(
    ref: Ref,
    body: unknown,
    options?: { subresource?: string; dryRun?: boolean; signal?: AbortSignal },
  ): Promise<T>;
  /** Deletes; false when there was nothing. Preconditions apply when given. */
  remove(
    ref: Ref,
    options?: {
      uid?: string;
      resourceVersion?: string;
      gracePeriodSeconds?: number;
      propagation?: 'Background' | 'Foreground' | 'Orphan';
      signal?: AbortSignal;
    },
  ): Promise<boolean>;
  /** One watch connection, event by event; ends when the server closes it. */
  watch<T extends KubeObject>(
    query: Query,
    options: {
      resourceVersion?: string;
      timeoutSeconds?: number;
      signal: AbortSignal;
      metadataOnly?: boolean;
      fieldSelector?: string;
    },
  ): AsyncIterable<WatchEvent<T>>;
  /** The resource of a kind by discovery (cached); undefined when the server does not serve it. */
  resource(gvk: Gvk): Promise<ApiResource | undefined>;
  /** What the API server serves. */
  readonly discovery: Discovery;
  close(): Promise<void>;
}
