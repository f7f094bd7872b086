import { DRY_RUN, dryRunOf, isDryRun, type DryRunRef, type Verdict } from '../../src/api/dryrun.ts';
import type { LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { type Answer, fixedSource, recordingSnapshot } from '../../src/api/snapshot.ts';
import { ANNOTATION_VALIDATED } from '../../src/api/wellknown.ts';
import { accepted } from '../../src/apply/validation.ts';
import type { Effective } from '../../src/config/effective.ts';
import { resolve } from '../../src/config/resolve.ts';
import { withVerdict } from '../../src/config/validation.ts';
import { MODEL, PRESETS, resolved, service } from './configinput.ts';

type Service = ReturnType<typeof service>;

/** What a service means where the API server gives such answers, and what it was asked. */
function judged(
  of: Service,
  answer: (question: DryRunRef) => Answer<Verdict>,
): { readonly effective: Effective; readonly asked: readonly DryRunRef[] } {
  const given = fixedSource(PRESETS);
  const asked: DryRunRef[] = [];
  const snapshot = recordingSnapshot({
    list: given.list,
    get(ref) {
      if (!isDryRun(ref)) return given.get(ref);
      asked.push(ref);
      return answer(ref);
    },
  });
  return { effective: resolve(of, snapshot, DEFAULT_SETTINGS), asked };
}

const yes = (question: DryRunRef): Answer<Verdict> => ({ state: 'found', value: accepted(question) });
const one = service({ model: MODEL, replicas: 2 });

it('asks about the whole merged spec, under a name of its own and without labels', () => {
  const [question] = judged(service({ ...one.spec }, { labels: { a: 'b' } }), yes).asked;
  expect(question).toMatchObject({ ...DRY_RUN, namespace: 'team' });
  expect(question?.candidate).toEqual({
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { generateName: 'qwen-validation-', namespace: 'team' },
    spec: resolved(one).spec,
  });
});

it('does nothing before there is a verdict', () => {
  const { effective } = judged(one, () => ({ state: 'unknown' }));
  expect(effective).toMatchObject({ combined: false, problems: [] });
});

it('remembers what was accepted in the status, and does not ask about it again', () => {
  const { effective } = judged(one, yes);
  expect(effective).toMatchObject({ combined: true, problems: [] });
  const status = { annotations: { [ANNOTATION_VALIDATED]: effective.validated ?? '' } };
  expect(judged({ ...one, status }, yes).asked).toEqual([]);
  expect(judged({ ...one, spec: { ...one.spec, replicas: 3 }, status }, yes).asked).toHaveLength(1);
  const elsewhere = { ...one, metadata: { ...one.metadata, namespace: 'other' }, status };
  expect(judged(elsewhere, yes).asked).toHaveLength(1);
});

it('asks nobody about a spec that breaks a rule of our own', () => {
  const { asked, effective } = judged(service({ model: { uri: 'ftp://x' } }), yes);
  expect(asked).toEqual([]);
  expect(effective.problems).toMatchObject([{ code: 'InvalidField', path: 'spec.model.uri' }]);
});

it('fills appliedConfigs of a spec that is refused', () => {
  const { effective } = judged(one, (question) => ({
    state: 'found',
    value: { ...accepted(question), outcome: 'Invalid', message: 'no' },
  }));
  expect(effective).toMatchObject({ combined: false, problems: [{ code: 'ValidationRejected' }] });
  expect(effective.appliedConfigs).toHaveLength(1);
});

describe('the configuration of the endpoint picker', () => {
  const questionOf = (inline: unknown): unknown => {
    const effective = resolved(one);
    const router = { scheduler: { config: { inline, other: 1 } } };
    const seen: unknown[] = [];
    const source = fixedSource([]);
    const snapshot = recordingSnapshot({
      list: source.list,
      get(ref) {
        if (isDryRun(ref)) seen.push(ref.candidate.spec.router?.scheduler?.config);
        return { state: 'absent' };
      },
    });
    withVerdict({ ...effective, spec: { ...effective.spec, router } as LLMInferenceServiceSpec }, snapshot);
    return seen[0];
  };

  it.each([
    ['YAML', 'plugins:\n- type: a\n', { plugins: [{ type: 'a' }] }],
    ['JSON', '{"plugins": []}', { plugins: [] }],
    ['text that is neither', 'a: [b', 'a: [b'],
    ['an object', { plugins: [] }, { plugins: [] }],
  ])('is sent as an object: %s', (_what, given, sent) => {
    expect(questionOf(given)).toEqual({ inline: sent, other: 1 });
  });
});

it('names a question after namespace and content alone', () => {
  const name = (of: Service, spec: LLMInferenceServiceSpec): string => dryRunOf(of, spec).name;
  const other = service({}, { name: 'other' });
  expect(name(one, { replicas: 1, model: MODEL })).toBe(name(other, { model: MODEL, replicas: 1 }));
  expect(name(one, { replicas: 1 })).not.toBe(name(one, { replicas: 2 }));
});
