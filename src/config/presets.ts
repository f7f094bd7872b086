import { toV1alpha2 } from '../api/conversion.ts';
import type { LLMInferenceService, LLMInferenceServiceConfig, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { LLMISVC_CONFIG } from '../api/llmisvc.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import { type Snapshot, view } from '../api/snapshot.ts';
import { PIN_PREFIX, PRESET_ROUTE, PRESET_TEMPLATE, WELL_KNOWN_CONFIGS } from '../api/wellknown.ts';
import type { Layer } from './effective.ts';

const NO_SPEC: LLMInferenceServiceSpec = {};
const configSpec = view(
  'llmisvcconfig/spec',
  (config: LLMInferenceServiceConfig) => toV1alpha2(config).spec ?? NO_SPEC,
);

/** What looking for a config came to. `undecided`: the snapshot does not know yet. */
export type Lookup = { readonly layer: Layer } | { readonly problem: Problem } | 'undecided';

/**
 * The value of `status.annotations`: what is there, and a pin to the current name for every well-known config that has
 * none. A pinned service keeps its configs when the prefix of the installation changes.
 */
export function pinsOf(service: LLMInferenceService, settings: Settings): Readonly<Record<string, string>> {
  const existing = service.status?.annotations ?? {};
  if (!settings.versionedConfigs) return existing;
  const missing = WELL_KNOWN_CONFIGS.filter((name) => !existing[PIN_PREFIX + name]);
  if (missing.length === 0) return existing;
  return {
    ...existing,
    ...Object.fromEntries(missing.map((name) => [PIN_PREFIX + name, settings.configPrefix + name])),
  };
}

/**
 * The names of the presets that a spec asks for, in merge order. `spec` is the service with its base configs on top. The
 * route preset is never pinned: it depends on the gateway that the running operator is made for.
 */
export function presetNames(
  spec: LLMInferenceServiceSpec,
  pins: Readonly<Record<string, string>>,
  settings: Settings,
): readonly string[] {
  const route = spec.router?.route;
  const names = route && (route.http?.refs ?? []).length === 0 ? [settings.configPrefix + PRESET_ROUTE] : [];
  const pin = settings.versionedConfigs ? pins[PIN_PREFIX + PRESET_TEMPLATE] : undefined;
  return [...names, pin ?? settings.configPrefix + PRESET_TEMPLATE];
}

/**
 * Finds a config by name, in the namespace of the service and then in the system namespace. `path` is the field that
 * names it, absent for presets.
 */
export function findConfig(
  snapshot: Snapshot,
  settings: Settings,
  namespace: string,
  name: string,
  role: 'Preset' | 'UserRef',
  path?: string,
): Lookup {
  const namespaces = [...new Set([namespace, settings.systemNamespace])];
  for (const candidate of namespaces) {
    const ref = { ...LLMISVC_CONFIG, namespace: candidate, name };
    const answer = snapshot.get(ref, configSpec);
    if (answer.state === 'found') {
      const source = { kind: LLMISVC_CONFIG.kind, namespace: candidate, name };
      return { layer: { source, role, spec: answer.value } };
    }
    if (answer.state === 'unknown') return 'undecided';
    if (answer.state === 'unserved') return { problem: { code: 'ApiNotServed', part: 'config', ...LLMISVC_CONFIG } };
    if (answer.state === 'forbidden') {
      const message = `this operator may not read ${LLMISVC_CONFIG.kind} in namespace ${candidate}`;
      return { problem: { code: 'Forbidden', part: 'config', ref, verb: 'get', message } };
    }
  }
  return { problem: { code: 'ConfigNotFound', name, namespaces, ...(path === undefined ? {} : { path }) } };
}
