import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { type KubeObject, refOf } from '../../src/api/object.ts';
import { waitFor } from '../support/controlplane.ts';
import { goldenCases } from '../support/golden.ts';
import { differences, observe, type StandingCase, stand } from '../support/goldencluster.ts';
import { readInput } from '../support/goldeninput.ts';
import { inexpressible, type PlacedCase, type World, worldsOf } from '../support/goldenworld.ts';
import { objectsIn, type OperatorProcess, useCluster } from '../support/operator.ts';
import { settingsConfigMap } from '../support/settingsmap.ts';

// Without controllers nobody but the test writes statuses, and nobody else creates or deletes anything.
const cluster = useCluster({ controllers: false });
const SHOWN = 5_000;

const all = goldenCases().map((golden) => ({
  golden,
  why: inexpressible(readInput(golden.inputFile).case),
}));
const expressible = all.filter(({ why }) => why === undefined).map(({ golden }) => golden);

it('leaves out only cases that a real API server does not give', () => {
  const left = all.flatMap(({ golden, why }) => (why === undefined ? [] : [`${golden.name} (${why})`]));
  expect(left).toMatchInlineSnapshot(`
[
  "config/configs-not-read-yet (not read yet: passes before anybody can look)",
  "config/scheduler-config-not-read-yet (not read yet: passes before anybody can look)",
  "workload/certificate-not-read-yet (not read yet: passes before anybody can look)",
  "workload/deployment-not-read-yet (not read yet: passes before anybody can look)",
  "workload/secret-not-read-yet (not read yet: passes before anybody can look)",
  "workload/tls-pods-not-read-yet (not read yet: passes before anybody can look)",
  "routing/gateway-not-read-yet (not read yet: passes before anybody can look)",
  "bad-input/backend-tls-not-served (not served: the other cases need the kind)",
  "bad-input/certificate-forbidden (refused to others)",
  "bad-input/gateway-api-missing (not served: the other cases need the kind)",
  "bad-input/gateway-forbidden (refused to others)",
  "bad-input/merged-spec-namespace-terminating (refused by the definitions of others)",
  "bad-input/merged-spec-no-right-to-ask (refused by the definitions of others)",
  "bad-input/merged-spec-not-judged (refused by the definitions of others)",
  "bad-input/merged-spec-rejected-stopped (refused by the definitions of others)",
  "bad-input/merged-spec-rejected (refused by the definitions of others)",
  "bad-input/namespace-terminating (refused to others)",
  "bad-input/no-right-to-write (refused to others)",
  "bad-input/quota-exceeded (refused to others)",
  "bad-input/scheduler-config-forbidden (refused to others)",
  "bad-input/secret-forbidden (refused to others)",
  "bad-input/service-account-forbidden (refused to others)",
]
`);
});

/** Cases whose objects our definitions do not let in: they are about the definitions of others. */
const REFUSED = [
  'bad-input/config-with-base-refs',
  'bad-input/field-not-supported',
  'bad-input/gateway-ref-without-name',
  'bad-input/name-too-long',
  'bad-input/name-with-dot',
  'bad-input/not-built-yet',
  'bad-input/refs-and-spec',
  'bad-input/rollout-cannot-proceed',
  'bad-input/scaling-contradicts-itself',
  'bad-input/scheduler-config-missing',
  'bad-input/wrong-type',
  'config/preset-selection',
  'config/scheduler-config-from-configmap',
  'workload/long-name',
];

describe('with our definitions', () => {
  const refused = runWorlds(worldsOf(expressible));

  it('admission refuses what is about the definitions of others, and nothing else', () => {
    expect(refused.toSorted()).toEqual(REFUSED);
  });
});

describe('with definitions that let everything pass', () => {
  beforeAll(async () => {
    for (const file of ['llminferenceservices', 'llminferenceserviceconfigs']) {
      await cluster().apply(...objectsIn(`crds/serving.kserve.io_${file}.yaml`).map(opened));
    }
    await waitFor('the open definitions', 20_000, async () => {
      const open = { ...LLMISVC, metadata: { name: 'open', namespace: 'default' }, spec: { replicas: 'many' } };
      return Boolean(await cluster().client.create(open, { dryRun: true }));
    });
  }, 60_000);

  runWorlds(
    worldsOf(
      expressible.filter(({ name }) => REFUSED.includes(name)),
      500,
    ),
  );
});

/** Declares the tests of all worlds; the names of the cases that admission refused arrive in the list that is returned. */
function runWorlds(worlds: readonly World[]): readonly string[] {
  const refused: string[] = [];
  describe.each(worlds.map((world) => [world.name, world] as const))('%s', (_name, world) => {
    const standing = new Map<PlacedCase, StandingCase>();
    let operator: OperatorProcess | undefined;

    beforeAll(async () => {
      await replaceCommon(world);
      await Promise.all(world.cases.map(async (placed) => standing.set(placed, await stand(cluster(), placed))));
      operator = await startOperator(world);
    }, 60_000);

    afterAll(async () => {
      try {
        if (operator) await staysSo(operator, standing);
      } finally {
        await operator?.stop();
        await Promise.all([world.common, ...world.cases.map(({ objects }) => objects)].map(remove));
      }
    }, 60_000);

    it.each(world.cases.map((placed) => [placed.name, placed] as const))(
      '%s',
      async (name, placed) => {
        const { refusal, uids } = standing.get(placed) as StandingCase;
        if (refusal !== undefined) {
          refused.push(name);
          return;
        }
        await waitFor('the children', SHOWN, () => observe(cluster(), placed));
        let last: readonly string[] = [];
        await waitFor(`${name} as in its file`, SHOWN, async () => {
          last = await differences(cluster(), placed, uids);
          return last.length === 0;
        }).catch(() => expect(last).toEqual([]));
      },
      30_000,
    );
  });
  return refused;
}

/** Nothing moves any more, where there are several that could, and everything is as it was found before. */
async function staysSo(operator: OperatorProcess, standing: ReadonlyMap<PlacedCase, StandingCase>): Promise<void> {
  if (standing.size > 1) await operator.settled();
  expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
  for (const [placed, { refusal, uids }] of standing) {
    if (refusal !== undefined) continue;
    expect([placed.name, ...(await differences(cluster(), placed, uids))]).toEqual([placed.name]);
  }
}

async function remove(objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await cluster().client.remove(refOf(object));
}

function startOperator({ settings }: World): Promise<OperatorProcess> {
  return cluster().operator({
    args: ['--leader-elect=false'],
    env: {
      LLM_INFERENCE_SERVICE_CONFIG_PREFIX: settings.configPrefix,
      LLM_INFERENCE_SERVICE_VERSIONED_CONFIG: String(settings.versionedConfigs),
      CLUSTER_DOMAIN: settings.clusterDomain,
    },
  });
}

/** What is in the system namespace and in no namespace: that of this world, and nothing of an earlier one. */
async function replaceCommon({ common, settings }: World): Promise<void> {
  const { client } = cluster();
  for (const kind of [
    LLMISVC_CONFIG,
    { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
    { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass' },
  ]) {
    for (const object of (await client.list(kind)).items) await client.remove(refOf(object));
  }
  const configMap = settingsConfigMap(settings);
  await client.remove(refOf(configMap));
  const installed = settings.unusable === undefined ? [configMap] : [];
  for (const object of [...installed, ...common]) {
    const { status, ...rest } = object as KubeObject & { readonly status?: unknown };
    await client.create(rest);
    if (status !== undefined) await client.patch(refOf(object), { status }, { subresource: 'status' });
  }
}

/** A definition as somebody else's may be: every value passes. */
function opened(object: KubeObject): object {
  const definition = object as KubeObject & { readonly spec: { readonly versions: readonly object[] } };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    ...definition,
    spec: { ...definition.spec, versions: definition.spec.versions.map((version) => ({ ...version, schema })) },
  };
}
