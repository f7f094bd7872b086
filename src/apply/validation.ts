import type { Candidate, DryRunRef, Verdict } from '../api/dryrun.ts';
import { LLMISVC } from '../api/llmisvc.ts';
import {
  ApiError,
  type Cause,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isQuotaExceeded,
  unservedError,
} from '../kube/errors.ts';
import { resourcePath } from '../kube/paths.ts';
import type { Client } from '../kube/types.ts';
import { LACKS_RIGHT } from './refusal.ts';

type Asking = Pick<Client, 'request' | 'resource'>;

/**
 * Asks the API server whether it would create a service of a merged spec, with a dry run: nothing is stored. Unknown
 * fields are let through, because what was stored has none, and services and configs may have definitions of different
 * age.
 *
 * @returns the verdict, also when there was none to be had
 * @throws the reason of the signal, and nothing else
 */
export async function verdictOn(question: DryRunRef, client: Asking, signal: AbortSignal): Promise<Verdict> {
  try {
    await dryRun(question.candidate, client, signal);
    return accepted(question);
  } catch (error) {
    signal.throwIfAborted();
    return isAboutQuota(error) || isUnjudged(error) ? accepted(question) : refused(question, error);
  }
}

/** The verdict of an API server that would create the service. */
export function accepted({ apiVersion, kind, name, namespace }: DryRunRef): Verdict {
  return { apiVersion, kind, metadata: { name, namespace }, outcome: 'Accepted', message: '', causes: [] };
}

/** What an error says about the merged spec, in words that are the same whenever it is asked. */
export function refused(question: DryRunRef, error: unknown): Verdict {
  const { candidate } = question;
  const plain = (text: string): string => withoutGeneratedName(text, candidate);
  const causes =
    error instanceof ApiError ? error.causes.filter((cause) => !isUnjudgedRule(cause) && !isRemark(cause)) : [];
  return {
    ...accepted(question),
    outcome: outcomeOf(error),
    message: plain(error instanceof ApiError ? error.detail || error.message : textOf(error)),
    causes: causes.map((cause) => ({ ...cause, message: plain(cause.message) })),
  };
}

/**
 * The service itself is counted already, and nothing is added to it. Quotas are looked at when everything else has let
 * the object pass: `ResourceQuota` is the last plugin of admission.
 */
function isAboutQuota(error: unknown): boolean {
  return isQuotaExceeded(error) || (isForbidden(error) && /status unknown for quota/.test(error.detail));
}

/** Whether nothing is wrong but rules that cannot be evaluated. */
function isUnjudged(error: unknown): boolean {
  if (!isInvalid(error) || !error.causes.some(isUnjudgedRule)) return false;
  return error.causes.every((cause) => isUnjudgedRule(cause) || isRemark(cause));
}

/**
 * A rule of a definition that reads a field without asking whether it is there says nothing about the spec. Those of the
 * Gateway API, for one, count on defaults, which definitions of services do not fill in.
 */
function isUnjudgedRule({ message }: Cause): boolean {
  return /no such key: \S+ evaluating rule: /.test(message);
}

/** The API server adds it where there are mistakes of the schema and rules that it has not come to. */
function isRemark({ field, message }: Cause): boolean {
  return field === '<nil>' && message.includes('some validation rules were not checked');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function dryRun(candidate: Candidate, client: Asking, signal: AbortSignal): Promise<void> {
  const { namespace } = candidate.metadata;
  const resource = await client.resource(LLMISVC);
  if (!resource) {
    const request = { verb: 'dry-run', resource: 'llminferenceservices', namespace };
    throw unservedError(request, LLMISVC.apiVersion, LLMISVC.kind);
  }
  const query = { dryRun: 'All', fieldValidation: 'Ignore' };
  await client.request('POST', resourcePath(resource, namespace), { query, body: candidate, signal });
}

function outcomeOf(error: unknown): Verdict['outcome'] {
  if (isInvalid(error)) return 'Invalid';
  if (isNamespaceTerminating(error)) return 'NamespaceTerminating';
  return isForbidden(error) && LACKS_RIGHT.test(error.detail) ? 'NotAllowed' : 'Failed';
}

/** Characters of `generateName` that the API server keeps. */
const HEAD = 58;

/** The name differs from attempt to attempt, and what is said about a service must not. */
function withoutGeneratedName(text: string, { metadata }: Candidate): string {
  const head = metadata.generateName.slice(0, HEAD);
  return text.replaceAll(new RegExp(`${head.replaceAll('.', '\\.')}[a-z0-9]+`, 'g'), `${head}…`);
}
