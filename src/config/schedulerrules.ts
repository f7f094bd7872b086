import type { InferencePoolSpec, LLMInferenceServiceSpec, RouterSpec, SchedulerSpec } from '../api/llmisvc.ts';
import type { Invalid } from './validate.ts';

const HIGHEST_PORT = 65_535;
const HIGHEST_WEIGHT = 1_000_000;
const ROUTE = 'spec.router.route';
const SCHEDULER = 'spec.router.scheduler';
const GROUP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** KServe's rules for splitting traffic and for the scheduler with its pool. What a pool may leave out is filled in before. */
export function trafficProblems({ router }: LLMInferenceServiceSpec): readonly Invalid[] {
  if (!router) return [];
  return [...splitProblems(router), ...schedulerProblems(router.scheduler)];
}

function splitProblems({ route, ingress }: RouterSpec): readonly Invalid[] {
  const { group, weight, http } = route ?? {};
  if (group === undefined && weight === undefined) return [];
  if (ingress) {
    return [
      invalid(`${ROUTE}.group`, 'set beside spec.router.ingress', 'one of the two: groups share a managed HTTPRoute'),
    ];
  }
  const problems: Invalid[] = [];
  if (group === undefined) problems.push(invalid(`${ROUTE}.group`, 'not set', 'a group, because weight is set'));
  else if (group.length > 63 || !GROUP.test(group)) {
    const allowed = "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends";
    problems.push(invalid(`${ROUTE}.group`, JSON.stringify(group), allowed));
  }
  if (weight === undefined) problems.push(invalid(`${ROUTE}.weight`, 'not set', 'a weight, because group is set'));
  else if (weight < 0 || weight > HIGHEST_WEIGHT) {
    problems.push(invalid(`${ROUTE}.weight`, String(weight), `an integer from 0 to ${HIGHEST_WEIGHT}`));
  }
  if (problems.length > 0 || (http?.refs ?? []).length === 0) return problems;
  return [
    invalid(`${ROUTE}.group`, `set beside ${ROUTE}.http.refs`, 'one of the two: groups share a managed HTTPRoute'),
  ];
}

function schedulerProblems(scheduler: SchedulerSpec | undefined): readonly Invalid[] {
  if (!scheduler) return [];
  const { replicas, config, pool } = scheduler;
  const problems: Invalid[] = [];
  if (replicas !== undefined && replicas < 1) {
    problems.push(invalid(`${SCHEDULER}.replicas`, String(replicas), 'an integer of at least 1'));
  }
  return [...problems, ...configProblems(config), ...poolProblems(pool)];
}

function configProblems(config: SchedulerSpec['config']): readonly Invalid[] {
  if (!config) return [];
  const path = `${SCHEDULER}.config`;
  const { inline, ref } = config;
  if ((inline === undefined) === (ref === undefined)) {
    return [invalid(path, ref ? 'both inline and ref' : 'neither inline nor ref', 'exactly one of the two')];
  }
  if (inline !== undefined && Object.keys(inline).length === 0) {
    return [invalid(`${path}.inline`, 'empty', 'a configuration of the endpoint picker')];
  }
  if (!ref || ref.name) return [];
  return [invalid(`${path}.ref.name`, 'not set', 'the name of a ConfigMap')];
}

function poolProblems(pool: SchedulerSpec['pool']): readonly Invalid[] {
  if (!pool?.spec || pool.ref?.name) return [];
  const path = `${SCHEDULER}.pool.spec`;
  return [...shapeProblems(pool.spec, path), ...portProblems(pool.spec, path), ...pickerProblems(pool.spec, path)];
}

/** What is left of the shape of v1alpha1, although the same is said in that of v1alpha2, and a selector of neither. */
function shapeProblems(spec: InferencePoolSpec, path: string): readonly Invalid[] {
  const problems: Invalid[] = [];
  if ('targetPortNumber' in spec) {
    problems.push(invalid(`${path}.targetPortNumber`, 'set beside targetPorts', 'one of the two'));
  }
  if ('extensionRef' in spec) {
    problems.push(invalid(`${path}.extensionRef`, 'set beside endpointPickerRef', 'one of the two'));
  }
  const unknown = Object.keys(spec.selector ?? {}).filter((key) => key !== 'matchLabels');
  const allowed = 'labels: write them as selector.matchLabels';
  if (unknown.length > 0) problems.push(invalid(`${path}.selector`, unknown.join(', '), allowed));
  return problems;
}

function portProblems({ targetPorts = [] }: InferencePoolSpec, path: string): readonly Invalid[] {
  const numbers = targetPorts.map(({ number }) => number);
  const fit = numbers.every((number) => number >= 1 && number <= HIGHEST_PORT);
  if (numbers.length < 1 || numbers.length > 8 || !fit || new Set(numbers).size < numbers.length) {
    const found = numbers.length === 0 ? 'not set' : numbers.join(', ');
    return [invalid(`${path}.targetPorts`, found, `1 to 8 different ports from 1 to ${HIGHEST_PORT}`)];
  }
  return [];
}

function pickerProblems({ endpointPickerRef }: InferencePoolSpec, path: string): readonly Invalid[] {
  const at = `${path}.endpointPickerRef`;
  if (!endpointPickerRef) return [invalid(at, 'not set', 'the endpoint picker of the pool')];
  return endpointPickerRef.name ? [] : [invalid(`${at}.name`, 'not set', 'the name of the endpoint picker')];
}

function invalid(path: string, found: string, allowed: string): Invalid {
  return { part: 'route', path, found, allowed };
}
