import { join } from 'node:path';
import { DEPLOYMENT, GATEWAY } from '../../src/api/children.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import { faultyProxy } from '../support/faultyproxy.ts';
import { service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';

it('does not miss what a user changed while the status was being written', async () => {
  const { apply, client, controlPlane, gone, operator: start, serviceUntil } = cluster();
  const proxy = await faultyProxy(controlPlane.kubeconfig, join(controlPlane.stateDir, 'proxy.kubeconfig'));
  const operator = await start({ kubeconfig: proxy.kubeconfig });
  const ref = { ...LLMISVC, namespace, name: 'raced' };
  const stop = { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } };
  let stopping = false;
  let stopped = false;
  await apply(service('raced'));
  await serviceUntil('raced', 'a status', ({ status }) => status?.observedGeneration === 1);
  await operator.settled();
  // The next status meets a change of the annotations, as a conflict of resource versions.
  proxy.fault = ({ method, url = '' }) => {
    const [path = ''] = url.split('?');
    if (method === 'PATCH' && path.endsWith('/llminferenceservices/raced/status') && !stopping) {
      stopping = true;
      void client.patch(ref, stop).then(() => {
        stopped = true;
      });
      return { status: 409, body: { kind: 'Status', reason: 'Conflict', message: 'the object has been modified' } };
    }
    const isLook = method === 'GET' && path.endsWith('/llminferenceservices/raced');
    return isLook && stopping && !stopped ? { status: 429, headers: { 'retry-after': '1' }, body: {} } : undefined;
  };
  const listeners = [{ name: 'http', port: 8080, protocol: 'HTTP' }];
  const metadata = { name: 'kserve-ingress-gateway', namespace: 'kserve' };
  await apply({ ...GATEWAY, metadata, spec: { gatewayClassName: 'envoy', listeners } });
  await gone({ ...DEPLOYMENT, namespace, name: 'raced-kserve' });
  await serviceUntil(
    'raced',
    'the stop',
    (s) => s.status?.conditions?.some(({ reason }) => reason === 'Stopped') === true,
  );
  await operator.stop();
  await proxy.close();
}, 90_000);
