import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judged, readRules, type Subject, unused } from '../../local/reference/allowed.ts';
import { differencesOf } from '../../local/reference/difference.ts';
import { readReference } from '../../local/reference/folder.ts';
import { recordedChild, recordedStatus } from '../../local/reference/normalise.ts';
import { notBuilt } from '../../local/reference/notbuilt.ts';
import { readyStatus, timed } from '../../local/reference/readiness.ts';
import { refusedHere } from '../../local/reference/refused.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Problem } from '../../src/api/problem.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { verdictOf } from '../../src/status/problems.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'llmisvc-reference-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The end of a link to a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

const object = (kind: string, rest: object = {}, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind, metadata: { name: 'a', ...metadata }, ...rest }) as KubeObject;

describe('a recorded child', () => {
  it('keeps what was written and loses what differs from run to run', () => {
    const owner = { apiVersion: 'v1', kind: 'X', name: 'x', uid: '1', controller: true };
    const metadata = { namespace: 'n', uid: '2', resourceVersion: '3', generation: 4, managedFields: [] };
    const service = object(
      'Service',
      { spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 1 }] }, status: { loadBalancer: {} } },
      { ...metadata, creationTimestamp: 'now', ownerReferences: [owner], labels: { a: 'b' } },
    );
    expect(recordedChild(service)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...{ name: 'a', namespace: 'n', labels: { a: 'b' } },
        ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', controller: true }],
      },
      spec: { ports: [{ port: 1 }] },
    });
  });

  it('shows no Secret value, no time, no hash and no long text', () => {
    const annotations = { 'certificates.kserve.io/expiration': '2027', 'llmisvc.serving.kserve.io/hash': '1f', b: 'c' };
    const secret = recordedChild(object('Secret', { data: { 'tls.key': 'c2VjcmV0' } }, { annotations }));
    expect(secret).toMatchObject({
      data: { 'tls.key': Buffer.from('<secret>').toString('base64') },
      metadata: {
        annotations: {
          'certificates.kserve.io/expiration': '<time>',
          'llmisvc.serving.kserve.io/hash': '<hash>',
          b: 'c',
        },
      },
    });
    expect(
      recordedChild(object('ConfigMap', { data: { text: 'x'.repeat(301), short: 'x'.repeat(300) } })),
    ).toMatchObject({
      data: { text: expect.stringMatching(/^sha256:[0-9a-f]{16}$/), short: 'x'.repeat(300) },
    });
  });

  it('has a status without times when it is a service', () => {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: 'now' }];
    const status = recordedStatus(
      object('LLMInferenceService', { spec: { a: 1 }, status: { conditions } }, { uid: '1' }),
    );
    expect(status).toEqual(
      object('LLMInferenceService', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
    );
  });
});

describe('differences', () => {
  const pathsOf = (want: object, got: object): readonly string[] =>
    differencesOf([object('X', want)], [object('X', got)]).map(({ path }) => path);

  it.each<[string, object, object, readonly string[]]>([
    ['equal objects', { a: [1] }, { a: [1] }, []],
    ['an absent and an empty value', { a: {} }, { b: [] }, []],
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, ['.a.b']],
    [
      'named entries in another order',
      { l: [{ name: 'a' }, { name: 'b' }] },
      { l: [{ name: 'b' }, { name: 'a' }] },
      ['.l[order]'],
    ],
    ['an added entry before others', { l: [{ name: 'a' }] }, { l: [{ name: 'c' }, { name: 'a' }] }, ['.l[c]']],
    [
      'entries that share a name',
      {
        l: [
          { name: 'a', v: 1 },
          { name: 'a', v: 2 },
        ],
      },
      {
        l: [
          { name: 'a', v: 1 },
          { name: 'a', v: 3 },
        ],
      },
      ['.l[1].v'],
    ],
    ['a shorter list', { l: [1, 2] }, { l: [1] }, ['.l[1]']],
    [
      'words and times of conditions',
      { status: { conditions: [{ type: 'R', message: 'a', lastTransitionTime: '1' }] } },
      { status: { conditions: [{ type: 'R', message: 'b', lastTransitionTime: '2' }] } },
      [],
    ],
    ['a long text and its digest', { a: 'sha256:66a63e3b1c3ee0b2' }, { a: 'y'.repeat(301) }, ['.a']],
  ])('of %s', (_what, want, got, paths) => expect(pathsOf(want, got)).toEqual(paths));

  it('name objects that only one side has', () => {
    const found = differencesOf([object('X'), object('Y')], [object('X'), object('Z')]);
    expect(found.map(({ object: name, kserve, ours }) => [name, kserve, ours])).toEqual([
      ['Y.v1/a', 'written', 'not written'],
      ['Z.v1/a', 'not written', 'written'],
    ]);
  });
});

const NOTHING = { children: [], 'children-ready': [], status: [], 'status-ready': [] };
const subject = (name: string): Subject => ({ name, input: [], recorded: NOTHING });

describe('the rules of intended differences', () => {
  const read = (text: string): ReturnType<typeof readRules> => {
    writeFileSync(join(folder, 'rules.yaml'), text);
    return readRules(join(folder, 'rules.yaml'));
  };
  const why = 'reason: because\n  section: somewhere';

  it('are refused without path, reason and section, and with unknown fields', () => {
    expect(() => read('- path: ^a\n  reason: because')).toThrow(/rules\.yaml: rule 0\.section/);
    expect(() => read(`- object: ^a\n  ${why}`)).toThrow(/rule 0: has no path/);
    expect(() => read(`- path: ^a\n  pth: b\n  ${why}`)).toThrow(/pth/);
    expect(() => read(`- path: '['\n  ${why}`)).toThrow(/no regular expression/);
  });

  it('explain what matches in all that they say, and what explains nothing is found', () => {
    const rules = read(
      `- path: ^\\.status$\n  object: ^X\\.\n  case: ^ca\n  kserve: "False"\n  ours: Unknown\n  ${why}\n` +
        `- path: ^\\.url$\n  kservePattern: /$\n  ours: null\n  ${why}\n- path: ^\\.never$\n  ${why}\n`,
    );
    const differences = [
      { object: 'X.v1/a', path: '.status', kserve: 'False', ours: 'Unknown' },
      { object: 'X.v1/a', path: '.status', kserve: 'True', ours: 'Unknown' },
      { object: 'X.v1/a', path: '.url', kserve: 'http://a/', ours: undefined },
      { object: 'X.v1/a', path: '.url', kserve: 'http://a', ours: undefined },
    ];
    const found = judged(subject('case'), differences, rules);
    expect(found.map(({ rule }) => rules.findIndex((one) => one === rule))).toEqual([0, -1, 1, -1]);
    expect(unused(rules, found)).toEqual([rules[2]]);
    const [difference] = differences;
    const elsewhere = { ...difference, object: 'Y.v1/a' } as (typeof differences)[number];
    expect(judged(subject('case'), [elsewhere], rules)[0]?.rule).toBeUndefined();
    expect(judged(subject('another'), differences.slice(0, 1), rules)[0]?.rule).toBeUndefined();
  });

  it('may ask what was applied, and what KServe made of it', () => {
    const [inputRule, recordedRule] = [`input: '"hostnames":\\["\\*'`, `recorded: '"reason":"Wrong"'`].map(
      (condition) => read(`- path: ^\\.url$\n  ${condition}\n  ${why}`),
    );
    const differences = [{ object: 'X.v1/a', path: '.url', kserve: 'a', ours: 'b' }];
    const isExplained = (rules: ReturnType<typeof readRules> = [], of: Partial<Subject> = {}): boolean =>
      judged({ ...subject('case'), ...of }, differences, rules)[0]?.rule !== undefined;
    const route = object('HTTPRoute', { spec: { rules: [], hostnames: ['*.a.com'] } });
    const failed = object('LLMInferenceService', { status: { conditions: [{ type: 'Ready', reason: 'Wrong' }] } });
    expect(isExplained(inputRule, { input: [route] })).toBe(true);
    expect(isExplained(inputRule)).toBe(false);
    expect(isExplained(recordedRule, { recorded: { ...NOTHING, status: [failed] } })).toBe(true);
    expect(isExplained(recordedRule, { input: [failed] })).toBe(false);
  });

  it('of this project name sections that docs/differences.md has', () => {
    const text = readFileSync(join(ROOT, 'docs/differences.md'), 'utf8');
    const sections = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
    const rules = readRules(join(ROOT, 'docs/differences.allow.yaml'));
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.map(({ section }) => section).filter((section) => !sections.includes(section))).toEqual([]);
  });
});

describe('faked readiness', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', generation: 3 },
    spec: { replicas: 2 },
  };

  it('is what the controller of the object would report', () => {
    expect(readyStatus(deployment)).toMatchObject({ observedGeneration: 3, availableReplicas: 2, updatedReplicas: 2 });
    const route = object('HTTPRoute', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      spec: { parentRefs: [{ name: 'g' }, { name: 'h' }] },
    });
    expect(readyStatus(route)).toMatchObject({
      parents: [
        { parentRef: { name: 'g' }, conditions: [{ type: 'Accepted' }, { type: 'ResolvedRefs' }] },
        { parentRef: { name: 'h' } },
      ],
    });
    expect(readyStatus(object('ConfigMap'))).toBeUndefined();
  });

  it('gives conditions a time where a recording has none', () => {
    expect(
      timed({ conditions: [{ type: 'A', status: 'True' }], addresses: [{ type: 'IPAddress', value: 'x' }] }),
    ).toEqual({
      conditions: [{ lastTransitionTime: '2026-01-01T00:00:00Z', type: 'A', status: 'True' }],
      addresses: [{ type: 'IPAddress', value: 'x' }],
    });
  });
});

describe('what is not built', () => {
  const service = (...conditions: readonly object[]): KubeObject =>
    object('LLMInferenceService', { status: { conditions } });

  const source = { kind: 'LLMInferenceService', namespace: 'n', name: 'a' } as const;
  const saidOf = (problem: Problem): KubeObject => {
    const { condition: type, reason, message, status } = verdictOf(problem, DEFAULT_SETTINGS);
    return service({ type, reason, message, status });
  };

  it('is read from the conditions with which the operator refuses it', () => {
    expect(notBuilt([service({ type: 'Ready', status: 'True' })])).toEqual([]);
    expect(notBuilt([saidOf({ code: 'UnsupportedField', path: 'spec.worker', source })])).toEqual(['spec.worker']);
    const unbuilt = { code: 'UnbuiltFeature', feature: 'prefill', path: 'spec.prefill', source } as const;
    expect(notBuilt([saidOf(unbuilt)])).toEqual(['spec.prefill']);
    const uri = (found: string): Problem => ({
      ...{ code: 'InvalidField', part: 'workload', path: 'spec.model.uri', found, allowed: 'hf://a/b', source },
    });
    expect(notBuilt([saidOf(uri('"s3://bucket/model"'))])).toEqual(['spec.model.uri s3://']);
    expect(notBuilt([saidOf(uri('"gs://refused/by-both"'))])).toEqual([]);
    expect(notBuilt([saidOf(uri('"model"'))])).toEqual([]);
  });
});

describe('what KServe refused at admission', () => {
  const theirs = [{ kind: 'LLMInferenceService', name: 'a', message: 'no' }];
  const failed = {
    type: 'Ready',
    status: 'False',
    reason: 'Wrong',
    message: 'Field x of LLMInferenceServiceConfig n/bad is wrong.',
  };
  const service = object('LLMInferenceService', { status: { conditions: [failed] } });

  it('is refused here by admission or by a condition, and then without children', () => {
    const [atAdmission] = refusedHere(theirs, theirs, [], []);
    expect(atAdmission?.here).toBe('admission: no');
    expect(refusedHere(theirs, [], [service], [])[0]?.here).toMatch(/^condition Ready Wrong: /);
    expect(refusedHere(theirs, [], [service], [object('Deployment')])[0]?.here).toBeUndefined();
    expect(refusedHere(theirs, [], [], [])[0]?.here).toBeUndefined();
  });

  it('of a config is refused by a service whose condition names it', () => {
    const refused = (name: string) =>
      refusedHere([{ kind: 'LLMInferenceServiceConfig', name, message: '' }], [], [service], []);
    expect(refused('bad')[0]?.here).toMatch(/^condition Ready Wrong/);
    expect(refused('other')[0]?.here).toBeUndefined();
  });
});

describe('a folder of recordings', () => {
  it('says what it lacks', () => {
    expect(() => readReference(folder)).toThrow(/no folder of recordings: it lacks cases, crds, presets/);
  });
});
