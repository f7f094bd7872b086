import type { RejectedField, Source } from '../../api/problem.ts';
import { CONDITION_OF_FEATURE, WORDS_OF_FEATURE } from '../features.ts';
import { describe } from '../../api/object.ts';
import { always, fieldOf, ofPart, own, partReason, type Rows } from './row.ts';
import { ended } from '../sentence.ts';

/** Problems of the effective spec: configs, templates, values, and what the API server thinks of it. */
export const CONFIG_PROBLEMS: Rows<
  | 'ConfigNotFound'
  | 'SettingsUnusable'
  | 'ConfigMapNotFound'
  | 'ConfigMapKeyNotFound'
  | 'InvalidAdapter'
  | 'TemplateFailed'
  | 'InvalidField'
  | 'ValidationRejected'
  | 'ValidationUnavailable'
  | 'UnsupportedField'
  | 'UnbuiltFeature'
> = {
  ConfigNotFound: {
    condition: always('PresetsCombined'),
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `LLMInferenceServiceConfig "${p.name}" not found in namespaces [${p.namespaces.join(' ')}]. ` +
      (p.path
        ? `Create it in one of them, or correct ${p.path}.`
        : p.asked
          ? `It is the preset for ${p.asked}, which no installation brings: write it, or divide the model by parallelism.data and dataLocal.`
          : 'It is a preset: install the presets again.'),
  },
  SettingsUnusable: {
    condition: always('PresetsCombined'),
    reason: own,
    status: 'Unknown',
    retry: 'none',
    sentence: (p) => `The settings cannot be used, so nothing is changed for this service. ${p.message}`,
  },
  ConfigMapNotFound: {
    condition: always('PresetsCombined'),
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `ConfigMap "${p.name}" not found in namespaces [${p.namespaces.join(' ')}]. ` +
      `Create it, correct ${fieldOf(p)}, or set optional beside it.`,
  },
  ConfigMapKeyNotFound: {
    condition: always('PresetsCombined'),
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `${describe(p.ref)} has no key "${p.key}"${p.keys.length > 0 ? `; it has ${p.keys.join(', ')}` : ''}. ` +
      `Add the key, or correct ${fieldOf(p)}.`,
  },
  InvalidAdapter: {
    condition: always('PresetsCombined'),
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `LoRA adapter "${p.adapter}" cannot be used: ${fieldOf(p)} is ${p.found}; allowed is ${p.allowed}`,
  },
  TemplateFailed: {
    condition: always('PresetsCombined'),
    reason: always('CombineBaseError'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `The template${at(p)} cannot be executed${p.column === undefined ? '' : `, column ${p.column} of the text`}: ${p.message}`,
  },
  InvalidField: {
    condition: ofPart,
    reason: partReason,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Field ${fieldOf(p)} is ${p.found || 'empty'}; allowed is ${p.allowed}`,
  },
  ValidationRejected: {
    condition: always('PresetsCombined'),
    reason: always('InvalidRenderedConfig'),
    status: 'False',
    retry: 'none',
    sentence: (p) => `${merged(p)}: ${p.fields.map(rejected).join('; ')}`,
  },
  ValidationUnavailable: {
    condition: always('PresetsCombined'),
    reason: own,
    status: 'Unknown',
    retry: 'backoff',
    sentence: (p) =>
      `${merged(p)}: ${ended(p.message)} ` +
      (p.namespace === undefined
        ? 'This is tried again.'
        : `Allow the operator's ServiceAccount to create llminferenceservices in namespace ${p.namespace}: it does so with dryRun alone, and nothing is stored.`),
  },
  UnsupportedField: {
    condition: always('PresetsCombined'),
    reason: own,
    status: 'False',
    retry: 'none',
    sentence: (p) => `Field ${fieldOf(p)} is set, but this operator does not act on it. Remove the field.`,
  },
  UnbuiltFeature: {
    condition: (p) => CONDITION_OF_FEATURE[p.feature],
    reason: always('UnsupportedField'),
    status: 'False',
    retry: 'none',
    sentence: (p) =>
      `Field ${fieldOf(p)} asks for ${WORDS_OF_FEATURE[p.feature]}, which this operator does not make yet, so nothing is changed. ` +
      'Remove the field.',
  },
};

/** As KServe words it. */
function merged({ configs }: { readonly configs: readonly string[] }): string {
  return `Dry-run validation failed after merging configs [${configs.join(', ')}]`;
}

function rejected({ path, sources = [], step, message }: RejectedField): string {
  if (path === undefined) return message;
  const writers = sources.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  const by = step === undefined ? '' : ` (set by the operator: ${step})`;
  return `${path}${writers.length > 0 ? ` of ${writers.join(' and ')}` : by}: ${message}`;
}

function at(where: { readonly path?: string; readonly source?: Source }): string {
  return where.path || where.source ? ` at ${fieldOf(where)}` : '';
}
