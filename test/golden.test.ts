import { checkGolden, FAMILIES, goldenCases } from './support/golden.ts';

const cases = goldenCases();

describe.each(FAMILIES)('golden %s', (family) => {
  const own = cases.filter((golden) => golden.name.startsWith(`${family}/`));

  it('has cases', () => {
    expect(own.length).toBeGreaterThan(0);
  });

  it.each(own.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    checkGolden(golden);
  });
});
