import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Problem } from '../api/problem.ts';
import { ADAPTERS_PATH } from '../api/wellknown.ts';

/** A LoRA adapter and the folder that it is mounted at. */
export interface Adapter {
  readonly name: string;
  readonly uri: string;
  readonly path: string;
}

type InvalidAdapter = Extract<Problem, { readonly code: 'InvalidAdapter' }>;

const SCHEMES = 'hf://, s3:// or pvc://';

/**
 * The LoRA adapters of a merged spec, sorted by name, and what is wrong with them. Follows KServe, but names all adapters
 * that cannot be used instead of the first.
 */
export function adaptersOf({ model, storageInitializer }: LLMInferenceServiceSpec): {
  readonly adapters: readonly Adapter[];
  readonly problems: readonly InvalidAdapter[];
} {
  const enabled = storageInitializer?.enabled !== false;
  const listed = (model?.lora?.adapters ?? []).map(({ name = '', uri = '' }, index) => ({ name, uri, index }));
  return {
    adapters: listed.map(({ name, uri }) => ({ name, uri, path: `${ADAPTERS_PATH}/${folderOf(name)}` })).sort(byName),
    problems: listed.flatMap(({ name, uri, index }) => {
      const allowed = complaintAbout(uri, enabled);
      if (allowed === undefined) return [];
      const path = `spec.model.lora.adapters[${index}].uri`;
      return [{ code: 'InvalidAdapter' as const, adapter: name, path, found: JSON.stringify(uri), allowed }];
    }),
  };
}

/** What would be allowed instead; undefined when the URI can be used. */
function complaintAbout(uri: string, enabled: boolean): string | undefined {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(uri)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'hf':
    case 's3':
      return enabled
        ? undefined
        : `${SCHEMES} with the storage initializer, which downloads it: see spec.storageInitializer.enabled`;
    case 'pvc':
      return enabled
        ? undefined
        : `${SCHEMES} with the storage initializer switched on: without it no volume is mounted`;
    case 'oci':
      return `${SCHEMES}: images hold base models, not adapters`;
    case undefined:
      return `a URI with one of the schemes ${SCHEMES}`;
    default:
      return SCHEMES;
  }
}

function folderOf(name: string): string {
  const folder = name.replace(/[^a-zA-Z0-9._-]/gu, '-');
  return folder === '' || folder === '.' || folder === '..' ? 'adapter' : folder;
}

/** By bytes of UTF-8, as Go sorts. */
function byName(a: Adapter, b: Adapter): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}
