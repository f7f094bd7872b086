import { join } from 'node:path';
import { DEPLOYMENT } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { llmisvc, useFolder } from '../cli/cliprocess.ts';
import { waitFor } from '../support/controlplane.ts';
import { type FaultyProxy, faultyProxy } from '../support/faultyproxy.ts';
import { install, operatorKubeconfig } from '../support/installed.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';
import { writeDocuments } from '../support/yaml.ts';

const cluster = useCluster();
const folder = useFolder();
const namespace = 'default';
const MOST = 4;
let proxy: FaultyProxy;
let operator: OperatorProcess;

beforeAll(async () => {
  const { apply, client, controlPlane, operator: start } = cluster();
  await apply(...policy());
  await waitFor('the policy to be in force', 60_000, async () => {
    const refused = await client.create(service('probe', { replicas: MOST + 1 }), { dryRun: true }).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    return refused?.includes('few-replicas') || undefined;
  });
  proxy = await faultyProxy(controlPlane.kubeconfig, join(controlPlane.stateDir, 'proxy.kubeconfig'));
  operator = await start({ kubeconfig: proxy.kubeconfig });
}, 120_000);

afterAll(async () => {
  await operator?.stop();
  await proxy?.close();
}, 30_000);

afterEach(async () => {
  proxy.fault = undefined;
  // Whatever was asked, nothing was stored.
  const { items } = await cluster().client.list(LLMISVC);
  expect(items.map(({ metadata }) => metadata.name).filter((name) => name.includes('-validation-'))).toEqual([]);
});

describe('a merged spec', () => {
  it('that the cluster refuses, although its layers are allowed, is not acted on until it is corrected', async () => {
    await cluster().apply(base('many', MOST + 1), service('pair', { baseRefs: [{ name: 'many' }] }));
    const refused = await combined('pair', 'InvalidRenderedConfig');
    expect(conditionOf(refused, 'PresetsCombined')).toMatchObject({
      status: 'False',
      message:
        'Dry-run validation failed after merging configs [Preset:kserve/llmisvc-config-llm-router-route, ' +
        'Preset:kserve/llmisvc-config-llm-template, UserRef:default/many]: ' +
        "ValidatingAdmissionPolicy 'few-replicas' with binding 'few-replicas' denied request: at most 4 replicas.",
    });
    expect(refused.status?.appliedConfigs).toHaveLength(3);
    await operator.settled();
    expect(await cluster().client.read(deployment('pair'))).toBeUndefined();
    await cluster().apply(base('many', MOST));
    await cluster().until('the Deployment', deployment('pair'), () => true);
    await combined('pair', undefined);
  }, 60_000);

  it('that is refused later leaves what runs as it is', async () => {
    await cluster().apply(base('growing', 1), service('running', { baseRefs: [{ name: 'growing' }] }));
    const { metadata } = await cluster().until('the Deployment', deployment('running'), () => true);
    await combined('running', undefined);
    await cluster().apply(base('growing', MOST + 1));
    await combined('running', 'InvalidRenderedConfig');
    await operator.settled();
    const now = await cluster().get(deployment('running'));
    expect(now.metadata).toMatchObject({ uid: metadata.uid, generation: metadata.generation });
    // Back at what was accepted before: nobody need be asked.
    const before = asked();
    await cluster().apply(base('growing', 1));
    await combined('running', undefined);
    expect(asked()).toBe(before);
  }, 60_000);

  it('is asked about once, and neither again for another reason nor after a restart', async () => {
    await operator.settled();
    const first = asked();
    await cluster().apply(service('once', { replicas: 1 }));
    await combined('once', undefined);
    await operator.settled();
    expect(asked()).toBe(first + 1);
    await cluster().client.patch(
      { ...LLMISVC, namespace, name: 'once' },
      { metadata: { labels: { another: 'pass' } } },
    );
    await operator.settled();
    await operator.stop();
    operator = await cluster().operator({ kubeconfig: proxy.kubeconfig });
    await operator.settled();
    expect(asked()).toBe(first + 1);
    expect(await operator.writes()).toBe(0);
    await cluster().apply(service('once', { replicas: 2 }));
    await cluster().until<Scaled>('the change', deployment('once'), ({ spec }) => spec?.replicas === 2);
    await operator.settled();
    expect(asked()).toBe(first + 2);
  }, 90_000);

  it('waits while the API server cannot judge it, says why, and goes on by itself', async () => {
    proxy.fault = ({ method, url = '' }) =>
      method === 'POST' && url.includes('/llminferenceservices?')
        ? {
            status: 500,
            body: { kind: 'Status', message: 'failed calling webhook "p" for "unjudged-validation-abcde"' },
          }
        : undefined;
    await cluster().apply(service('unjudged'));
    const waiting = await combined('unjudged', 'ValidationUnavailable');
    expect(conditionOf(waiting, 'PresetsCombined')).toMatchObject({ status: 'Unknown' });
    expect(conditionOf(waiting, 'PresetsCombined')?.message).toContain('for "unjudged-validation-…". This is tried');
    expect(waiting.status?.appliedConfigs).toHaveLength(2);
    expect(await cluster().client.read(deployment('unjudged'))).toBeUndefined();
    const { resourceVersion } = waiting.metadata;
    const tried = asked();
    await waitFor('another attempt', 20_000, async () => asked() > tried || undefined);
    const later = await cluster().get({ ...LLMISVC, namespace, name: 'unjudged' });
    expect(later.metadata.resourceVersion).toBe(resourceVersion);
    proxy.fault = undefined;
    await cluster().until('the Deployment', deployment('unjudged'), () => true);
    await combined('unjudged', undefined);
  }, 60_000);

  it('is not refused for a quota that the service itself has used up', async () => {
    const inSmall = { namespace: 'small' };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'services', ...inSmall } };
    const hard = { 'count/llminferenceservices.serving.kserve.io': '1' };
    await cluster().apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'small' } });
    await cluster().apply(service('only', {}, inSmall), { ...quota, spec: { hard } });
    let looks = 0;
    await waitFor('the quota to be used up', 80_000, async () => {
      // The controller looks every thirty seconds for kinds that are new to it, and at a quota again when it is changed.
      looks += 1;
      await cluster().apply({ ...quota, spec: { hard: { ...hard, pods: String(looks) } } });
      const refused = await cluster()
        .client.create(service('second', {}, inSmall), { dryRun: true })
        .then(
          () => '',
          (error: unknown) => String(error),
        );
      return /exceeded quota/.test(refused) || undefined;
    });
    await cluster().apply(service('only', { replicas: 2 }, inSmall));
    const ref = { ...DEPLOYMENT, ...inSmall, name: 'only-kserve' };
    await cluster().until<Scaled>('the change', ref, ({ spec }) => spec?.replicas === 2);
    // What is wrong is still said: a quota is looked at last.
    await cluster().apply(base('toomany', MOST + 1, 'small'));
    await cluster().apply(service('only', { baseRefs: [{ name: 'toomany' }] }, inSmall));
    await combined('only', 'InvalidRenderedConfig', 'small');
  }, 150_000);
});

describe('the command line', () => {
  const many = service('from-file', { baseRefs: [{ name: 'cli-many' }] });
  const cli = (command: string, kubeconfig: string, ...objects: readonly object[]): ReturnType<typeof llmisvc> =>
    llmisvc([command, '-f', folder.write('input.yaml', writeDocuments(objects)), '--kubeconfig', kubeconfig]);

  it('says before an apply that the cluster would refuse the merged spec', async () => {
    const { kubeconfig } = cluster().controlPlane;
    await cluster().apply(base('cli-many', MOST + 1));
    const { code, stderr, stdout } = await cli('diff', kubeconfig, many);
    expect(code).toBe(2);
    expect(stderr).toContain('UserRef:default/cli-many]: ValidatingAdmissionPolicy');
    expect(stdout).not.toContain('Deployment');
  }, 30_000);

  it('says which services a changed config would make the cluster refuse', async () => {
    const { kubeconfig } = cluster().controlPlane;
    await cluster().apply(base('cli-few', 1), service('affected', { baseRefs: [{ name: 'cli-few' }] }));
    await combined('affected', undefined);
    const { stdout } = await cli('impact', kubeconfig, base('cli-few', MOST + 1));
    expect(stdout).toContain('at most 4 replicas');
    expect(stdout.match(/denied request/g)).toHaveLength(1);
  }, 30_000);

  it('goes on with a note where the caller may not ask', async () => {
    const { apply, controlPlane, kubectl } = cluster();
    await kubectl('create', 'clusterrolebinding', 'viewers', '--clusterrole=all-viewer', '--group=viewers');
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }];
    await apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'all-viewer' },
      rules,
    });
    const viewer = await controlPlane.userKubeconfig('a-viewer', ['viewers'], folder.path('viewer.kubeconfig'));
    const { stderr, stdout } = await llmisvc([
      'render',
      '-f',
      folder.write('many.yaml', writeDocuments([many])),
      '--from-cluster',
      '--kubeconfig',
      viewer,
    ]);
    expect(stderr).toContain('note: The merged spec of a service in namespace default was not validated: ');
    expect(stderr).toContain('User "a-viewer" cannot create resource "llminferenceservices"');
    expect(stdout).toContain('kind: Deployment');
  }, 30_000);
});

describe('an operator without the right to ask', () => {
  it('says which right it lacks, and goes on when it has it', async () => {
    await operator.stop();
    await install(cluster(), 'base');
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'llmisvc-controller' };
    const { rules } = await cluster().get<Role>(role);
    const without = rules.map((rule) =>
      rule.resources.includes('llminferenceservices')
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') }
        : rule,
    );
    await cluster().client.patch(role, { rules: without });
    operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
    await cluster().apply(service('unallowed'));
    const waiting = await combined('unallowed', 'ValidationUnavailable');
    const message = conditionOf(waiting, 'PresetsCombined')?.message;
    expect(message).toContain('cannot create resource "llminferenceservices"');
    expect(message).toContain('create llminferenceservices in namespace default');
    await cluster().client.patch(role, { rules });
    await cluster().until('the Deployment', deployment('unallowed'), () => true);
  }, 90_000);
});

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}
interface Role extends KubeObject {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

const deployment = (name: string) => ({ ...DEPLOYMENT, namespace, name: `${name}-kserve` });

function base(name: string, replicas: number, where = namespace): object {
  return { ...LLMISVC_CONFIG, metadata: { name, namespace: where }, spec: { replicas } };
}

/** Waits until the combination has this reason; undefined: until it succeeded. */
function combined(name: string, reason: string | undefined, where = namespace): Promise<LLMInferenceService> {
  const is = (found: LLMInferenceService): boolean => {
    const condition = conditionOf(found, 'PresetsCombined');
    return condition?.reason === reason && (reason !== undefined || condition?.status === 'True');
  };
  return cluster().serviceUntil(name, `reason ${reason} of PresetsCombined`, is, where);
}

/** Dry runs so far. */
function asked(): number {
  return proxy.seen.filter((line) => /^POST .*\/llminferenceservices\?.*dryRun=All/.test(line)).length;
}

function policy(): readonly object[] {
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'few-replicas' } };
  const rule = {
    apiGroups: ['serving.kserve.io'],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['llminferenceservices'],
  };
  const expression = `!has(object.spec.replicas) || object.spec.replicas <= ${MOST}`;
  return [
    {
      ...admission,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression, message: `at most ${MOST} replicas` }],
      },
    },
    {
      ...admission,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: 'few-replicas', validationActions: ['Deny'] },
    },
  ];
}
