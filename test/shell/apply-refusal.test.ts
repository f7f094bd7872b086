import type { KubeObject } from '../../src/api/object.ts';
import type { Effective } from '../../src/config/effective.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { refusalOf } from '../../src/apply/refusal.ts';
import { mergePatch } from '../../src/operator/status.ts';
import type { Child } from '../../src/render/plan.ts';

const REF = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'a', name: 'd' };
const child: Child = {
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'a' },
    spec: {
      template: { spec: { containers: [{ name: 'sidecar' }, { name: 'main', ports: [{ containerPort: 1 }] }] } },
    },
  } as KubeObject,
  part: 'workload',
  order: 1,
  leftToOthers: [],
  origins: [
    { child: 'spec', spec: 'spec' },
    { child: 'spec.template.spec', spec: 'spec.template' },
  ],
};
const CONFIG = { kind: 'LLMInferenceServiceConfig', namespace: 'a', name: 'base' } as const;
const effective = {
  originOf: (path: string) => (path === 'template.containers[name=main]' ? { layer: CONFIG } : undefined),
} as unknown as Effective;

const error = (
  code: number,
  reason: string,
  message: string,
  causes: { field: string; message: string }[] = [],
): ApiError => new ApiError({ request: { verb: 'apply', resource: 'deployments' }, code, reason, message, causes });

describe('what a refusal of the API server means', () => {
  it('is the field of the user for an unknown field of a child', () => {
    const message =
      'failed to create typed patch object (a/d; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="main"].resorces: field not declared in schema';
    expect(refusalOf(error(500, '', message), child, effective)).toEqual({
      code: 'ChildRejected',
      part: 'workload',
      ref: REF,
      message: 'field not declared in schema',
      childPath: 'spec.template.spec.containers[name=main].resorces',
      path: 'spec.template.containers[name=main].resorces',
      source: CONFIG,
    });
  });

  it('is the field of the user for a bad value, which the API server names by its index', () => {
    const causes = [
      { field: 'spec.template.spec.containers[1].ports[0].containerPort', message: 'must be less than 65536' },
    ];
    expect(refusalOf(error(422, 'Invalid', 'whole text', causes), child, effective)).toMatchObject({
      code: 'ChildRejected',
      message: 'must be less than 65536',
      path: 'spec.template.containers[name=main].ports[0].containerPort',
      source: CONFIG,
    });
  });

  it.each([
    [
      403,
      'Forbidden',
      'pods "d" is forbidden: exceeded quota: q, requested: pods=1',
      { code: 'QuotaExceeded', ref: REF },
    ],
    [
      403,
      'Forbidden',
      'unable to create new content in namespace a because it is being terminated',
      { code: 'NamespaceTerminating', namespace: 'a' },
    ],
    [
      403,
      'Forbidden',
      'deployments.apps "d" is forbidden: User "x" cannot patch resource "deployments"',
      { code: 'Forbidden', verb: 'patch' },
    ],
    [403, 'Forbidden', 'admission webhook "w" denied the request: no', { code: 'ChildRejected' }],
    [400, 'BadRequest', 'strict decoding error: duplicate field', { code: 'ChildRejected' }],
    [404, 'Unserved', 'the server could not find the requested resource', { code: 'ApiNotServed', kind: 'Deployment' }],
    [409, 'Conflict', 'uid mismatch', { code: 'ApiServerError', message: 'uid mismatch' }],
    [500, 'InternalError', 'etcd is down', { code: 'ApiServerError', message: 'etcd is down' }],
  ])('of status %i %s "%s"', (code, reason, message, expected) => {
    expect(refusalOf(error(code, reason, message), child, effective)).toMatchObject(expected);
  });

  it('is a failure of the API server when there was no answer at all', () => {
    expect(refusalOf(new Error('socket hang up'), child, effective)).toMatchObject({
      code: 'ApiServerError',
      message: expect.stringContaining('socket hang up'),
    });
  });
});

describe('the patch of a status', () => {
  it('is undefined for equal values', () => {
    expect(mergePatch({ a: [1], b: undefined }, { a: [1] })).toBeUndefined();
  });

  it('removes what is gone at every depth, and replaces lists', () => {
    const from = { url: 'x', router: { gateways: [1], old: 1 }, list: [{ a: 1 }], same: { b: 1 } };
    const to = { router: { gateways: [2] }, list: [{ a: 2 }], same: { b: 1 } };
    expect(mergePatch(from, to)).toEqual({ url: null, router: { gateways: [2], old: null }, list: [{ a: 2 }] });
  });
});
