import type { LLMInferenceServiceStatus } from '../../src/api/llmisvc.ts';
import type { Problem } from '../../src/api/problem.ts';
import {
  AVAILABLE,
  assessOver,
  deployment,
  EARLIER,
  effectiveOf,
  gateway,
  gatewayClass,
  httpRoute,
  line,
  NO_PLAN,
  NOW,
  service,
  workloadService,
} from './statusinput.ts';

const ROUTED = { router: { route: {}, gateway: {} } };
const READY = [deployment({}, AVAILABLE), workloadService, gatewayClass(), gateway(), httpRoute()];
const NOT_FOUND: Problem = {
  code: 'ConfigNotFound',
  name: 'nope',
  namespaces: ['team-a', 'kserve'],
  path: 'spec.baseRefs[0]',
};

const before: LLMInferenceServiceStatus = assessOver(READY, {
  effective: effectiveOf(service(ROUTED)),
  now: EARLIER,
}).status;

describe('status', () => {
  it('is complete at first sight', () => {
    const effective = effectiveOf(service(ROUTED), {
      pins: { 'serving.kserve.io/config-llm-template': 'llmisvc-config-llm-template' },
    });
    const { status, events, retry } = assessOver([], { effective });
    expect(status.observedGeneration).toBe(4);
    expect(status.annotations).toEqual({ 'serving.kserve.io/config-llm-template': 'llmisvc-config-llm-template' });
    expect(status.appliedConfigs).toEqual(effective.appliedConfigs);
    expect(status.conditions?.map(({ type }) => type)).toEqual([
      'HTTPRoutesReady',
      'MainWorkloadReady',
      'PresetsCombined',
      'Ready',
      'RouterReady',
      'WorkloadsReady',
    ]);
    expect(status).toMatchObject({ addresses: [] });
    expect({ events, retry }).toEqual({ events: [], retry: 'none' });
  });

  it('does not change while nothing changes', () => {
    const again = assessOver(READY, { effective: effectiveOf(service(ROUTED, before)) });
    expect(again.status).toEqual(before);
    expect(again.events).toEqual([]);
  });

  it('keeps pins that were written before', () => {
    const old = { ...before, annotations: { a: 'kserve-a', b: 'kserve-b' } };
    const effective = effectiveOf(service(ROUTED, old), { pins: { b: 'llmisvc-b' } });
    expect(assessOver(READY, { effective }).status.annotations).toEqual({ a: 'kserve-a', b: 'llmisvc-b' });
  });

  it('tells transitions of Ready by events', () => {
    const becoming = assessOver(READY, { effective: effectiveOf(service(ROUTED)) });
    expect(becoming.events.map(({ reason }) => reason)).toEqual(['LLMInferenceServiceReady']);
    const broken = assessOver(READY.slice(1), { effective: effectiveOf(service(ROUTED, before)) });
    expect(broken.events).toEqual([
      {
        type: 'Warning',
        reason: 'LLMInferenceServiceNotReady',
        message: 'LLMInferenceService [qwen] is no longer Ready because of: MainWorkloadReady, WorkloadsReady',
      },
    ]);
    expect(line(broken, 'Ready')).toBe('Unknown Progressing: Deployment team-a/qwen-kserve does not exist yet.');
  });

  it('has the workload’s message in Ready while workload and route are under way', () => {
    expect(line(assessOver([], { effective: effectiveOf(service(ROUTED)) }), 'Ready')).toBe(
      'Unknown Progressing: Deployment team-a/qwen-kserve does not exist yet.',
    );
  });
});

describe('a service without a route', () => {
  const result = assessOver(READY, { effective: effectiveOf(service({}, before)) });

  it('is ready and has the address of its Service, and no URL', () => {
    expect(line(result, 'RouterReady')).toBe('True');
    expect(line(result, 'Ready')).toBe('True');
    expect(line(result, 'HTTPRoutesReady')).toBeUndefined();
    expect(result.status.addresses).toEqual([{ url: 'http://qwen-kserve-workload-svc.team-a.svc.cluster.local:8000' }]);
    // KServe leaves a stale URL when the router is removed.
    expect(result.status).not.toHaveProperty('url');
    expect(result.status).not.toHaveProperty('router');
  });
});

describe('a stopped service', () => {
  const stopped = { stopped: true };

  it('shows every part stopped and nothing that would answer', () => {
    const { status, events } = assessOver(READY, { effective: effectiveOf(service(ROUTED, before), stopped) });
    const of = status.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]);
    const all = [
      'GatewaysReady',
      'HTTPRoutesReady',
      'InferencePoolReady',
      'MainWorkloadReady',
      'PrefillWorkerWorkloadReady',
      'PrefillWorkloadReady',
      'Ready',
      'RouterReady',
      'SchedulerWorkloadReady',
      'TokenizerReady',
      'WorkerWorkloadReady',
      'WorkloadsReady',
    ].map((type) => [type, 'False', 'Stopped', 'Service is stopped']);
    expect(of?.filter(([type]) => type !== 'PresetsCombined')).toEqual(all);
    expect(of?.find(([type]) => type === 'PresetsCombined')?.[1]).toBe('True');
    // KServe keeps status.url, which nothing answers any more.
    expect(Object.keys(status).sort()).toEqual(['appliedConfigs', 'conditions', 'observedGeneration']);
    expect(events[0]?.reason).toBe('LLMInferenceServiceNotReady');
  });

  it('warns when its configs cannot be combined', () => {
    const effective = effectiveOf(service(ROUTED), { ...stopped, combined: false, problems: [NOT_FOUND] });
    expect(line(assessOver([], { effective }), 'PresetsCombined')).toMatch(
      /^False Stopped: Service is stopped with warning: LLMInferenceServiceConfig "nope" not found/,
    );
  });

  it('warns when something could not be removed, and tries again', () => {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'qwen-kserve' };
    const problem: Problem = { code: 'Forbidden', part: 'workload', ref, verb: 'delete', message: '' };
    const result = assessOver([], {
      effective: effectiveOf(service(), stopped),
      outcomes: [{ ref, action: 'failed', problem }],
    });
    expect(line(result, 'MainWorkloadReady')).toMatch(
      /^False Stopped: Service is stopped with warning: The operator may not delete/,
    );
    expect(result.retry).toBe('backoff');
  });

  it('has only the parts that it has when it runs again', () => {
    const { status } = assessOver(READY, { effective: effectiveOf(service(ROUTED), stopped) });
    const again = assessOver(READY, { effective: effectiveOf(service(ROUTED, status)) });
    expect(line(again, 'TokenizerReady')).toBeUndefined();
    expect(line(again, 'Ready')).toBe('True');
  });
});

describe('a service whose configs cannot be combined', () => {
  const plan = { ...NO_PLAN, held: new Set(['config', 'workload', 'route', 'gateway'] as const) };
  const broken = (status?: LLMInferenceServiceStatus): ReturnType<typeof effectiveOf> => {
    const { appliedConfigs: _, ...effective } = effectiveOf(service({ baseRefs: [{ name: 'nope' }] }, status));
    return { ...effective, combined: false, problems: [NOT_FOUND] };
  };

  it('shows the reason, and nothing of parts that do not exist', () => {
    const { status, ...result } = assessOver([], { effective: broken(), plan });
    expect(status.conditions?.map(({ type, status: value, reason }) => [type, value, reason])).toEqual([
      ['PresetsCombined', 'False', 'ConfigNotFound'],
      ['Ready', 'False', 'ConfigNotFound'],
      ['RouterReady', 'Unknown', 'PresetsNotCombined'],
      ['WorkloadsReady', 'Unknown', 'PresetsNotCombined'],
    ]);
    expect(status).not.toHaveProperty('appliedConfigs');
    expect(result.retry).toBe('none');
  });

  it('goes on telling about what runs', () => {
    const { status, ...result } = assessOver(READY, { effective: broken(before), plan });
    expect(line({ status, ...result }, 'MainWorkloadReady')).toBe('True');
    expect(line({ status, ...result }, 'HTTPRoutesReady')).toBe('True');
    expect(status.url).toBe(before.url);
    expect(status.workloads).toEqual(before.workloads);
  });

  it('keeps the URL while the route cannot be told', () => {
    const { status } = assessOver([], { effective: broken(before), plan });
    expect([status.url, status.addresses, status.router]).toEqual([before.url, before.addresses, before.router]);
  });

  it('waits while the configs are being read', () => {
    const effective = effectiveOf(service(), { combined: false });
    expect(line(assessOver([], { effective, plan }), 'PresetsCombined')).toBe(
      'Unknown Progressing: The configs are being read.',
    );
  });
});

describe('problems', () => {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'qwen-kserve' };

  it('of applying make the condition of their part, also while the older version runs', () => {
    const problem: Problem = { code: 'ChildRejected', part: 'workload', ref, message: 'bad', path: 'spec.template' };
    const result = assessOver(READY, {
      effective: effectiveOf(service(ROUTED)),
      outcomes: [{ ref, action: 'failed', problem }],
    });
    expect(line(result, 'Ready')).toMatch(/^False ReconcileSingleNodeWorkloadError: The API server refuses/);
    expect([result.retry, result.requeueAfterSeconds]).toEqual(['none', 300]);
    expect(result.status.url).toBeDefined();
  });

  it('of the transport are Unknown and tried again', () => {
    const problem: Problem = { code: 'ApiServerError', part: 'workload', ref, message: 'reset' };
    const result = assessOver(READY, {
      effective: effectiveOf(service(ROUTED)),
      outcomes: [{ ref, action: 'failed', problem }],
    });
    expect(line(result, 'Ready')).toMatch(/^Unknown ApiServerError/);
    expect(result.retry).toBe('backoff');
  });

  it('that are warnings are shown and change nothing', () => {
    const problem: Problem = {
      code: 'DuplicateListKey',
      path: 'spec.template.containers[name=main].env',
      key: 'name',
      value: 'A',
    };
    const result = assessOver(READY, {
      effective: effectiveOf(service(ROUTED)),
      plan: { ...NO_PLAN, problems: [problem] },
    });
    expect(result.status.conditions).toContainEqual({
      type: 'Warning',
      status: 'True',
      severity: 'Info',
      reason: 'DuplicateListKey',
      message: expect.stringContaining('env') as string,
      lastTransitionTime: NOW,
    });
    expect(line(result, 'Ready')).toBe('True');
    expect(line(assessOver(READY, { effective: effectiveOf(service(ROUTED)) }), 'Warning')).toBeUndefined();
  });

  it('do not change what was handed in', () => {
    const effective = effectiveOf(service(ROUTED, before), { problems: [NOT_FOUND] });
    const copy = structuredClone({ ...effective, originOf: null });
    assessOver(READY, { effective });
    expect({ ...effective, originOf: null }).toEqual(copy);
  });
});
