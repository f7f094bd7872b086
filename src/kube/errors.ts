import { isPlainObject } from '../api/object.ts';

/** What was asked of the API server, in words fit for logs and metrics. */
export interface RequestInfo {
  /** `get`, `list`, `watch`, `create`, `apply`, `patch`, `update`, `delete`, or `dry-run` for those that write nothing. */
  readonly verb: string;
  /** Plural name, with the subresource: `llminferenceservices/status`. The path itself outside of resources. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** One field that the API server refused. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

export interface ApiErrorDetails {
  readonly request: RequestInfo;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes?: readonly Cause[];
  readonly retryAfter?: number;
}

/** The reason of an `ApiError` for a kind or path that the API server does not serve. */
const UNSERVED = 'Unserved';

/** An answer of the API server other than success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly request: RequestInfo;
  /** HTTP status; for a watch the code of the ERROR event. */
  readonly code: number;
  /** The API server's word, such as `NotFound`; empty where it gave none. */
  readonly reason: string;
  /** The API server's sentence alone, without what was asked. */
  readonly detail: string;
  readonly causes: readonly Cause[];
  /** Seconds that the API server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(details: ApiErrorDetails) {
    const { request, code, reason, message } = details;
    super(`${nameOf(request)}: ${code}${reason ? ` ${reason}` : ''}${message ? `: ${message}` : ''}`);
    this.request = request;
    this.code = code;
    this.reason = reason;
    this.detail = message;
    this.causes = details.causes ?? [];
    this.retryAfter = details.retryAfter;
  }
}

/**
 * The error for an answer with status 400 or above.
 *
 * @param body the text of the answer: a `Status` object or anything a proxy wrote
 * @param header the value of `Retry-After`, if any: seconds or a date
 * @param secrets texts that must not appear in a message, such as the token that was sent
 */
export function apiErrorOf(
  request: RequestInfo,
  code: number,
  body: string,
  header?: string,
  secrets: readonly string[] = [],
): ApiError {
  const status = parseStatus(body);
  const retryAfter = retryAfterOf(header) ?? status?.details?.retryAfterSeconds;
  const unserved = code === 404 && (status === undefined || status.message === NO_RESOURCE);
  // A refused Secret comes back with its values in the sentence.
  const quiet = request.resource.split('/')[0] === 'secrets' && code !== 404 && code !== 409 && code !== 403;
  const clean = (text: string): string => secrets.reduce((t, s) => (s ? t.replaceAll(s, '[redacted]') : t), text);
  return new ApiError({
    request,
    code,
    reason: unserved ? UNSERVED : (status?.reason ?? ''),
    message: quiet
      ? 'The text of the answer is left out because it may hold values of the Secret.'
      : clean(status ? (status.message ?? '') : body.trim().slice(0, 300)),
    causes: (status?.details?.causes ?? []).map((cause) => ({
      field: cause.field ?? '',
      message: quiet ? (cause.reason ?? '') : clean(cause.message ?? cause.reason ?? ''),
    })),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** The error for a kind that discovery does not know. */
export function unservedError(request: RequestInfo, apiVersion: string, kind: string): ApiError {
  const message = `The API server does not serve kind ${kind} of ${apiVersion}; install its CustomResourceDefinition.`;
  return new ApiError({ request, code: 404, reason: UNSERVED, message });
}

/** The object does not exist. A kind that is not served counts as well: see `isUnserved`. */
export const isNotFound = (error: unknown): error is ApiError => hasCode(error, 404);
/** The kind, not only the object, is missing. */
export const isUnserved = (error: unknown): error is ApiError => hasCode(error, 404) && error.reason === UNSERVED;
/** The resource version or uid did not match, or another manager owns the field. */
export const isConflict = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasCode(error, 409) && error.reason === 'AlreadyExists';
/** The resource version or continue token is too old. */
export const isGone = (error: unknown): error is ApiError => hasCode(error, 410);
export const isForbidden = (error: unknown): error is ApiError => hasCode(error, 403);
export const isUnauthorized = (error: unknown): error is ApiError => hasCode(error, 401);
/** The object breaks a rule of its schema or of admission. */
export const isInvalid = (error: unknown): error is ApiError => hasCode(error, 422);
export const isBadRequest = (error: unknown): error is ApiError => hasCode(error, 400);
export const isTooManyRequests = (error: unknown): error is ApiError => hasCode(error, 429);
/** The namespace is going away; nothing new can be created in it. */
export const isNamespaceTerminating = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 403 && /because it is being terminated/.test(error.detail);
/** A quota of the namespace does not allow it. */
export const isQuotaExceeded = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 403 && /exceeded quota/.test(error.detail);

const TYPED_PATCH = /failed to create typed patch object \([^)]*\): (?:errors:\s*)?/;

/**
 * The field that a server-side apply was refused for because the type has no such field or another type of value.
 * The API server answers 500 without a reason for it, and trying again does not help.
 *
 * @returns the first path and its complaint, all of them in `causes`; undefined for every other error
 */
export function isTypedPatchError(error: unknown): (Cause & { readonly causes: readonly Cause[] }) | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const start = TYPED_PATCH.exec(error.detail);
  if (!start) return undefined;
  const causes = error.detail
    .slice(start.index + start[0].length)
    .split('\n')
    .map((line) => causeOf(line.trim()))
    .filter((cause) => cause.message !== '');
  const first = causes[0] ?? { field: '', message: error.detail };
  return { ...first, causes };
}

function causeOf(line: string): Cause {
  // List keys are quoted JSON and may hold `: ` themselves.
  const path = /^((?:\.[^.[\]: ]+|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\])+): /.exec(line);
  return path?.[1] ? { field: path[1], message: line.slice(path[0].length) } : { field: '', message: line };
}

const NO_RESOURCE = 'the server could not find the requested resource';

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly field?: string; readonly message?: string; readonly reason?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

function parseStatus(body: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isPlainObject(value) && value['kind'] === 'Status' ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds of a `Retry-After` header; undefined where there is none or it cannot be read. */
export function retryAfterOf(header: string | undefined, now: () => number = Date.now): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now()) / 1000);
}

function hasCode(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

function nameOf({ verb, resource, namespace, name }: RequestInfo): string {
  const object = [namespace, name].filter(Boolean).join('/');
  return object ? `${verb} ${resource} ${object}` : `${verb} ${resource}`;
}
