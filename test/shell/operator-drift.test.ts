import type { KubeObject } from '../../src/api/object.ts';
import { createDrift, trimmed } from '../../src/operator/drift.ts';

function child(uid: string, more: object = {}): KubeObject {
  const owner = { apiVersion: 'serving.kserve.io/v1alpha2', kind: 'LLMInferenceService', name: 'one', uid };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'one', namespace: 'a', uid: `child-of-${uid}`, ownerReferences: [owner], ...more },
  };
}

/** The object as the API server has it after our apply of `fieldsV1`. */
function live(uid: string, fieldsV1: object, more: object = {}): KubeObject {
  const entry = { manager: 'llmisvc', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
  return child(uid, { managedFields: [entry], ...more });
}

const owning = (uid: string): object => ({ 'f:metadata': { 'f:ownerReferences': { [`k:{"uid":"${uid}"}`]: {} } } });
const fieldsOf = ({ metadata }: KubeObject): unknown => metadata.managedFields?.[0]?.fieldsV1;

it('keeps the field sets of like objects once, whoever owns them', () => {
  expect(fieldsOf(trimmed(live('u1', owning('u1'))))).toBe(fieldsOf(trimmed(live('u2', owning('u2')))));
  expect(fieldsOf(trimmed(live('u1', owning('u1'))))).not.toBe(fieldsOf(trimmed(live('u1', { 'f:spec': {} }))));
});

it('sees a lost owner reference and none that is there', () => {
  const drift = createDrift();
  const hashed = drift.hashed(child('u1'));
  const { annotations } = hashed.metadata;
  const reason = (fields: object) => drift.reason(hashed, trimmed(live('u1', fields, { annotations })));
  const annotated = { 'f:annotations': { 'f:llmisvc.serving.kserve.io/hash': {} } };
  const owner = { 'f:ownerReferences': { 'k:{"uid":"u1"}': {} } };
  expect(reason({ 'f:metadata': { ...annotated, ...owner } })).toBeUndefined();
  expect(reason({ 'f:metadata': annotated })).toBe('others changed metadata.ownerReferences');
});
