/** Go's number constants. */

export type NumberConstant = { readonly value: number; readonly float: boolean } | { readonly error: string };

const INTEGER =
  /^([+-]?)(?:0[xX]_?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB]_?([01]+(?:_[01]+)*)|0[oO]_?([0-7]+(?:_[0-7]+)*)|0_?([0-7]+(?:_[0-7]+)*)|([1-9]\d*(?:_\d+)*|0))$/;
const DECIMAL_FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX_FLOAT = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/;

/**
 * The value of a constant, or Go's message why there is none. Integers that a JavaScript number cannot hold exactly and
 * complex numbers are refused.
 */
export function numberConstant(text: string, quoted: string): NumberConstant {
  const integer = integerValue(text);
  if (integer !== undefined) {
    return Number.isSafeInteger(integer) ? { value: integer, float: false } : { error: `integer overflow: ${quoted}` };
  }
  if (text.endsWith('i')) return { error: `complex numbers are not supported: ${quoted}` };
  const value = DECIMAL_FLOAT.test(text) ? Number(text) : hexFloat(text);
  if (value === undefined || !Number.isFinite(value)) return { error: `illegal number syntax: ${quoted}` };
  if (!/[.eEpP]/.test(text)) return { error: `integer overflow: ${quoted}` };
  return { value, float: true };
}

function integerValue(text: string): number | undefined {
  const found = INTEGER.exec(text);
  if (!found) return undefined;
  const [sign, ...digits] = found.slice(1).map((part) => part?.replaceAll('_', ''));
  const [hex, binary, octal, oldOctal, decimal] = digits;
  const prefixed = hex ? `0x${hex}` : binary ? `0b${binary}` : octal || oldOctal ? `0o${octal ?? oldOctal}` : decimal;
  const amount = Number(prefixed);
  return sign === '-' && amount !== 0 ? -amount : amount;
}

function hexFloat(text: string): number | undefined {
  const [all, sign, whole = '', fraction = '', exponent = '0'] = HEX_FLOAT.exec(text) ?? [];
  if (all === undefined || whole + fraction === '') return undefined;
  const value = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}
