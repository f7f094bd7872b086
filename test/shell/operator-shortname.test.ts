import type { Log } from '../../src/kube/log.ts';
import type { ApiResource, Discovery } from '../../src/kube/types.ts';
import { warnOfOtherRoutes } from '../../src/operator/shortname.ts';

const resource = (apiVersion: string, kind: string, plural: string): ApiResource => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
  verbs: ['get'],
});

async function warnings(kinds: () => Promise<ApiResource[]>): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  const log = { warn: (about: object, text: string) => said.push({ ...about, text }) } as unknown as Log;
  await warnOfOtherRoutes({ discovery: { kinds } as unknown as Discovery }, log);
  return said;
}

it('names the other API that serves a kind Route', async () => {
  const openshift = resource('route.openshift.io/v1', 'Route', 'routes');
  expect(await warnings(async () => [openshift])).toEqual([
    {
      served: ['routes of route.openshift.io/v1'],
      text: expect.stringMatching(/kubectl get llmisvc.*crds\/without-route/),
    },
  ]);
});

it.each([
  ['no other kind is called so', async () => [resource('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes')]],
  ['discovery does not answer', () => Promise.reject(new Error('no'))],
])('says nothing when %s', async (_when, kinds) => {
  expect(await warnings(kinds as () => Promise<ApiResource[]>)).toEqual([]);
});
