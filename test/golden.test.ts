import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkGolden, FAMILIES, type GoldenCase, goldenCases } from './support/golden.ts';

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

describe('the golden harness', () => {
  let root: string;
  const environment = { ...process.env };
  const plain = cases.find(({ specFile }) => !existsSync(specFile));

  beforeEach(() => {
    delete process.env['GOLDEN'];
    root = mkdtempSync(join(tmpdir(), 'golden-'));
    mkdirSync(join(root, 'config'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
    process.env = { ...environment };
  });

  it('writes the output of a new pair and fails once', () => {
    const golden = copyOfFirstCase();
    expect(() => checkGolden(golden)).toThrow('look at it');
    checkGolden(golden);
  });

  it('fails on a difference, and rewrites only when asked to, and not in CI', () => {
    const golden = copyOfFirstCase();
    writeFileSync(golden.outputFile, 'kind: Other\n');
    expect(() => checkGolden(golden)).toThrow('kind: Other');
    process.env['GOLDEN'] = 'write';
    process.env['CI'] = 'true';
    expect(() => checkGolden(golden)).toThrow('refused in CI');
    process.env['CI'] = 'false';
    checkGolden(golden);
    delete process.env['GOLDEN'];
    checkGolden(golden);
  });

  it('compares the effective specs of a case that says so, and nothing that it does not', () => {
    const golden = copyOfFirstCase();
    const text = readFileSync(golden.inputFile, 'utf8');
    writeFileSync(golden.inputFile, text.replace('kind: Case\n', 'kind: Case\nspec: true\n'));
    expect(() => checkGolden(golden)).toThrow('copy.spec.yaml is new');
    checkGolden(golden);
    writeFileSync(golden.specFile, 'kind: Other\n');
    expect(() => checkGolden(golden)).toThrow('kind: Other');
    copyFileSync((plain as GoldenCase).inputFile, golden.inputFile);
    expect(() => checkGolden(golden)).toThrow('copy.spec.yaml is not compared');
  });

  it('refuses an output without input', () => {
    writeFileSync(join(root, 'config', 'lost.out.yaml'), '');
    expect(() => goldenCases(root)).toThrow('lost.out.yaml has no .in.yaml beside it');
  });

  function copyOfFirstCase(): GoldenCase {
    const first = plain;
    if (!first) throw new Error('test/golden has no case');
    copyFileSync(first.inputFile, join(root, 'config', 'copy.in.yaml'));
    const [copy] = goldenCases(root);
    if (!copy || existsSync(copy.outputFile)) throw new Error('the copy is not a new pair');
    return copy;
  }
});
