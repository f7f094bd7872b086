import { assert, bigInt, constantFrom, integer, property } from 'fast-check';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../../src/api/quantity.ts';

const SUFFIXES = [
  '',
  'n',
  'u',
  'm',
  'k',
  'M',
  'G',
  'T',
  'P',
  'E',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'Pi',
  'Ei',
  'e3',
  'E-2',
] as const;

describe('a quantity', () => {
  it.each([
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['4000m', '4'],
    ['1.5Gi', '1536Mi'],
    ['0.5', '500m'],
    ['100', '100'],
    ['1500', '1500'],
    ['2000', '2k'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['0', '0'],
    ['0Gi', '0'],
    ['-1500m', '-1500m'],
    ['+1', '1'],
    ['.5', '500m'],
    ['1.', '1'],
    ['1Ki', '1Ki'],
    ['0.5Ki', '512'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    [2, '2'],
    [0.5, '500m'],
  ])('%j is written %s', (text, expected) => {
    expect(formatQuantity(parseQuantity(text) as Quantity)).toBe(expected);
  });

  it.each(['', 'x', '1 Gi', 'Gi', '1gi', '1.2.3', '1e', 'NaN', '0x10', '1e9999', Number.NaN, null, true])(
    '%j is none',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );

  it('written and read again is the same amount', () => {
    assert(
      property(bigInt(-(2n ** 63n), 2n ** 63n), constantFrom(...SUFFIXES), (digits, suffix) => {
        const quantity = parseQuantity(`${digits}${suffix}`) as Quantity;
        const again = parseQuantity(formatQuantity(quantity)) as Quantity;
        expect(compareQuantities(again, quantity)).toBe(0);
        expect(formatQuantity(again)).toBe(formatQuantity(quantity));
      }),
    );
  });

  it('is ordered by amount', () => {
    assert(
      property(integer(), integer(), (a, b) => {
        const order = compareQuantities(parseQuantity(`${a}m`) as Quantity, parseQuantity(`${b}m`) as Quantity);
        expect(order).toBe(Math.sign(a - b) + 0);
      }),
    );
  });
});
