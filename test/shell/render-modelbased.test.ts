import type { HTTPRoute, HTTPRouteSpec } from '../../src/api/children.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import type { Effective } from '../../src/config/effective.ts';
import { renderHTTPRoute } from '../../src/render/routing/httproute.ts';
import { withAdapterMatches } from '../../src/render/routing/modelbased.ts';
import { MODEL, resolved, service, snapshotOf } from './configinput.ts';

const HEADER = 'X-Gateway-Model-Name';

function withAdapters(...names: readonly (string | undefined)[]): Effective {
  const adapters = names.map((name) => ({ name, uri: 'hf://a/b' }));
  return resolved(service({ model: { ...MODEL, lora: { adapters } } }));
}

const match = (path: string, model: string): object => ({
  path: { type: 'PathPrefix', value: path },
  headers: [
    { name: 'x-tier', value: 'gold' },
    { name: HEADER, value: model },
  ],
});
const plain = { path: { type: 'PathPrefix', value: '/v1' } };

describe('the matches on the model header', () => {
  it('are followed by one for each adapter, sorted by name', () => {
    const spec = {
      rules: [
        { name: 'both', matches: [match('/a', 'publishers/team/models/m'), plain, match('/b', 'x')] },
        { name: 'none', matches: [plain] },
        { name: 'open' },
      ],
    } as unknown as HTTPRouteSpec;
    const adapter = (path: string, name: string): object => match(path, `publishers/team/models/${name}`);
    expect(withAdapterMatches(spec, withAdapters('sql', 'Zoo', 'é'), HEADER)).toEqual({
      rules: [
        {
          name: 'both',
          matches: [
            ...(spec.rules?.[0]?.matches ?? []),
            ...[adapter('/a', 'Zoo'), adapter('/a', 'sql'), adapter('/a', 'é')],
            ...[adapter('/b', 'Zoo'), adapter('/b', 'sql'), adapter('/b', 'é')],
          ],
        },
        spec.rules?.[1],
        { name: 'open' },
      ],
    });
  });

  it('are in the route of a service with adapters, and not where the header is not used', () => {
    const rules = [{ matches: [match('/a', 'm')] }];
    const model = { ...MODEL, lora: { adapters: [{ name: 'sql', uri: 'hf://a/b' }] } };
    const router = { route: { http: { spec: { rules } } } };
    const annotations = { 'serving.kserve.io/model-based-routing-enabled': 'true' };
    const valuesIn = (spec: object): unknown => {
      const { child } = renderHTTPRoute(
        resolved(service({ model, router, ...spec })),
        snapshotOf([]),
        DEFAULT_SETTINGS,
      );
      const route = child?.object as HTTPRoute | undefined;
      return route?.spec?.rules?.[0]?.matches?.map(
        ({ headers }) => headers?.find(({ name }) => name === HEADER)?.value,
      );
    };
    expect(valuesIn({ annotations })).toEqual(['m', 'publishers/team/models/sql']);
    expect(valuesIn({})).toBeUndefined();
  });

  it('stay as they are without adapters', () => {
    const spec = { rules: [{ matches: [match('/a', 'm')] }] } as unknown as HTTPRouteSpec;
    expect(withAdapterMatches(spec, withAdapters(), HEADER)).toBe(spec);
    expect(withAdapterMatches(spec, withAdapters(undefined), HEADER)).toBe(spec);
  });
});
