export interface Counters {
  readonly model: string;
  running: number;
  promptTokens: number;
  generationTokens: number;
  /** Finished generations by finish reason. */
  readonly finished: Map<string, number>;
  /** Requests that reached a path of the engine's administration. */
  readonly administration: Map<string, number>;
}

export function newCounters(model: string): Counters {
  return { model, running: 0, promptTokens: 0, generationTokens: 0, finished: new Map(), administration: new Map() };
}

/** Adds one to a counter of a labelled family. */
export function count(family: Map<string, number>, label: string): void {
  family.set(label, (family.get(label) ?? 0) + 1);
}

/** The counters in Prometheus' text format, under vLLM's names. */
export function metricsText(counters: Counters): string {
  const model = `model_name="${counters.model}",engine="0"`;
  const lines = [
    ...family('vllm:num_requests_running', 'gauge', 'Requests in execution.', [[model, counters.running]]),
    ...family('vllm:num_requests_waiting', 'gauge', 'Requests waiting to be processed.', [[model, 0]]),
    ...family('vllm:kv_cache_usage_perc', 'gauge', 'KV-cache usage, 1 is full.', [[model, 0]]),
    ...family('vllm:prompt_tokens_total', 'counter', 'Prompt tokens processed.', [[model, counters.promptTokens]]),
    ...family('vllm:generation_tokens_total', 'counter', 'Tokens generated.', [[model, counters.generationTokens]]),
    ...family(
      'vllm:request_success_total',
      'counter',
      'Requests that ended, by finish reason.',
      [...counters.finished].map(([reason, value]) => [`${model},finished_reason="${reason}"`, value]),
    ),
    ...family(
      'modelserver:administration_requests_total',
      'counter',
      'Requests that reached a path of the engine administration.',
      [...counters.administration].map(([path, value]) => [`path="${path}"`, value]),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function family(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}{${labels}} ${value}`),
  ];
}
