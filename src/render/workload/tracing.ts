import type { Container, PartialPodSpec } from '../../api/children.ts';
import type { LLMInferenceService, TracingSpec } from '../../api/llmisvc.ts';
import type { Problem } from '../../api/problem.ts';
import { MAIN_CONTAINER } from '../../api/wellknown.ts';

type Env = NonNullable<Container['env']>;

const NODE_NAME = 'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME';
const POD_NAME = 'OTEL_RESOURCE_ATTRIBUTES_POD_NAME';

/**
 * The pod spec with OpenTelemetry tracing in container `main`: vLLM's two flags and the variables of the OpenTelemetry
 * SDK. What the spec sets itself stays. Without an endpoint there is nowhere to send traces to, so that nothing is added
 * and the user is told: warning TracingWithoutEndpoint.
 */
export function attachTracing(
  podSpec: PartialPodSpec,
  tracing: TracingSpec | undefined,
  service: LLMInferenceService,
  role: 'decode' | 'prefill',
): { readonly podSpec: PartialPodSpec; readonly problems: readonly Problem[] } {
  if (!tracing) return { podSpec, problems: [] };
  const { exporterEndpoint } = tracing;
  if (!exporterEndpoint) return { podSpec, problems: [{ code: 'TracingWithoutEndpoint' }] };
  const env = variables(tracing, service, role);
  const containers = (podSpec.containers ?? []).map((container) =>
    container.name === MAIN_CONTAINER
      ? {
          ...container,
          args: withFlags(container.args ?? [], exporterEndpoint),
          env: without(container.env ?? [], env),
        }
      : container,
  );
  return { podSpec: { ...podSpec, containers }, problems: [] };
}

/** Only `args` are looked at, as in KServe: a command line of one's own is not taken apart. */
function withFlags(args: readonly string[], endpoint: string): string[] {
  const flags = [
    ['--otlp-traces-endpoint', endpoint],
    ['--collect-detailed-traces', 'all'],
  ] as const;
  const missing = flags.filter(([flag]) => !args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)));
  return [...args, ...missing.flat()];
}

function without(own: Env, added: Env): Env {
  return [...own, ...added.filter(({ name }) => !own.some((entry) => entry.name === name))];
}

function variables(tracing: TracingSpec, { metadata }: LLMInferenceService, role: 'decode' | 'prefill'): Env {
  const { exporterEndpoint = '', exporter = '', sampler = '', samplerArg = '' } = tracing;
  const attributes = {
    'k8s.namespace.name': metadata.namespace ?? '',
    'k8s.node.name': `$(${NODE_NAME})`,
    'k8s.pod.name': `$(${POD_NAME})`,
    'llmisvc.name': metadata.name,
  };
  return [
    { name: 'OTEL_SERVICE_NAME', value: `inference-server-${role}` },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: exporterEndpoint },
    { name: 'OTEL_TRACES_EXPORTER', value: exporter },
    { name: 'OTEL_TRACES_SAMPLER', value: sampler },
    { name: 'OTEL_TRACES_SAMPLER_ARG', value: samplerArg },
    // Before the variable that refers to them: references are resolved in order.
    { name: NODE_NAME, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
    { name: POD_NAME, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    {
      name: 'OTEL_RESOURCE_ATTRIBUTES',
      value: Object.entries(attributes)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    },
  ];
}
