import type { KVCacheOffloadingSpec } from '../api/llmisvc.ts';
import { parseQuantity, roundedUp } from '../api/quantity.ts';
import { dereference, type GoValue, isNil, items, ownProperty } from './values.ts';

/**
 * vLLM's `--kv-transfer-config` for a `KVCacheOffloadingSpec`; nothing for nil or for a value of another type. The text
 * is made for a shell script in double quotes inside a JSON string: each quote of the JSON argument carries a backslash
 * for the shell, and both are escaped once more for the JSON that the template is part of.
 */
export function kvTransferConfig(value: GoValue | undefined): string {
  if (!value || isNil(value)) return '';
  const { type, json } = dereference(value);
  if (type.kind !== 'struct' || type.name !== 'v1alpha2.KVCacheOffloadingSpec') return '';
  return `--kv-transfer-config '${argument(json as KVCacheOffloadingSpec).replaceAll('"', '\\\\\\"')}'`;
}

/** The JSON, its keys sorted. The number of bytes is written as it is: it may be larger than a JavaScript number holds. */
function argument(spec: KVCacheOffloadingSpec): string {
  const quantity = parseQuantity(ownProperty(spec, 'cpu'));
  const policy = ownProperty(spec, 'evictionPolicy');
  const tiers = secondaryTiers(ownProperty(spec, 'secondary'));
  const extra = [
    `"cpu_bytes_to_use":${quantity ? roundedUp(quantity) : 0}`,
    ...(typeof policy === 'string' && policy !== '' ? [`"eviction_policy":${JSON.stringify(policy)}`] : []),
    ...(tiers.length > 0 ? [`"secondary_tiers":${JSON.stringify(tiers)}`] : []),
    '"spec_name":"TieringOffloadingSpec"',
  ];
  return `{"kv_connector":"OffloadingConnector","kv_connector_extra_config":{${extra.join(',')}},"kv_role":"kv_both"}`;
}

/** The index of a tier counts all tiers, as the mounts of its volumes do. */
function secondaryTiers(secondary: unknown): readonly { readonly root_dir: string; readonly type: 'fs' }[] {
  return items(secondary).flatMap((tier, index) =>
    ownProperty(tier, 'fileSystem') ? [{ root_dir: `/mnt/kv-cache-${index}`, type: 'fs' as const }] : [],
  );
}
