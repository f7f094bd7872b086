import { POD } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { WATCHED_KINDS } from '../../src/operator/kinds.ts';

it('keeps of a pod what it asks for and how it is probed, and not what it runs', () => {
  const main = {
    name: 'main',
    image: 'vllm/vllm-openai',
    command: ['vllm', 'serve'],
    env: [{ name: 'HF_TOKEN', value: 'secret' }],
    readinessProbe: { httpGet: { path: '/health', port: 8000, scheme: 'HTTPS' }, periodSeconds: 2 },
  };
  const pod = { ...POD, metadata: { name: 'qwen' }, spec: { nodeName: 'a', containers: [main] } } as KubeObject;
  const kept = WATCHED_KINDS.find(({ kind }) => kind === POD.kind)?.keep?.(pod);
  expect(JSON.parse(JSON.stringify(kept))).toEqual({
    ...POD,
    metadata: { name: 'qwen' },
    spec: {
      nodeName: 'a',
      containers: [{ name: 'main', image: 'vllm/vllm-openai', readinessProbe: { httpGet: { scheme: 'HTTPS' } } }],
    },
  });
});
