import type { LLMInferenceService } from '../api/llmisvc.ts';
import { ANNOTATION_DRA } from '../api/wellknown.ts';
import type { Invalid } from './validate.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** KServe's rules for the annotations of managed dynamic resource allocation; expressions of a schema do not see them. */
export function deviceClaimProblems({ metadata: { annotations = {} } }: LLMInferenceService): readonly Invalid[] {
  const { deviceClass, deviceCount, celSelector, containerName } = ANNOTATION_DRA;
  const values = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, value.trim()]));
  const needs = [deviceCount, celSelector, containerName].filter((key) => values[key] !== undefined);
  const [klass, count, container] = [values[deviceClass], values[deviceCount], values[containerName]];
  const problems: Invalid[] = [];
  if (klass === undefined && needs[0] !== undefined) {
    problems.push(invalid(deviceClass, 'not set', `a DeviceClass, because ${needs[0]} is set`));
  }
  if (klass !== undefined && (klass.length > 253 || !SUBDOMAIN.test(klass))) {
    problems.push(invalid(deviceClass, JSON.stringify(klass), 'the name of a DeviceClass (a DNS subdomain)'));
  }
  if (count && !(/^[+-]?\d+$/.test(count) && Number(count) >= 1)) {
    problems.push(invalid(deviceCount, JSON.stringify(count), 'an integer of at least 1'));
  }
  if (values[celSelector] === '') problems.push(invalid(celSelector, 'empty', 'one CEL expression a line'));
  if (container !== undefined && (container.length > 63 || !LABEL.test(container))) {
    problems.push(invalid(containerName, JSON.stringify(container), 'the name of a container (a DNS label)'));
  }
  return problems;
}

function invalid(key: string, found: string, allowed: string): Invalid {
  return { part: 'workload', path: `metadata.annotations[${key}]`, found, allowed };
}
