import type { KubeObject } from '../../src/api/object.ts';
import { ANNOTATION_HASH } from '../../src/api/wellknown.ts';
import { createDrift, trimmed } from '../../src/operator/drift.ts';
import { type FieldSet, missingFields, union } from '../../src/apply/ownership.ts';

const deployment = (container: object, more: object = {}): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', namespace: 'b', labels: { app: 'a' } },
    spec: { template: { spec: { containers: [{ name: 'main', image: 'x', ...container }] } }, ...more },
  }) as KubeObject;

const fields = (container: object, spec: object = {}): FieldSet => ({
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:template': {
      'f:spec': { 'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:name': {}, 'f:image': {}, ...container } } },
    },
    ...spec,
  } as FieldSet,
});

describe('missing fields', () => {
  it('are none when we own all that is desired, whatever the values became', () => {
    const desired = deployment({ resources: { limits: { cpu: '1000m' } }, env: [{ name: 'A', value: '' }] });
    const owned = fields({
      'f:resources': { 'f:limits': { 'f:cpu': {} } },
      'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
    });
    expect(missingFields(desired, owned)).toEqual([]);
  });

  it('are named with the keys of list items', () => {
    expect(missingFields(deployment({ args: ['a'] }, { replicas: 2 }), fields({}))).toEqual([
      'spec.template.spec.containers[name=main].args',
      'spec.replicas',
    ]);
    expect(missingFields(deployment({ env: [{ name: 'B' }] }), fields({ 'f:env': { 'k:{"name":"A"}': {} } }))).toEqual([
      'spec.template.spec.containers[name=main].env[name=B]',
    ]);
  });

  it('takes keys that the object leaves to their defaults for any value', () => {
    const ports = { 'f:ports': { 'k:{"containerPort":8000,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } } };
    expect(missingFields(deployment({ ports: [{ containerPort: 8000 }] }), fields(ports))).toEqual([]);
    expect(missingFields(deployment({ ports: [{ containerPort: 8001 }] }), fields(ports))).toHaveLength(1);
  });

  it('takes an entry without fields below it for the whole value', () => {
    expect(missingFields(deployment({ args: ['a', 'b'] }), fields({ 'f:args': {} }))).toEqual([]);
    const selector = { selector: { matchLabels: { app: 'a' } } };
    expect(missingFields(deployment({}, selector), fields({}, { 'f:selector': {} }))).toEqual([]);
  });

  it('are found at once among thousands of items: a pass must not hold up the others', () => {
    const env = Array.from({ length: 9_000 }, (_, index) => ({ name: `A${index}`, value: 'x' }));
    const keys = env.map(({ name }) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }] as const);
    const started = performance.now();
    expect(missingFields(deployment({ env }), fields({ 'f:env': Object.fromEntries(keys) }))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('looks into lists that are sets', () => {
    const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, values: ['a', 'b'] } as KubeObject;
    expect(missingFields(object, { 'f:values': { 'v:"a"': {}, 'v:"b"': {} } })).toEqual([]);
    expect(missingFields(object, { 'f:values': { 'v:"a"': {} } })).toEqual(['values["b"]']);
  });
});

describe('the union of two sets', () => {
  it('holds the fields of both, at every depth', () => {
    expect(union({ 'f:a': { 'f:b': {} } }, { 'f:a': { 'f:c': {} }, 'f:d': {} })).toEqual({
      'f:a': { 'f:b': {}, 'f:c': {} },
      'f:d': {},
    });
  });
});

describe('drift', () => {
  const live = (desired: KubeObject, fieldsV1: FieldSet, uid = '1'): KubeObject => ({
    ...desired,
    metadata: {
      ...desired.metadata,
      uid,
      managedFields: [{ manager: 'llmisvc', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 }],
    },
  });
  const hashFields = { 'f:annotations': { [`f:${ANNOTATION_HASH}`]: {} }, 'f:labels': { 'f:app': {} } };
  const owned = (container: object = {}): FieldSet => ({ ...fields(container), 'f:metadata': hashFields });

  it('is none for what was applied, also for a process that did not apply it', () => {
    const drift = createDrift();
    const desired = drift.hashed(deployment({}));
    expect(drift.reason(desired, live(desired, owned()))).toBeUndefined();
  });

  it('is seen when something else is desired, by the hash alone', () => {
    const drift = createDrift();
    const before = drift.hashed(deployment({ args: ['a'] }));
    const after = drift.hashed(deployment({}));
    expect(drift.reason(after, live(before, owned({ 'f:args': {} })))).toContain('another state');
  });

  it('is seen when somebody took a field, and names it', () => {
    const drift = createDrift();
    const desired = drift.hashed(deployment({ args: ['a'] }));
    const taken = live(desired, owned());
    expect(drift.reason(desired, taken)).toContain('containers[name=main].args');
  });

  it('is not asked for again where the API server took the apply but does not count the field as ours', () => {
    const drift = createDrift();
    const desired = drift.hashed(deployment({ args: ['a'] }));
    drift.applied(desired, live(desired, owned()));
    expect(drift.reason(desired, live(desired, owned()))).toBeUndefined();
    expect(drift.reason(desired, live(desired, owned(), 'another'))).toContain('args');
  });

  it('does not depend on the order of keys', () => {
    const { hashed } = createDrift();
    const a = hashed({ ...deployment({}), metadata: { name: 'a', namespace: 'b' } });
    const b = hashed({ ...deployment({}), metadata: { namespace: 'b', name: 'a' } });
    expect(a.metadata.annotations).toEqual(b.metadata.annotations);
  });
});

describe('what the caches keep', () => {
  it('is without the fields of other managers and the copy that kubectl makes', () => {
    const object = trimmed({
      apiVersion: 'v1',
      kind: 'X',
      metadata: {
        name: 'a',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
        managedFields: [
          { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:a': {} } },
          { manager: 'llmisvc', operation: 'Update', fieldsV1: { 'f:b': {} } },
          { manager: 'llmisvc', operation: 'Apply', fieldsV1: { 'f:c': {} } },
        ],
      },
    });
    expect(object.metadata.annotations).toEqual({ kept: 'yes' });
    expect(object.metadata.managedFields).toMatchObject([{ operation: 'Apply', fieldsV1: { 'f:c': {} } }]);
  });
});
