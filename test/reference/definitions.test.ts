import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEPLOYMENT, HTTP_ROUTE } from '../../src/api/children.ts';
import { ANNOTATION_VALIDATED } from '../../src/api/wellknown.ts';
import { waitFor } from '../support/controlplane.ts';
import { conditionOf, service, useCluster } from '../support/operator.ts';

/** A folder with KServe's own definitions under `crds/`; they are not part of this project, so `make reference` runs this. */
const REF = resolve(process.env['REF'] ?? '.');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const cluster = useCluster();

describe("the operator with KServe's own definitions", () => {
  it('deploys a service whose defaults were stored, and judges what their schema leaves to webhooks', async () => {
    for (const plural of ['llminferenceservices', 'llminferenceserviceconfigs']) {
      const file = join(REF, 'crds', `serving.kserve.io_${plural}.yaml`);
      await cluster().kubectl('replace', '-f', file);
    }
    await waitFor('the other definitions to be in force', 60_000, async () => {
      const fields = await cluster().kubectl('explain', 'llmisvc.spec.template.containers.resources');
      return fields.includes('claims') || undefined;
    });
    await cluster().kubectl('apply', '--server-side', '-k', join(ROOT, 'manifests/base/presets'));
    await cluster().operator();
    const http = { spec: { hostnames: ['a.example'] } };
    await cluster().apply(service('filled', { router: { route: { http }, gateway: {} } }));
    await cluster().until('the Deployment', { ...DEPLOYMENT, namespace: 'default', name: 'filled-kserve' }, () => true);
    const route = { ...HTTP_ROUTE, namespace: 'default', name: 'filled-kserve-route' };
    await cluster().until('the rules of the preset', route, (found) =>
      JSON.stringify(found).includes('/default/filled/v1'),
    );
    // Their schema has every field of a pod template, and takes what the presets and the steps after them make.
    const filled = await cluster().serviceUntil('filled', 'a status', ({ status }) => status?.observedGeneration === 1);
    expect(conditionOf(filled, 'PresetsCombined')).toMatchObject({ status: 'True' });
    expect(filled.status?.annotations).toHaveProperty([ANNOTATION_VALIDATED]);
    await cluster().apply(service('judged', { worker: {} }));
    await cluster().serviceUntil('judged', 'the condition about the worker', (found) =>
      Boolean(conditionOf(found, 'WorkloadsReady')?.message?.includes('spec.worker')),
    );
  }, 120_000);
});
