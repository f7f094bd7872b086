import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Invalid } from './validate.ts';

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NAME = 63;
const LONGEST_DOMAIN = 253;
const MOST_ANNOTATIONS = 256 * 1024;

/** Labels and annotations of the spec that the API server would refuse on a pod. A value of null says nothing. */
export function labelProblems(spec: LLMInferenceServiceSpec): readonly Invalid[] {
  const labels = said(spec.labels);
  const annotations = said(spec.annotations);
  return [
    ...Object.keys(labels).flatMap((key) => keyProblem('spec.labels', key)),
    ...Object.entries(labels).flatMap(([key, value]) => labelValueProblem(key, value)),
    ...Object.keys(annotations).flatMap((key) => keyProblem('spec.annotations', key)),
    ...sizeProblem(annotations),
  ];
}

function said(entries: Readonly<Record<string, string | null>> | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries ?? {}).map(([key, value]) => [key, value ?? '']));
}

function keyProblem(field: string, key: string): readonly Invalid[] {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  const domain = slash < 0 ? undefined : key.slice(0, slash);
  const domainFits = domain === undefined || (domain.length <= LONGEST_DOMAIN && DOMAIN.test(domain));
  if (domainFits && name.length <= LONGEST_NAME && NAME.test(name)) return [];
  const allowed = `a key of at most ${LONGEST_NAME} letters, digits, '-', '_' and '.', optionally after a DNS domain and '/'`;
  return [{ part: 'workload', path: `${field}[${key}]`, found: JSON.stringify(key), allowed }];
}

function labelValueProblem(key: string, value: string): readonly Invalid[] {
  if (value === '' || (value.length <= LONGEST_NAME && NAME.test(value))) return [];
  const allowed = `at most ${LONGEST_NAME} letters, digits, '-', '_' and '.', with a letter or digit at both ends`;
  return [{ part: 'workload', path: `spec.labels[${key}]`, found: JSON.stringify(value), allowed }];
}

function sizeProblem(annotations: Readonly<Record<string, string>>): readonly Invalid[] {
  const bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes <= MOST_ANNOTATIONS) return [];
  const allowed = `at most ${MOST_ANNOTATIONS} characters for all annotations together`;
  return [{ part: 'workload', path: 'spec.annotations', found: `${bytes} characters`, allowed }];
}
