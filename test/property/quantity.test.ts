import { bigInt, constantFrom, integer, property, stringMatching, tuple } from 'fast-check';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../../src/api/quantity.ts';
import { holds } from '../support/runs.ts';

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
    holds(
      property(bigInt(-(2n ** 63n), 2n ** 63n), constantFrom(...SUFFIXES), (digits, suffix) => {
        const quantity = parseQuantity(`${digits}${suffix}`) as Quantity;
        const again = parseQuantity(formatQuantity(quantity)) as Quantity;
        expect(compareQuantities(again, quantity)).toBe(0);
        expect(formatQuantity(again)).toBe(formatQuantity(quantity));
      }),
    );
  });

  it('is ordered by amount', () => {
    holds(
      property(integer(), integer(), (a, b) => {
        const order = compareQuantities(parseQuantity(`${a}m`) as Quantity, parseQuantity(`${b}m`) as Quantity);
        expect(order).toBe(Math.sign(a - b) + 0);
      }),
    );
  });

  it('is the fraction that its digits and its suffix say, rounded away from zero to one nano-unit', () => {
    holds(
      property(digits, constantFrom(...SUFFIXES), (text, suffix) => {
        const { numerator, denominator } = fractionOf(text, suffix);
        const { nano } = parseQuantity(text + suffix) as Quantity;
        const exact = numerator * 10n ** 9n;
        const rest = nano * denominator - exact;
        // Not nearer to zero than the fraction, and less than one unit away from it.
        expect(numerator < 0n ? rest <= 0n : rest >= 0n).toBe(true);
        expect((rest < 0n ? -rest : rest) < denominator).toBe(true);
      }),
    );
  });

  it('is compared by value, whatever the suffixes are', () => {
    const written = tuple(
      integer({ min: -9_999, max: 9_999 }),
      constantFrom('', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3'),
    );
    holds(
      property(written, written, ([a, one], [b, two]) => {
        const [left, right] = [fractionOf(String(a), one), fractionOf(String(b), two)];
        const difference = left.numerator * right.denominator - right.numerator * left.denominator;
        const order = compareQuantities(parseQuantity(a + one) as Quantity, parseQuantity(b + two) as Quantity);
        expect(order).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });
});

const digits = stringMatching(/^[+-]?(0|[1-9]\d{0,12})(\.\d{0,12})?$/);

const FACTORS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 10n ** 9n],
  u: [1n, 10n ** 6n],
  m: [1n, 10n ** 3n],
  '': [1n, 1n],
  k: [10n ** 3n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
  e3: [10n ** 3n, 1n],
  'E-2': [1n, 100n],
};

/** The same amount as a fraction, worked out another way. */
function fractionOf(text: string, suffix: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const [times, by] = FACTORS[suffix] as readonly [bigint, bigint];
  const amount = BigInt(whole + fraction) * times;
  return { numerator: text.startsWith('-') ? -amount : amount, denominator: 10n ** BigInt(fraction.length) * by };
}
