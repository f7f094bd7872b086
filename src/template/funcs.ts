import { childName } from '../api/names.ts';
import { compareValues, equalValues } from './compare.ts';
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts';
import { format, sprint } from './format.ts';
import { kvTransferConfig } from './kvtransfer.ts';
import { index, length, slice } from './sequence.ts';
import {
  boolValue,
  dereference,
  type GoValue,
  INT64,
  isTrue,
  NONE,
  ownProperty,
  printed,
  stringValue,
  typeName,
} from './values.ts';

export type Argument = 'any' | 'string' | 'int64';
export type Result = { readonly value: GoValue } | { readonly error: string };

export interface TemplateFunction {
  readonly parameters: readonly Argument[];
  /** Type of further arguments; absent when there are none. */
  readonly rest?: Argument;
  /** `and` and `or` stop at the first argument that is false or true, and do not evaluate the others. */
  readonly stopsAt?: boolean;
  /** Gets the values of the arguments, and how the first one is written. */
  readonly call: (values: readonly GoValue[], written: () => string) => Result;
}

/** Grace period when the pod template does not say one, and the seconds that stay unused before it ends. */
const DEFAULT_GRACE_SECONDS = 60;
const RESERVE_SECONDS = 5;

const ok = (value: GoValue): Result => ({ value });
const never: TemplateFunction['call'] = () => ({ error: 'evaluated while its arguments are' });

/**
 * The functions of a config template: KServe's `ChildName`, `shutdownTimeout` and `kvTransferConfig`, and those that Go's
 * `text/template` has itself. `call` only says that its argument is no function: the data of a config has none.
 */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  [
    'ChildName',
    {
      parameters: ['string', 'string'],
      call: ([parent, suffix]) => ok(stringValue(childName(text(parent), text(suffix)))),
    },
  ],
  ['shutdownTimeout', { parameters: ['any', 'int64'], call: ([pod, preStop]) => ok(shutdownTimeout(pod, preStop)) }],
  ['kvTransferConfig', { parameters: ['any'], call: ([spec]) => ok(stringValue(kvTransferConfig(spec))) }],
  ['and', { parameters: ['any'], rest: 'any', stopsAt: false, call: never }],
  ['or', { parameters: ['any'], rest: 'any', stopsAt: true, call: never }],
  ['not', { parameters: ['any'], call: ([value]) => ok(boolValue(!isTrue(value ?? NONE))) }],
  ['eq', { parameters: ['any'], rest: 'any', call: ([first = NONE, ...others]) => equalsAny(first, others) }],
  ['ne', { parameters: ['any', 'any'], call: ([a = NONE, b = NONE]) => negated(equalsAny(a, [b])) }],
  ['lt', ordering((sign) => sign < 0)],
  ['le', ordering((sign) => sign <= 0)],
  ['gt', ordering((sign) => sign > 0)],
  ['ge', ordering((sign) => sign >= 0)],
  ['index', { parameters: ['any'], rest: 'any', call: ([value = NONE, ...keys]) => index(value, keys) }],
  ['slice', { parameters: ['any'], rest: 'any', call: ([value = NONE, ...indexes]) => slice(value, indexes) }],
  ['len', { parameters: ['any'], call: ([value = NONE]) => length(value) }],
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
  ['html', escaping(escapeHtml)],
  ['js', escaping(escapeJs)],
  ['urlquery', escaping(escapeQuery)],
  ['call', { parameters: ['any'], rest: 'any', call: ([value = NONE], written) => notCallable(value, written) }],
]);

export const FUNCTION_NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());

function text(value: GoValue | undefined): string {
  return typeof value?.json === 'string' ? value.json : '';
}

/** Seconds that vLLM may take to end: the grace period without the preStop hook and a reserve. */
function shutdownTimeout(pod: GoValue | undefined, preStop: GoValue | undefined): GoValue {
  const isPod = pod?.type.kind === 'pointer' && pod.type.of.kind === 'struct' && pod.type.of.name === 'v1.PodSpec';
  const grace = isPod ? ownProperty(pod.json, 'terminationGracePeriodSeconds') : undefined;
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
    call: ([a = NONE, b = NONE]) => {
      const sign = compareValues(a, b);
      return typeof sign === 'string' ? { error: sign } : ok(boolValue(holds(sign)));
    },
  };
}

/** Values that are no text are printed first, as `print` does; only a missing one is worded as in an action. */
function escaping(escape: (text: string) => string): TemplateFunction {
  return {
    parameters: [],
    rest: 'any',
    call: (values) =>
      ok(
        stringValue(
          escape(
            sprint(
              values.map((value) => (value.type.kind === 'none' ? stringValue(printed(value)) : dereference(value))),
            ),
          ),
        ),
      ),
  };
}

function notCallable(value: GoValue, written: () => string): Result {
  if (value.type.kind === 'none') return { error: 'call of nil' };
  return { error: `non-function ${written()} of type ${typeName(value.type)}` };
}
