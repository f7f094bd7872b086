import { pathAsWritten, type Place, positionOf } from '../../src/cli/input/place.ts';
import { parseYaml } from '../../src/cli/input/yaml.ts';

const POOL = 'spec.router.scheduler.pool.spec';

function placeOf(pool: string): Place {
  const [yaml] = parseYaml(`spec:\n router:\n  scheduler:\n   pool:\n    spec:\n${pool}`);
  if (!yaml) throw new Error('no document');
  return { file: 'a.yaml', yaml, base: [] };
}

const OLDER = placeOf(`     selector:
      app.x/y: z
     targetPortNumber: 1
     extensionRef:
      name: picker
      portNumber: 2
`);

it.each([
  ['targetPorts', 'targetPortNumber', 8],
  ['targetPorts[0].number', 'targetPortNumber', 8],
  ['endpointPickerRef', 'extensionRef', 9],
  ['endpointPickerRef.name', 'extensionRef.name', 10],
  ['endpointPickerRef.port.number', 'extensionRef.portNumber', 11],
  ['selector.matchLabels[app.x/y]', 'selector[app.x/y]', 7],
])('%s of the pool is %s in v1alpha1', (path, written, line) => {
  expect(pathAsWritten(OLDER, `${POOL}.${path}`)).toBe(`${POOL}.${written}`);
  expect(positionOf(OLDER, `${POOL}.${path}`).line).toBe(line);
});

it('is the same where it is written so, and for what nobody wrote', () => {
  const newer = placeOf(`     selector: {matchLabels: {a: b}}
     targetPorts: [{number: 1}]
     targetPortNumber: 1
     endpointPickerRef: {name: picker}
     extensionRef: {name: other}
`);
  for (const place of [newer, placeOf('     {}\n')]) {
    for (const path of ['targetPorts[0].number', 'endpointPickerRef.port']) {
      expect(pathAsWritten(place, `${POOL}.${path}`)).toBe(`${POOL}.${path}`);
    }
  }
  expect(pathAsWritten(newer, `${POOL}.selector.matchLabels.a`)).toBe(`${POOL}.selector.matchLabels.a`);
  expect(pathAsWritten(newer, 'spec.model.uri')).toBe('spec.model.uri');
});
