/**
 * Paths of the engine that nobody outside may reach: they stop, empty, replace or inspect the engine, or are documents
 * about it. Some exist in the real program only with a switch (development mode, profiling). The stand-in answers all of
 * them with 200, so that a request which gets this far is a finding.
 */
export const administrationPaths: readonly string[] = [
  '/reset_prefix_cache',
  '/reset_mm_cache',
  '/reset_encoder_cache',
  '/sleep',
  '/wake_up',
  '/is_sleeping',
  '/pause',
  '/resume',
  '/is_paused',
  '/collective_rpc',
  '/server_info',
  '/start_profile',
  '/stop_profile',
  '/scale_elastic_ep',
  '/is_scaling_elastic_ep',
  '/update_weights',
  '/init_weight_transfer_engine',
  '/abort_requests',
  '/inference/v1/abort_requests',
  '/inference/v1/generate',
  '/generative_scoring',
  '/invocations',
  '/kv_event_sources',
  '/load',
  '/docs',
  '/docs/oauth2-redirect',
  '/redoc',
  '/openapi.json',
];

/** The same below `/v1`; they exist only with `VLLM_ALLOW_RUNTIME_LORA_UPDATING`, as in the real program. */
export const runtimeLoraPaths: readonly string[] = ['/v1/load_lora_adapter', '/v1/unload_lora_adapter'];
