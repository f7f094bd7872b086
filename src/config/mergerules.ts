/** How the parts of a spec are merged that are not simply united or replaced. */
import { type MergeFields, POD_SPEC_MERGE } from './mergekeys.ts';

export interface MergeRule {
  /** The list is merged by this key of its items; the other rules hold for each item. */
  readonly key?: string;
  readonly fields?: MergeRules;
  /** Fields of which an object may have one: the one of the higher layer takes the place of the others. */
  readonly oneOf?: readonly string[] | 'all but the key';
  /** JSON that belongs to another program: merged without knowing its fields. */
  readonly foreign?: true;
}

export interface MergeRules {
  readonly [field: string]: MergeRule;
}

const HANDLER: MergeRule = { oneOf: ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] };
const VALUE_SOURCE: MergeRule = {
  oneOf: ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'],
};

const CONTAINERS: MergeRule = {
  fields: {
    livenessProbe: HANDLER,
    readinessProbe: HANDLER,
    startupProbe: HANDLER,
    lifecycle: { fields: { postStart: HANDLER, preStop: HANDLER } },
    env: { oneOf: ['value', 'valueFrom'], fields: { valueFrom: VALUE_SOURCE } },
  },
};

/** The unions of a pod spec, beside the merge keys that Kubernetes declares. */
const POD: MergeRule = {
  fields: withUnions(POD_SPEC_MERGE, {
    containers: CONTAINERS,
    initContainers: CONTAINERS,
    ephemeralContainers: CONTAINERS,
    volumes: { oneOf: 'all but the key' },
    resourceClaims: { oneOf: 'all but the key' },
  }),
};

const WORKLOAD: MergeRules = {
  template: POD,
  worker: POD,
  scaling: { oneOf: ['wva', 'keda'], fields: { wva: { oneOf: ['hpa', 'keda'] } } },
};

/** The rules of `spec`. */
export const SPEC_RULES: MergeRules = {
  ...WORKLOAD,
  prefill: { fields: WORKLOAD },
  router: {
    fields: {
      scheduler: {
        fields: {
          template: POD,
          tokenizer: { fields: { template: POD } },
          config: { oneOf: ['inline', 'ref'], fields: { inline: { foreign: true } } },
        },
      },
    },
  },
};

/** The rule of a field; undefined where there is none. */
export function ruleOf(rules: MergeRules | undefined, name: string): MergeRule | undefined {
  return rules && Object.hasOwn(rules, name) ? rules[name] : undefined;
}

function withUnions(keys: MergeFields, unions: MergeRules): MergeRules {
  const added = Object.entries(unions).map(([name, union]): [string, MergeRule] => {
    const known: MergeRule = ruleOf(keys, name) ?? {};
    const fields = union.fields ? withUnions((known.fields ?? {}) as MergeFields, union.fields) : known.fields;
    return [name, { ...known, ...union, ...(fields && { fields }) }];
  });
  return { ...keys, ...Object.fromEntries(added) };
}
