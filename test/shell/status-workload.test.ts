import type { KubeObject } from '../../src/api/object.ts';
import {
  deployment,
  AVAILABLE,
  assessOver,
  EARLIER,
  effectiveOf,
  line,
  NO_PLAN,
  object,
  service,
  workloadService,
} from './statusinput.ts';

type Loose = Readonly<Record<string, unknown>>;

const LABELS = { 'app.kubernetes.io/name': 'qwen', 'app.kubernetes.io/part-of': 'llminferenceservice' };
const MAIN = {
  name: 'main',
  image: 'vllm:1',
  resources: { requests: { cpu: '2' }, limits: { cpu: '4', memory: '32Gi', 'nvidia.com/gpu': '8' } },
};
const INIT = { name: 'storage-initializer', image: 'init:1' };
const SCHEDULED = { type: 'PodScheduled', status: 'True' };

function pod(
  status: Loose,
  { name = 'qwen-1', revision = 'new', created = '2026-01-02T00:00:00Z', spec = {} as Loose } = {},
): KubeObject {
  return object(
    'v1',
    'Pod',
    { name, labels: { ...LABELS, 'pod-template-hash': revision }, creationTimestamp: created },
    { spec: { containers: [MAIN], ...spec }, status: { phase: 'Pending', conditions: [SCHEDULED], ...status } },
  );
}

/** A pod whose main container is in this state. */
function main(state: Loose, more: Loose = {}): KubeObject {
  return pod({ containerStatuses: [{ name: 'main', state, ready: false, restartCount: 0, ...more }] });
}

function init(state: Loose, more: Loose = {}): KubeObject {
  return pod(
    {
      initContainerStatuses: [{ name: 'storage-initializer', state, restartCount: 0, ...more }],
      containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }],
    },
    { spec: { initContainers: [INIT], containers: [MAIN] } },
  );
}

const ROLLING = deployment({}, { replicas: 1, updatedReplicas: 1 });
const STAND = 'Deployment team-a/qwen-kserve has 1 of 1 replicas of the current version, 0 available. ';

function readiness(objects: readonly KubeObject[], before?: string): string | undefined {
  const condition = {
    type: 'MainWorkloadReady',
    status: 'False',
    reason: before ?? '',
    lastTransitionTime: EARLIER,
  } as const;
  const effective = effectiveOf(service({}, before ? { conditions: [condition] } : undefined));
  return line(assessOver(objects, { effective }), 'MainWorkloadReady');
}

describe('a Deployment', () => {
  it.each<[string, KubeObject, string]>([
    ['that is complete', deployment({}, AVAILABLE), 'True'],
    [
      'whose controller lags behind',
      deployment({}, { ...AVAILABLE, observedGeneration: 1 }, { generation: 2 }),
      'Unknown Progressing: Deployment team-a/qwen-kserve was changed, and its controller has not looked at it yet.',
    ],
    [
      'that its controller has not seen',
      deployment({}, { observedGeneration: 0 }),
      'Unknown Progressing: Deployment team-a/qwen-kserve is new, and its controller has not looked at it yet.',
    ],
    [
      'of zero replicas',
      deployment({ replicas: 0 }, { ...AVAILABLE, replicas: 0 }),
      'Unknown ScaledToZero: Nothing serves: replicas of Deployment team-a/qwen-kserve is 0. Set spec.replicas to 1 or more.',
    ],
    [
      'that still runs an older version beside the new one',
      deployment({}, { ...AVAILABLE, replicas: 2 }),
      'Unknown Progressing: Deployment team-a/qwen-kserve has 1 of 1 replicas of the current version, 1 available, 1 of an older version still running.',
    ],
    [
      'that is available with fewer replicas than wanted',
      deployment({ replicas: 3 }, AVAILABLE),
      'Unknown Progressing: Deployment team-a/qwen-kserve has 1 of 3 replicas of the current version, 1 available.',
    ],
    [
      'that made no progress',
      deployment(
        {},
        {
          conditions: [
            { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'It has timed out.' },
          ],
        },
      ),
      'False ProgressDeadlineExceeded: Deployment team-a/qwen-kserve has 0 of 1 replicas of the current version, 0 available. No progress was made within its progressDeadlineSeconds. It has timed out.',
    ],
    [
      'that exceeds a quota',
      deployment(
        {},
        {
          conditions: [
            {
              type: 'ReplicaFailure',
              status: 'True',
              reason: 'FailedCreate',
              message: 'pods "q" is forbidden: exceeded quota: gpus',
            },
          ],
        },
      ),
      'False QuotaExceeded: Deployment team-a/qwen-kserve cannot create its pods: pods "q" is forbidden: exceeded quota: gpus. Free resources in the namespace or raise its ResourceQuota.',
    ],
    [
      'whose pods are refused',
      deployment(
        {},
        {
          conditions: [
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'violates PodSecurity' },
          ],
        },
      ),
      'False FailedCreate: Deployment team-a/qwen-kserve cannot create its pods: violates PodSecurity.',
    ],
    [
      'that belongs to somebody else',
      deployment({}, AVAILABLE, { ownerReferences: [] }),
      'Unknown Progressing: Deployment team-a/qwen-kserve does not exist yet.',
    ],
  ])('%s', (_name, live, expected) => {
    expect(readiness([live])).toBe(expected);
  });

  it('that does not exist yet', () => {
    expect(readiness([])).toBe('Unknown Progressing: Deployment team-a/qwen-kserve does not exist yet.');
  });

  it('that is held back by problems', () => {
    const assessment = assessOver([], { plan: { ...NO_PLAN, held: new Set(['workload']) } });
    expect(line(assessment, 'MainWorkloadReady')).toBe(
      'Unknown Progressing: Deployment team-a/qwen-kserve is not created before the problems are solved.',
    );
  });

  it('is not called complete before the change that was just applied has been looked at', () => {
    const live = deployment({}, AVAILABLE);
    const applied = deployment({}, AVAILABLE, { generation: 2 });
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'qwen-kserve' };
    const outcomes = [{ ref, action: 'configured', object: applied }] as const;
    expect(line(assessOver([live], { outcomes }), 'MainWorkloadReady')).toMatch(/^Unknown Progressing: .* was changed/);
  });

  it('is seen before it is in the cache, or while the cache has the one that it replaced', () => {
    const applied = deployment({}, { observedGeneration: 0 }, { uid: 'new' });
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'qwen-kserve' };
    const outcomes = [{ ref, action: 'created', object: applied }] as const;
    for (const objects of [[], [deployment({}, AVAILABLE, { uid: 'old' })]]) {
      expect(line(assessOver(objects, { outcomes }), 'MainWorkloadReady')).toMatch(/^Unknown Progressing: .* is new/);
    }
  });

  it('is listed in status.workloads with the Service', () => {
    expect(assessOver([deployment({}, AVAILABLE), workloadService]).status.workloads).toEqual({
      primary: { apiGroup: 'apps', kind: 'Deployment', name: 'qwen-kserve', readyReplicas: 1 },
      service: { kind: 'Service', name: 'qwen-kserve-workload-svc' },
    });
    expect(assessOver([ROLLING]).status.workloads?.primary?.readyReplicas).toBe(0);
    expect(assessOver([]).status).not.toHaveProperty('workloads');
  });

  it('needs no look at the pods while it is complete', () => {
    const kinds = (live: KubeObject): string[] =>
      assessOver([live]).reads.flatMap((read) => ('query' in read ? [read.query.kind] : []));
    expect(kinds(deployment({}, AVAILABLE))).not.toContain('Pod');
    expect(kinds(ROLLING)).toContain('Pod');
  });
});

const OOM = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
const CRASH = { terminated: { exitCode: 1, reason: 'Error', message: 'CUDA error\n' } };
const CRASHES = 'Container main of Pod qwen-1 crashes again and again: it ended';

describe('the cause seen in a pod', () => {
  it.each<[string, KubeObject, string]>([
    [
      'no node has the GPUs',
      pod({
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message:
              '0/2 nodes are available: 2 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
          },
        ],
      }),
      'Pod qwen-1 finds no node: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu. Container main asks for nvidia.com/gpu: 8.',
    ],
    [
      'no node fits otherwise',
      pod({
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/2 nodes are available: 2 node(s) had untolerated taint',
          },
        ],
      }),
      'Pod qwen-1 finds no node: 0/2 nodes are available: 2 node(s) had untolerated taint.',
    ],
    ['the scheduler has not looked', pod({ conditions: [] }), 'Pod qwen-1 waits for the scheduler to find a node.'],
    [
      'scheduling gates',
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'x' }] }),
      'Pod qwen-1 is held back by the gates in its spec.schedulingGates.',
    ],
    ['nothing reported by the kubelet', pod({}), 'Container main of Pod qwen-1 is being created.'],
    [
      'a container in creation',
      main({ waiting: { reason: 'ContainerCreating' } }),
      'Container main of Pod qwen-1 is being created.',
    ],
    [
      'a container that lacks a Secret',
      main({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "hf" not found' } }),
      'Container main of Pod qwen-1 cannot start: secret "hf" not found.',
    ],
    [
      'an image that could not be pulled once',
      main({ waiting: { reason: 'ErrImagePull', message: 'not found' } }),
      'Container main of Pod qwen-1: the image vllm:1 cannot be pulled: not found. Correct the image or its pull secret.',
    ],
    [
      'the init container runs',
      init({ running: {} }),
      'Init container storage-initializer of Pod qwen-1 is fetching the model.',
    ],
    [
      'the init container failed',
      init(CRASH, { restartCount: 1 }),
      'Init container storage-initializer of Pod qwen-1 ended with exit code 1. Its last words: CUDA error. It is started again.',
    ],
    [
      'a sidecar that runs among the init containers',
      pod(
        {
          initContainerStatuses: [{ name: 'proxy', state: { running: {} }, started: true, ready: true }],
          containerStatuses: [{ name: 'main', state: { running: {} }, started: false }],
        },
        { spec: { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }], containers: [MAIN] } },
      ),
      'Container main of Pod qwen-1 runs and the model is loading: its startup probe does not pass yet.',
    ],
    [
      'the init container is done',
      init({ terminated: { exitCode: 0 } }),
      'Container main of Pod qwen-1 is being created.',
    ],
    [
      'the startup probe',
      main({ running: {} }, { started: false }),
      'Container main of Pod qwen-1 runs and the model is loading: its startup probe does not pass yet.',
    ],
    [
      'the readiness probe',
      main({ running: {} }, { started: true }),
      'Container main of Pod qwen-1 runs and the model is loading: its readiness probe does not pass yet.',
    ],
    [
      'a second attempt after running out of memory',
      main({ running: {} }, { started: false, restartCount: 1, lastState: OOM }),
      'Container main of Pod qwen-1 runs and the model is loading: its startup probe does not pass yet. It ended before for lack of memory (OOMKilled). Raise resources.limits.memory of container main, which is 32Gi.',
    ],
    [
      'a pod that was evicted',
      pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }),
      'Pod qwen-1 failed and is replaced: low on memory.',
    ],
  ])('%s', (_name, live, words) => {
    expect(readiness([ROLLING, live])).toBe(`Unknown Progressing: ${STAND}${words}`);
  });

  it.each<[string, KubeObject, string]>([
    [
      'a crash loop',
      main({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } }, { restartCount: 1, lastState: CRASH }),
      `False CrashLoopBackOff: ${CRASHES} with exit code 1. Its last words: CUDA error.`,
    ],
    [
      'a crash loop for lack of memory',
      main({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 2, lastState: OOM }),
      `False CrashLoopBackOff: ${CRASHES} for lack of memory (OOMKilled). Raise resources.limits.memory of container main, which is 32Gi.`,
    ],
    [
      'three restarts, between two crashes',
      main({ running: {} }, { restartCount: 7, lastState: CRASH }),
      `False CrashLoopBackOff: ${CRASHES} with exit code 1. Its last words: CUDA error.`,
    ],
    [
      'an init container in a crash loop',
      init(
        { waiting: { reason: 'CrashLoopBackOff' } },
        { restartCount: 1, lastState: { terminated: { exitCode: 2 } } },
      ),
      'False CrashLoopBackOff: Init container storage-initializer of Pod qwen-1 crashes again and again: it ended with exit code 2.',
    ],
    [
      'an image that cannot be pulled',
      main({
        waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "vllm:1": ErrImagePull: not found' },
      }),
      'False ImagePullBackOff: Container main of Pod qwen-1: the image vllm:1 cannot be pulled: not found. Correct the image or its pull secret.',
    ],
    [
      'an image name that is none',
      main({ waiting: { reason: 'InvalidImageName', message: 'bad' } }),
      'False InvalidImageName: Container main of Pod qwen-1: the image vllm:1 cannot be pulled: bad. Correct the image or its pull secret.',
    ],
  ])('is a failure: %s', (_name, live, expected) => {
    expect(readiness([ROLLING, live])).toBe(expected);
  });

  it('stays a failure between two attempts', () => {
    const crashed = main({ running: {} }, { restartCount: 1, lastState: CRASH });
    expect(readiness([ROLLING, crashed])).toMatch(/^Unknown/);
    expect(readiness([ROLLING, crashed], 'CrashLoopBackOff')).toMatch(/^False CrashLoopBackOff/);
    const pulling = main({ waiting: { reason: 'ErrImagePull', message: 'not found' } });
    expect(readiness([ROLLING, pulling], 'ImagePullBackOff')).toMatch(/^False ImagePullBackOff/);
  });

  it('is that of the newest revision, failures first', () => {
    const old = pod({}, { name: 'qwen-0', revision: 'old', created: '2026-01-01T00:00:00Z' });
    const loading = main({ running: {} });
    const crashing = {
      ...main({ waiting: { reason: 'CrashLoopBackOff' } }),
      metadata: { ...loading.metadata, name: 'qwen-2' },
    };
    expect(readiness([ROLLING, old, loading])).toContain('Pod qwen-1 runs');
    expect(readiness([ROLLING, loading, crashing])).toMatch(/^False CrashLoopBackOff: .* Pod qwen-2/);
  });

  it('is not that of pods that are ready or being deleted', () => {
    const ready = pod({ conditions: [SCHEDULED, { type: 'Ready', status: 'True' }] });
    const leaving = pod({}, { name: 'qwen-9' });
    const deleting = { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: EARLIER } };
    expect(readiness([ROLLING, ready, deleting])).toBe(`Unknown Progressing: ${STAND.trim()}`);
  });

  it('does not change with delays, counters and times', () => {
    const reads = (delay: string, restartCount: number): unknown => {
      const live = main(
        { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${delay}` } },
        { restartCount, lastState: CRASH },
      );
      const found = assessOver([ROLLING, live]).reads.find((read) => 'query' in read && read.query.kind === 'Pod');
      return found?.answer;
    };
    expect(reads('10s', 4)).toEqual(reads('5m0s', 40));
  });
});
