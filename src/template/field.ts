import { quote } from './quote.ts';
import { executionError, type State } from './state.ts';
import { dereference, type GoField, type GoStruct, type GoValue, isNil, ownProperty, typeName } from './values.ts';

/**
 * The field of a struct, the result of its method, or the entry of a map, through pointers; after `evalField` of Go's
 * `text/template`. Only own properties of the JSON data are looked at. Throws a `TemplateError` when there is none, or
 * when a pointer on the way is nil.
 */
export function field(state: State, receiver: GoValue, name: string, argumentCount: number): GoValue {
  if (receiver.type.kind === 'none') throw executionError(state, `nil data; no entry for key ${quote(name)}`);
  const value = dereference(receiver);
  const { type, json } = value;
  const pointed = type.kind === 'pointer' ? type.of : type;
  const shown = typeName(receiver.type);
  if (pointed.kind === 'struct') {
    const method = member(pointed, name, ({ methods }) => methods);
    if (method) return called(state, method, json, name, argumentCount);
    const found = member(pointed, name, ({ fields }) => fields);
    if (!found) throw executionError(state, `can't evaluate field ${name} in type ${shown}`);
    if (isNil(value)) throw executionError(state, `nil pointer evaluating ${shown}.${name}`);
    if (argumentCount > 0) throw executionError(state, `${name} has arguments but cannot be invoked as function`);
    return { type: found.type, json: found.read(json) };
  }
  if (type.kind === 'map' && type.key.kind === 'string' && type.key.name === 'string') {
    if (argumentCount > 0) throw executionError(state, `${name} is not a method but has arguments`);
    const item = ownProperty(json, name);
    if (item === undefined) throw executionError(state, `map has no entry for key ${quote(name)}`);
    return { type: type.of, json: item };
  }
  if (type.kind === 'pointer') throw executionError(state, `nil pointer evaluating ${shown}.${name}`);
  throw executionError(state, `can't evaluate field ${name} in type ${shown}`);
}

function called(state: State, method: GoField, json: unknown, name: string, argumentCount: number): GoValue {
  if (argumentCount > 0) throw executionError(state, `wrong number of args for ${name}: want 0 got ${argumentCount}`);
  return { type: method.type, json: method.read(json) };
}

/** A field or method of the struct itself or, if it has none of this name, of the structs that are embedded in it. */
function member(
  struct: GoStruct,
  name: string,
  members: (struct: GoStruct) => ReadonlyMap<string, GoField> | undefined,
): GoField | undefined {
  const own = members(struct)?.get(name);
  if (own) return own;
  for (const { type, read, embedded } of struct.fields.values()) {
    if (!embedded || type.kind !== 'struct') continue;
    const inner = member(type, name, members);
    if (inner) return { type: inner.type, read: (json) => inner.read(read(json)) };
  }
  return undefined;
}
