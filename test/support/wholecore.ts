import type { Condition, LLMInferenceService } from '../../src/api/llmisvc.ts';
import { type KubeObject, refOf } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/api/settings.ts';
import { fixedSource, recordingSnapshot } from '../../src/api/snapshot.ts';
import { resolve } from '../../src/config/resolve.ts';
import { render } from '../../src/render/render.ts';
import { createDrift } from '../../src/operator/drift.ts';
import { assess } from '../../src/status/assess.ts';

/** What the whole core makes of a service. */
export interface CorePass {
  readonly children: readonly KubeObject[];
  readonly conditions: readonly Condition[];
  /** The messages of all conditions, as a user reads them. */
  readonly said: string;
}

/** Runs resolve, render and assess over a cluster that holds exactly these objects; children count as just created. */
export function corePass(
  service: LLMInferenceService,
  objects: readonly KubeObject[],
  settings: Partial<Settings> = {},
): CorePass {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const snapshot = recordingSnapshot(fixedSource(objects));
  const effective = resolve(service, snapshot, all);
  const plan = render(effective, snapshot, all);
  const children = plan.children.map(({ object }) => object);
  // As the operator does before it compares with what is there.
  for (const child of children) createDrift().hashed(child);
  const outcomes = children.map((object) => ({ ref: refOf(object), action: 'created' as const, object }));
  const { status } = assess({
    effective,
    plan,
    outcomes,
    snapshot: recordingSnapshot(fixedSource([...objects, ...children])),
    settings: all,
    now: '2026-01-01T00:00:00Z',
  });
  const conditions = status.conditions ?? [];
  return { children, conditions, said: conditions.map(({ message }) => message ?? '').join('\n') };
}
