import { childName } from '../api/names.ts';
import { compareValues, equalValues, format, sprint } from './text.ts';
import {
  boolValue,
  dereference,
  type GoValue,
  INT64,
  intValue,
  isNil,
  isTrue,
  items,
  NONE,
  ownProperty,
  stringValue,
  typeName,
} from './values.ts';

export type Argument = 'any' | 'string' | 'int';
export type Result = { readonly value: GoValue } | { readonly error: string };

export interface TemplateFunction {
  readonly parameters: readonly Argument[];
  /** Type of further arguments; absent when there are none. */
  readonly rest?: Argument;
  /** `and` and `or` stop at the first argument that is false or true, and do not evaluate the others. */
  readonly stopsAt?: boolean;
  readonly call: (values: readonly GoValue[]) => Result;
}

/** Grace period when the pod template does not say one, and the seconds that stay unused before it ends. */
const DEFAULT_GRACE_SECONDS = 60;
const RESERVE_SECONDS = 5;

const ok = (value: GoValue): Result => ({ value });
const never: TemplateFunction['call'] = () => ({ error: 'evaluated while its arguments are' });

/**
 * The functions of a config template: KServe's `ChildName`, `shutdownTimeout` and `kvTransferConfig`, and of Go's own `and`, `or`, `not`, the
 * comparisons, `index`, `len` and the print family.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  [
    'ChildName',
    {
      parameters: ['string', 'string'],
      call: ([parent, suffix]) => ok(stringValue(childName(text(parent), text(suffix)))),
    },
  ],
  ['shutdownTimeout', { parameters: ['any', 'int'], call: ([pod, preStop]) => ok(shutdownTimeout(pod, preStop)) }],
  // A spec with KV-cache offloading is refused before its templates run, so the argument is always nil.
  ['kvTransferConfig', { parameters: ['any'], call: () => ok(stringValue('')) }],
  ['and', { parameters: ['any'], rest: 'any', stopsAt: false, call: never }],
  ['or', { parameters: ['any'], rest: 'any', stopsAt: true, call: never }],
  ['not', { parameters: ['any'], call: ([value]) => ok(boolValue(!isTrue(value ?? NONE))) }],
  ['eq', { parameters: ['any'], rest: 'any', call: ([first, ...others]) => equalsAny(first as GoValue, others) }],
  ['ne', { parameters: ['any', 'any'], call: ([a, b]) => negated(equalsAny(a as GoValue, [b as GoValue])) }],
  ['lt', ordering((sign) => sign < 0)],
  ['le', ordering((sign) => sign <= 0)],
  ['gt', ordering((sign) => sign > 0)],
  ['ge', ordering((sign) => sign >= 0)],
  ['index', { parameters: ['any'], rest: 'any', call: ([value, ...keys]) => index(value as GoValue, keys) }],
  ['len', { parameters: ['any'], call: ([value]) => length(value as GoValue) }],
  ['print', { parameters: [], rest: 'any', call: (values) => ok(stringValue(sprint(values))) }],
  ['println', { parameters: [], rest: 'any', call: (values) => ok(stringValue(`${sprint(values, true)}\n`)) }],
  [
    'printf',
    {
      parameters: ['string'],
      rest: 'any',
      call: ([layout, ...values]) => ok(stringValue(format(text(layout), values))),
    },
  ],
]);

export const FUNCTION_NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());

function text(value: GoValue | undefined): string {
  return typeof value?.json === 'string' ? value.json : '';
}

/** Seconds that vLLM may take to end: the grace period without the preStop hook and a reserve. */
function shutdownTimeout(pod: GoValue | undefined, preStop: GoValue | undefined): GoValue {
  const grace = ownProperty(pod?.json, 'terminationGracePeriodSeconds');
  const seconds = typeof grace === 'number' ? grace : DEFAULT_GRACE_SECONDS;
  const left = Math.max(0, seconds - Number(preStop?.json) - Math.min(RESERVE_SECONDS, seconds));
  return { type: INT64, json: left };
}

function equalsAny(first: GoValue, others: readonly GoValue[]): Result {
  if (others.length === 0) return { error: 'missing argument for comparison' };
  for (const other of others) {
    const equal = equalValues(first, other);
    if (typeof equal === 'string') return { error: equal };
    if (equal) return ok(boolValue(true));
  }
  return ok(boolValue(false));
}

function negated(result: Result): Result {
  return 'error' in result ? result : ok(boolValue(result.value.json !== true));
}

function ordering(holds: (sign: number) => boolean): TemplateFunction {
  return {
    parameters: ['any', 'any'],
    call: ([a, b]) => {
      const sign = compareValues(a as GoValue, b as GoValue);
      return typeof sign === 'string' ? { error: sign } : ok(boolValue(holds(sign)));
    },
  };
}

function index(value: GoValue, keys: readonly GoValue[]): Result {
  if (value.type.kind === 'none') return { error: 'index of untyped nil' };
  let current = value;
  for (const key of keys) {
    const result = element(current, key);
    if ('error' in result) return result;
    current = result.value;
  }
  return ok(current);
}

function element(value: GoValue, key: GoValue): Result {
  const inner = dereference(value);
  const { type, json } = inner;
  if (isNil(inner) && type.kind !== 'list' && type.kind !== 'map') return { error: 'index of nil pointer' };
  if (type.kind === 'list' || type.kind === 'string') {
    if (key.type.kind === 'none') return { error: 'cannot index slice/array with nil' };
    if (key.type.kind !== 'int') return { error: `cannot index slice/array with type ${typeName(key.type)}` };
    const at = Number(key.json);
    const bytes = type.kind === 'string' ? [...new TextEncoder().encode(text(inner))] : items(json);
    if (at < 0 || at >= bytes.length) return { error: `index out of range: ${at}` };
    return ok(type.kind === 'list' ? { type: type.of, json: bytes[at] } : intValue(Number(bytes[at])));
  }
  if (type.kind === 'map' || type.kind === 'open') {
    if (key.type.kind !== 'string') return { error: `value has type ${typeName(key.type)}; should be string` };
    const of = type.kind === 'map' ? type.of : type;
    return ok({ type: of, json: ownProperty(json, text(key)) });
  }
  return { error: `can't index item of type ${typeName(type)}` };
}

function length(value: GoValue): Result {
  if (value.type.kind === 'none') return { error: 'len of nil pointer' };
  const inner = dereference(value);
  const { type, json } = inner;
  if (type.kind === 'pointer') return { error: 'len of nil pointer' };
  if (type.kind === 'string') return ok(intValue(new TextEncoder().encode(text(inner)).length));
  if (type.kind === 'list') return ok(intValue(items(json).length));
  if (type.kind === 'map') return ok(intValue(Object.keys((json as object | undefined) ?? {}).length));
  return { error: `len of type ${typeName(type)}` };
}
