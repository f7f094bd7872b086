/** `model` and the LoRA adapters, after KServe's API. */
import { boolean, integer, list, object, type Rule, type Schema, string } from './builders.ts';
import type { SpecKind } from './spec.ts';

const MOST_ADAPTERS = 128;

const ADAPTER_RULES: readonly Rule[] = [
  {
    rule: "self.all(adapter, has(adapter.name) && adapter.name != '')",
    message: 'set the name of each adapter: requests choose an adapter by it',
  },
  {
    rule: "self.all(adapter, !has(adapter.name) || !(adapter.name in ['.', '..']))",
    message: 'an adapter cannot be called . or ..: its name becomes a folder',
  },
  {
    rule: 'self.all(a, !has(a.name) || self.exists_one(b, has(b.name) && b.name == a.name))',
    message: 'give each adapter a name of its own: two of them have the same',
  },
];

const RESOURCE_ID: Rule = {
  rule: "!(has(self.enabled) && self.enabled) || self.?resourceId.orValue('') == '' || self.resourceId.matches('^kbs:///[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$')",
  message: 'write resourceId as kbs:///<repository>/<type>/<tag>',
};

/** The schema of `model`. Rules on single values hold for services only: in a config, a value may be a template. */
export function modelSchema(kind: SpecKind): Schema {
  const own = (...rules: readonly Rule[]): { 'x-kubernetes-validations'?: readonly Rule[] } =>
    kind === 'service' ? { 'x-kubernetes-validations': rules } : {};
  return object(
    {
      uri: string({
        maxLength: 2048,
        description: 'Where the model lies: hf://<organisation>/<model> or pvc://<claim>/<path>.',
        'x-kubernetes-validations': [
          {
            rule: "self == '' || self.contains('://')",
            message: 'write the URI with its scheme, such as hf://Qwen/Qwen2.5-7B-Instruct or pvc://claim/path',
          },
        ],
      }),
      name: string({
        maxLength: 253,
        description: "The value of `model` in requests. Default: the service's name.",
      }),
      criticality: string({
        enum: ['Critical', 'Standard', 'Sheddable'],
        description: 'Of v1alpha1; kept, without effect.',
      }),
      lora: object(
        {
          adapters: list(adapter(), { maxItems: MOST_ADAPTERS, ...own(...ADAPTER_RULES) }),
          maxRank: integer({ minimum: 1 }),
          maxAdapters: integer({ minimum: 1 }),
          maxCpuAdapters: integer({ minimum: 1 }),
        },
        { description: 'LoRA adapters that are served beside the model.' },
      ),
      confidential: object(
        { enabled: boolean(), resourceId: string({ maxLength: 2048 }) },
        { description: 'An encrypted model.', required: ['enabled'], ...own(RESOURCE_ID) },
      ),
    },
    { description: 'The model to serve.' },
  );
}

/** A model like the base model. The schema ends here: structural schemas cannot describe themselves. */
function adapter(): Schema {
  return object(
    { name: string({ maxLength: 253 }), uri: string({ maxLength: 2048 }) },
    { 'x-kubernetes-preserve-unknown-fields': true },
  );
}
