/** How the stand-in behaves, as far as a test or the demo wants it to. */
export interface Behaviour {
  /** Seconds between the start and the moment the server listens; the real program does not listen while it loads. */
  readonly loadSeconds: number;
  /** A silent gap in every stream. */
  readonly gap?: { readonly seconds: number; readonly afterChunk: number };
  /** vLLM's own switch: LoRA adapters can be loaded and unloaded at run time. */
  readonly runtimeLora: boolean;
  /** The process ends with this code instead of loading. */
  readonly crash?: number;
}

/**
 * Reads `MODEL_LOAD_SECONDS`, `MODEL_STREAM_GAP_SECONDS`, `MODEL_STREAM_GAP_AFTER` (chunks before the gap, default 3)
 * and `MODEL_CRASH`, and vLLM's `VLLM_ALLOW_RUNTIME_LORA_UPDATING`. Throws an error that names the variable and what is allowed.
 */
export function behaviour(env: Readonly<Record<string, string | undefined>>): Behaviour {
  const gap = number(env, 'MODEL_STREAM_GAP_SECONDS');
  const crash = number(env, 'MODEL_CRASH');
  return {
    loadSeconds: number(env, 'MODEL_LOAD_SECONDS') ?? 0,
    runtimeLora: ['1', 'true'].includes((env['VLLM_ALLOW_RUNTIME_LORA_UPDATING'] ?? '').trim().toLowerCase()),
    ...(gap ? { gap: { seconds: gap, afterChunk: number(env, 'MODEL_STREAM_GAP_AFTER') ?? 3 } } : {}),
    ...(crash === undefined ? {} : { crash }),
  };
}

function number(env: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`environment variable ${name} is '${text}': a number that is not negative is allowed`);
}
