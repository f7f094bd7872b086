import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { resolve } from '../../src/config/resolve.ts';
import { render } from '../../src/render/render.ts';
import { PRESETS, service, snapshotOf } from './configinput.ts';

const URI = 'hf://org/model';

/** Each row: what a user writes, and what KServe's schema defaults and defaulting webhook make of it. */
const FILLED: readonly (readonly [what: string, written: object, filled: object])[] = [
  ['the model name', { model: { uri: URI } }, { model: { uri: URI, name: 'qwen' } }],
  [
    'containers of a pod template',
    { template: { terminationGracePeriodSeconds: 5 } },
    { template: { terminationGracePeriodSeconds: 5, containers: [] } },
  ],
  [
    'the rules of an inline route',
    { router: { route: { http: { spec: { hostnames: ['a.example'] } } }, gateway: {} } },
    {
      router: {
        route: {
          http: {
            spec: {
              hostnames: ['a.example'],
              rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
            },
          },
        },
        gateway: {},
      },
    },
  ],
  [
    'what typed objects always write',
    { template: { containers: [{ name: 'main', image: 'x' }] } },
    { template: { containers: [{ name: 'main', image: 'x', resources: {} }] }, baseRefs: [], labels: {} },
  ],
];

describe('what KServe fills in', () => {
  it.each(FILLED)('makes no difference: %s', (_what, written, filled) => {
    expect(childrenOf(filled)).toEqual(childrenOf(written));
  });

  it('is told from a rule that somebody wrote', () => {
    const rules = [{ matches: [{ path: { type: 'PathPrefix', value: '/own' } }] }];
    const text = JSON.stringify(childrenOf({ router: { route: { http: { spec: { rules } } } } }));
    expect(text).toContain('/own');
    expect(text).not.toContain('/team/qwen/v1');
  });
});

function childrenOf(spec: object): readonly unknown[] {
  const snapshot = snapshotOf(PRESETS);
  const effective = resolve(service({ model: { uri: URI }, ...spec }), snapshot, DEFAULT_SETTINGS);
  expect(effective).toMatchObject({ combined: true, problems: [] });
  const { children } = render(effective, snapshot, DEFAULT_SETTINGS);
  expect(children.length).toBeGreaterThan(1);
  return children.map(({ object }) => object);
}
