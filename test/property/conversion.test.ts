import { array, boolean, constantFrom, type Arbitrary, integer, property, record } from 'fast-check';
import {
  ANNOTATION_LORA_CRITICALITIES,
  ANNOTATION_MODEL_CRITICALITY,
  toV1alpha1,
  toV1alpha2,
} from '../../src/api/conversion.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { unlike } from '../support/subset.ts';
import { holds } from '../support/runs.ts';

type Any = KubeObject & { readonly spec: Readonly<Record<string, unknown>> };

const optional = { requiredKeys: [] };
const port = integer({ min: 1, max: 65535 });
const text = constantFrom('a', 'b', 'matchLabels');
const criticality = constantFrom('Critical', 'Standard', 'Sheddable');
const labels = array(text, { minLength: 1, maxLength: 3 }).map((keys) =>
  Object.fromEntries(keys.map((key) => [key, 'x'])),
);
const REST = {
  kvCacheOffloading: record({ cpu: constantFrom('1Gi') }),
  replicas: integer({ min: 0, max: 9 }),
  prefill: record({ replicas: integer({ min: 0, max: 9 }) }),
};
const failureMode = constantFrom('FailOpen', 'FailClose');

/** Of v1alpha2, with what v1alpha1 cannot say as well. */
const pool = record(
  {
    selector: record({ matchLabels: labels }),
    targetPorts: array(record({ number: port }), { minLength: 1, maxLength: 3 }),
    appProtocol: constantFrom('http', 'kubernetes.io/h2c'),
    endpointPickerRef: record(
      {
        group: constantFrom('', 'g'),
        name: text,
        kind: constantFrom('Service'),
        port: record({ number: port }),
        failureMode,
      },
      { requiredKeys: ['name', 'kind', 'port', 'failureMode'] },
    ),
  },
  { requiredKeys: ['selector', 'targetPorts', 'endpointPickerRef'] },
);

const modern: Arbitrary<Any> = record(
  {
    ...REST,
    model: record({ name: text, confidential: record({ enabled: boolean() }) }, optional),
    router: record({
      scheduler: record({
        pool: record({
          spec: record({
            selector: record({ matchLabels: labels }),
            targetPorts: array(record({ number: port }), { minLength: 1, maxLength: 1 }),
            endpointPickerRef: record({
              name: text,
              kind: constantFrom('Service', 'Other'),
              port: record({ number: port }),
              failureMode,
            }),
          }),
        }),
      }),
    }),
  },
  optional,
).map((spec) => objectOf('v1alpha2', spec));

const old: Arbitrary<Any> = record(
  {
    ...REST,
    model: record(
      {
        name: text,
        criticality,
        lora: record({ adapters: array(record({ name: text, criticality }, optional), { maxLength: 3 }) }),
      },
      optional,
    ),
    router: record({
      scheduler: record({
        pool: record({
          spec: record({
            selector: labels,
            targetPortNumber: port,
            extensionRef: record({ name: text, kind: constantFrom('Service'), portNumber: port, failureMode }),
          }),
        }),
      }),
    }),
  },
  optional,
).map((spec) => objectOf('v1alpha1', spec));

describe('the two versions', () => {
  it('lose nothing of v1alpha2 on the way through v1alpha1', () => {
    holds(
      property(modern, (object) => {
        const { object: before, lost } = toV1alpha1(object);
        expect(lost).toEqual([]);
        expect(before.apiVersion).toBe('serving.kserve.io/v1alpha1');
        expect(toV1alpha2(before)).toEqual(object);
      }),
    );
  });

  it('lose nothing of any pool but what is listed', () => {
    holds(
      property(pool, (spec) => {
        const object = objectOf('v1alpha2', { router: { scheduler: { pool: { spec } } } });
        const { object: before, lost } = toV1alpha1(object);
        const changed = unlike(object.spec, toV1alpha2(before).spec, '', 'exact').map((line) => line.split(' is ')[0]);
        for (const path of changed)
          expect(lost.some((named) => path?.startsWith(named.replace(/\[\d+\]$/, '')))).toBe(true);
        if (lost.length === 0) expect(changed).toEqual([]);
      }),
    );
  });

  it('lose nothing of v1alpha1 on the way through v1alpha2', () => {
    holds(
      property(old, (object) => {
        expect(toV1alpha1(toV1alpha2(object)).object).toEqual(object);
      }),
    );
  });

  it('are told apart by their shape, not by the version through which they are read', () => {
    holds(
      property(old, (object) => {
        const stored = { ...object, apiVersion: 'serving.kserve.io/v1alpha2' };
        expect(toV1alpha2(stored)).toEqual(toV1alpha2(object));
        expect(toV1alpha2(toV1alpha2(stored))).toBe(toV1alpha2(stored));
      }),
    );
  });

  it('give back the same object when there is nothing to do', () => {
    holds(property(modern, (object) => expect(toV1alpha2(object)).toBe(object)));
  });
});

describe('what the versions say differently', () => {
  const pool = (spec: object): Record<string, unknown> => ({ router: { scheduler: { pool: { spec } } } });

  it('is the pool, whose picker has a port of its own', () => {
    const spec = pool({ selector: { a: 'b' }, targetPortNumber: 8000, extensionRef: { name: 'epp' } });
    expect(toV1alpha2(objectOf('v1alpha1', spec)).spec).toEqual(
      pool({
        selector: { matchLabels: { a: 'b' } },
        targetPorts: [{ number: 8000 }],
        endpointPickerRef: { name: 'epp', kind: 'Service', port: { number: 9002 }, failureMode: 'FailClose' },
      }),
    );
  });

  it('names what v1alpha1 cannot say', () => {
    const spec = pool({ selector: {}, targetPorts: [{ number: 1 }, { number: 2 }], appProtocol: 'http' });
    expect(toV1alpha1(objectOf('v1alpha2', spec)).lost).toEqual([
      'router.scheduler.pool.spec.targetPorts[1]',
      'router.scheduler.pool.spec.appProtocol',
    ]);
  });

  it('is the criticality, which annotations carry', () => {
    const model = {
      criticality: 'Critical',
      lora: { adapters: [{ name: 'a' }, { name: 'b', criticality: 'Sheddable' }] },
    };
    const { metadata, spec } = toV1alpha2(objectOf('v1alpha1', { model }));
    expect(metadata.annotations).toEqual({
      [ANNOTATION_MODEL_CRITICALITY]: 'Critical',
      [ANNOTATION_LORA_CRITICALITIES]: '{"1":"Sheddable"}',
    });
    expect(spec).toEqual({ model: { lora: { adapters: [{ name: 'a' }, { name: 'b' }] } } });
  });

  it.each(['no JSON', '[]', '{"7":"Critical"}'])('drops an annotation that cannot be understood: %s', (value) => {
    const object = objectOf('v1alpha2', { model: { lora: { adapters: [{ name: 'a' }] } } });
    const annotated = {
      ...object,
      metadata: { ...object.metadata, annotations: { [ANNOTATION_LORA_CRITICALITIES]: value } },
    };
    expect(toV1alpha1(annotated).object).toEqual({ ...object, apiVersion: 'serving.kserve.io/v1alpha1' });
  });
});

function objectOf(version: string, spec: Readonly<Record<string, unknown>>): Any {
  return {
    apiVersion: `serving.kserve.io/${version}`,
    kind: 'LLMInferenceService',
    metadata: { name: 'qwen', namespace: 'team' },
    spec,
  };
}
