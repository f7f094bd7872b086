/**
 * Resource quantities of Kubernetes, exact: a value is a count of nano-units. `1.5Gi`, `100m`, `1e3`, `0.5`.
 */
export interface Quantity {
  /** In units of 10⁻⁹. */
  readonly nano: bigint;
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
}

const NANO = 1_000_000_000n;
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
/** Decimal suffixes and their powers of ten. */
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;
const LARGEST_EXPONENT = 1_000;

/**
 * Reads a quantity, as text or as the number that YAML makes of `cpu: 2`. Undefined when it is none. Digits below one
 * nano-unit are rounded away from zero, as Kubernetes does.
 */
export function parseQuantity(text: unknown): Quantity | undefined {
  if (typeof text !== 'string' && !(typeof text === 'number' && Number.isFinite(text))) return undefined;
  const parts = PATTERN.exec(String(text));
  if (!parts) return undefined;
  const [, sign, digits, suffix = ''] = parts as unknown as [string, string, string, string | undefined];
  const [whole = '', fraction = ''] = digits.split('.');
  const scale = scaleOf(suffix);
  if (!scale) return undefined;
  const numerator = BigInt(whole + fraction) * scale.times * NANO;
  const amount = power(numerator, scale.tens - fraction.length);
  return { nano: sign === '-' ? -amount : amount, format: scale.format };
}

/** Negative, zero or positive as the first quantity is less than, equal to or greater than the second. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** The canonical form, as the API server writes it: `1000m` is `1`, `1024Mi` is `1Gi`, `1500` bytes of Ki are `1500`. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const sign = nano < 0n ? '-' : '';
  const amount = nano < 0n ? -nano : nano;
  if (format === 'BinarySI' && amount >= 1024n * NANO && amount % NANO === 0n) return sign + binary(amount / NANO);
  const exponents = Object.entries(DECIMAL).sort(([, a], [, b]) => b - a);
  for (const [suffix, tens] of exponents) {
    const unit = power(NANO, tens);
    if (amount % unit !== 0n) continue;
    const exponent = format === 'DecimalExponent' && tens !== 0 ? `e${tens}` : suffix;
    return `${sign}${amount / unit}${exponent}`;
  }
  return `${sign}${amount}n`;
}

/** The value as a whole number; a fraction counts as one more, away from zero. */
export function roundedUp({ nano }: Quantity): bigint {
  const whole = nano / NANO;
  return nano % NANO === 0n ? whole : nano < 0n ? whole - 1n : whole + 1n;
}

interface Scale {
  readonly times: bigint;
  readonly tens: number;
  readonly format: Quantity['format'];
}

function scaleOf(suffix: string): Scale | undefined {
  const binaryPower = (BINARY as readonly string[]).indexOf(suffix);
  if (binaryPower >= 0) return { times: 1024n ** BigInt(binaryPower + 1), tens: 0, format: 'BinarySI' };
  if (Object.hasOwn(DECIMAL, suffix)) return { times: 1n, tens: DECIMAL[suffix] as number, format: 'DecimalSI' };
  const tens = Number(suffix.slice(1));
  return Math.abs(tens) > LARGEST_EXPONENT ? undefined : { times: 1n, tens, format: 'DecimalExponent' };
}

/** The value times ten to a power; a remainder rounds up. */
function power(value: bigint, tens: number): bigint {
  if (tens >= 0) return value * 10n ** BigInt(tens);
  const divisor = 10n ** BigInt(-tens);
  return (value + divisor - 1n) / divisor;
}

function binary(amount: bigint): string {
  let value = amount;
  let suffix = '';
  for (const candidate of BINARY) {
    if (value % 1024n !== 0n) break;
    value /= 1024n;
    suffix = candidate;
  }
  return `${value}${suffix}`;
}
