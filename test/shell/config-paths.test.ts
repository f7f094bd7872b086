import { resolved, service, MODEL } from './configinput.ts';

describe('the origin of a value', () => {
  const effective = resolved(
    service({
      model: MODEL,
      template: {
        containers: [
          { name: 'side', image: 's' },
          { name: 'main', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 1 }] },
        ],
      },
    }),
  );
  const own = { layer: { kind: 'LLMInferenceService', namespace: 'team', name: 'qwen' } };
  const preset = {
    layer: { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'llmisvc-config-llm-template' },
  };

  it.each([
    ['template.containers[name=main].image', preset],
    ['spec.template.containers[name=main].image', preset],
    ['spec.template.containers[1].image', preset],
    ['spec.template.containers[1].env[0].value', own],
    ['spec.template.containers[1].env[name=A]', own],
    ['spec.template.containers[1].ports[containerPort=1]', own],
    ['spec.template.containers[0].image', own],
    ['spec.template.containers[1].args[0]', preset],
    ['template', own],
    ['spec.replicas', undefined],
    ['spec.constructor', undefined],
    ['no path [[', undefined],
  ])('%s', (path, expected) => {
    expect(effective.originOf(path)).toEqual(expected);
  });
});
