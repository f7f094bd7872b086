/** `kvCacheOffloading`: where vLLM puts key-value blocks that do not fit on the accelerator, after KServe's API. */
import { external, list, object, type Rule, type Schema, string } from './builders.ts';
import { objectName, quantity } from './scalars.ts';

const CPU: Rule = {
  rule: "!has(self.secondary) || size(self.secondary) == 0 || !has(self.cpu) || !isQuantity(string(self.cpu)) || quantity(string(self.cpu)).compareTo(quantity('0')) != 0",
  message: 'set cpu to more than 0: secondary tiers take what overflows from it',
};

const TIER: readonly Rule[] = [
  { rule: 'has(self.fileSystem)', message: 'set fileSystem: it is the only kind of secondary tier' },
  {
    rule: '!has(self.fileSystem) || has(self.fileSystem.emptyDir) != has(self.fileSystem.pvc)',
    message: 'set exactly one of fileSystem.emptyDir and fileSystem.pvc',
  },
  {
    rule: '!has(self.fileSystem) || !has(self.fileSystem.pvc) || has(self.fileSystem.pvc.spec) != has(self.fileSystem.pvc.ref)',
    message: 'set exactly one of fileSystem.pvc.spec and fileSystem.pvc.ref',
  },
];

/** The schema of `kvCacheOffloading`. Whether `cpu` is there is a rule of the whole spec, because configs may supply it. */
export function kvCacheSchema(): Schema {
  const tier = object(
    {
      fileSystem: object({
        emptyDir: object({ size: quantity() }, { required: ['size'] }),
        pvc: object({
          spec: external('PersistentVolumeClaimSpec'),
          ref: object({ name: objectName(), path: string({ maxLength: 4096 }) }, { required: ['name'] }),
        }),
      }),
    },
    { 'x-kubernetes-validations': TIER },
  );
  return object(
    {
      cpu: quantity(),
      evictionPolicy: string({ enum: ['lru', 'arc'], description: 'Default: lru.' }),
      secondary: list(tier, { maxItems: 16, description: 'Further tiers, in their order.' }),
    },
    { description: 'Key-value cache beyond the accelerator.', 'x-kubernetes-validations': [CPU] },
  );
}
