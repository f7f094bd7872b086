import { LLMISVC_CONFIG, type LLMInferenceService, type ServiceName } from '../api/llmisvc.ts';
import { gvkKey, type Ref, refKey } from '../api/object.ts';
import type { Read } from '../api/snapshot.ts';

/** A config whose users became others. */
export interface ChangedUse {
  /** `refKey` of the config. */
  readonly config: string;
  readonly before: number;
  readonly after: number;
}

/** Which services use which configs. Services and configs go by their `refKey`. */
export interface Uses {
  /** Replaces what is known of a service; which configs have other users now. */
  set(service: string, name: ServiceName, configs: readonly string[]): readonly ChangedUse[];
  forget(service: string): readonly ChangedUse[];
  knows(service: string): boolean;
  /** The users of a config, sorted by namespace and name. */
  of(config: string): readonly ServiceName[];
}

/** An empty memory. */
export function createUses(): Uses {
  const byService = new Map<string, readonly string[]>();
  const byConfig = new Map<string, Map<string, ServiceName>>();
  const count = (config: string): number => byConfig.get(config)?.size ?? 0;

  function drop(service: string, config: string): ChangedUse {
    const before = count(config);
    const users = byConfig.get(config);
    users?.delete(service);
    if (users?.size === 0) byConfig.delete(config);
    return { config, before, after: count(config) };
  }

  function put(service: string, name: ServiceName, config: string): ChangedUse {
    const before = count(config);
    const users = byConfig.get(config) ?? new Map<string, ServiceName>();
    byConfig.set(config, users.set(service, name));
    return { config, before, after: users.size };
  }

  return {
    set(service, name, configs) {
      const known = byService.get(service) ?? [];
      byService.set(service, [...new Set(configs)]);
      const gone = known.filter((config) => !configs.includes(config));
      const come = configs.filter((config, index) => !known.includes(config) && configs.indexOf(config) === index);
      return [...gone.map((config) => drop(service, config)), ...come.map((config) => put(service, name, config))];
    },
    forget(service) {
      const known = byService.get(service) ?? [];
      byService.delete(service);
      return known.map((config) => drop(service, config));
    },
    knows: (service) => byService.has(service),
    of: (config) => [...(byConfig.get(config)?.values() ?? [])].sort(byNamespaceAndName),
  };
}

/**
 * The configs that a pass over a service was made from: those that it asked for and found. Undefined when one of them
 * was not known yet, so that nothing can be said.
 */
export function configsRead(reads: readonly Read[]): readonly string[] | undefined {
  const read = reads.filter((one) => 'ref' in one && gvkKey(one.ref) === gvkKey(LLMISVC_CONFIG));
  if (read.some(({ answer }) => answer.state === 'unknown')) return undefined;
  return read.flatMap((one) => ('ref' in one && one.answer.state === 'found' ? [refKey(one.ref)] : []));
}

/** The configs that the last pass of an earlier process wrote into the status of a service. */
export function configsApplied({ status }: LLMInferenceService): readonly string[] {
  return (status?.appliedConfigs ?? []).map(({ name, namespace }): string => {
    const ref: Ref = { ...LLMISVC_CONFIG, namespace, name };
    return refKey(ref);
  });
}

function byNamespaceAndName(a: ServiceName, b: ServiceName): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
