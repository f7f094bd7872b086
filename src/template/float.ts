/** Floating point numbers as Go's `strconv.FormatFloat` writes them. */

/** No double has more digits after its point. */
const MOST_DIGITS = 1_100;

/**
 * Formats with the verb `e`, `f` or `g` and so many digits; without `digits` as many as are needed to tell the number
 * from all others. Halves are rounded to the even digit.
 */
export function formatFloat(value: number, verb: 'e' | 'f' | 'g', digits?: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + positive(Math.abs(value), verb, digits);
}

interface Decimal {
  /** Significant digits, the first of which stands before the point. */
  readonly digits: string;
  readonly exponent: number;
}

function positive(value: number, verb: 'e' | 'f' | 'g', digits: number | undefined): string {
  if (verb === 'f') return digits === undefined ? plain(shortest(value)) : fixed(value, digits);
  if (verb === 'e') return scientific(digits === undefined ? shortest(value) : rounded(value, digits + 1), digits);
  const decimal = digits === undefined ? shortest(value) : rounded(value, Math.max(digits, 1));
  const count = decimal.digits.length;
  const wanted = digits === undefined ? 6 : Math.max(digits, 1);
  const limit = digits !== undefined && wanted > count && count > decimal.exponent ? count : wanted;
  return decimal.exponent < -4 || decimal.exponent >= limit ? scientific(decimal) : plain(decimal);
}

function shortest(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

/** To a number of significant digits; zeros at the end are left out. */
function rounded(value: number, count: number): Decimal {
  if (value === 0) return { digits: '0', exponent: 0 };
  const wanted = Math.min(count, MOST_DIGITS);
  const { exponent } = shortest(value);
  const digits = String(scaled(value, wanted - 1 - exponent));
  return {
    digits: digits.slice(0, wanted).replace(/(?<=.)0+$/, ''),
    exponent: exponent + (digits.length > wanted ? 1 : 0),
  };
}

function fixed(value: number, digits: number): string {
  const exact = Math.min(digits, MOST_DIGITS);
  const text = String(scaled(value, exact)).padStart(exact + 1, '0');
  const fraction = text.slice(text.length - exact).padEnd(digits, '0');
  return digits === 0 ? text : `${text.slice(0, text.length - exact)}.${fraction}`;
}

/** The value times a power of ten, rounded to an integer, halves to the even one. */
function scaled(value: number, tens: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const mantissa = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n);
  const twos = Math.max(biased, 1) - 1075;
  const numerator = mantissa * 10n ** BigInt(Math.max(tens, 0)) * 2n ** BigInt(Math.max(twos, 0));
  const denominator = 10n ** BigInt(Math.max(-tens, 0)) * 2n ** BigInt(Math.max(-twos, 0));
  const whole = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole;
}

function scientific({ digits, exponent }: Decimal, after?: number): string {
  const fraction = digits.slice(1).padEnd(after ?? 0, '0');
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0]}${fraction === '' ? '' : `.${fraction}`}e${exponent < 0 ? '-' : '+'}${power}`;
}

function plain({ digits, exponent }: Decimal): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
