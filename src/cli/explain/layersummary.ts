import { jsonEqual } from '../../api/object.ts';
import { written } from '../../config/merge.ts';
import { keyed, pathText, type Step, valueAt } from '../../config/paths.ts';
import type { About, FilePosition, Saying, Speaker } from './about.ts';
import { leavesOf, named, stepsText } from '../leaves.ts';

/** A field of a layer, and who decides it instead. */
export interface LayerField extends Partial<FilePosition> {
  readonly path: string;
  readonly value: unknown;
  readonly overriddenBy?: Speaker | { readonly step: string };
}

/** A layer with the fields that it sets. */
export interface LayerSummary extends Partial<FilePosition> {
  readonly source: Speaker;
  readonly role: Saying['role'];
  readonly fields: readonly LayerField[];
}

/** The layers of a service, lowest first, with the fields that each decides, and those that something above overrides. */
export function layerSummaries(about: About): readonly LayerSummary[] {
  return about.evaluated.effective.layers.map(({ source, role, spec }, index) => ({
    source,
    role,
    ...about.placeOf(source, 'spec'),
    fields: leavesOf(spec).map(({ at, value }) => {
      const path = keyed(at, spec);
      const overriddenBy = overrider(index, path, value, about);
      return {
        path: `spec.${stepsText(named(spec, at))}`,
        value,
        ...(overriddenBy ? { overriddenBy } : {}),
        ...about.placeOf(source, pathText(at)),
      };
    }),
  }));
}

function overrider(
  index: number,
  path: readonly Step[],
  value: unknown,
  { evaluated: { effective } }: About,
): LayerField['overriddenBy'] {
  const { layers, spec, originOf } = effective;
  const result = valueAt(spec, path);
  if (jsonEqual(result, value)) return undefined;
  const own = layers[index];
  const origin = originOf(pathText(path));
  if (!own || !origin) return undefined;
  if ('step' in origin) return { step: origin.step };
  if (!jsonEqual(origin.layer, own.source)) return origin.layer;
  const isMerged = effective.combined || effective.appliedConfigs !== undefined;
  // A template of its own.
  if (!isMerged || result !== undefined) return undefined;
  return replacer(index, path, layers);
}

/** The layer whose list, or whose member of several that exclude each other, stands in the place of that around the path. */
function replacer(
  index: number,
  path: readonly Step[],
  layers: About['evaluated']['effective']['layers'],
): Speaker | undefined {
  for (let length = path.length - 1; length > 0; length -= 1) {
    const around = path.slice(0, length);
    const higher = layers.slice(index + 1).findLast(({ spec }) => valueAt(written(spec), around) !== undefined);
    if (higher) return higher.source;
  }
  return undefined;
}
