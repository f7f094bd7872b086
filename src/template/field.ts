import { executionError, type State } from './state.ts';
import { dereference, type GoValue, isNil, jsonName, ownProperty, typeName } from './values.ts';

/**
 * The field of a struct or the entry of a map, through pointers. Only own properties of the JSON data are looked at.
 * Throws a `TemplateError` when there is none, or when a pointer on the way is nil.
 */
export function field(state: State, receiver: GoValue, name: string, hasArguments: boolean): GoValue {
  if (receiver.type.kind === 'none') throw executionError(state, `nil data; no entry for key ${JSON.stringify(name)}`);
  const value = dereference(receiver);
  const { type, json } = value;
  const type_ = type.kind === 'pointer' ? type.of : type;
  if (type_.kind === 'struct') {
    const description = Object.hasOwn(type_.fields, name) ? type_.fields[name] : undefined;
    if (!description) throw executionError(state, `can't evaluate field ${name} in type ${typeName(receiver.type)}`);
    if (isNil(value)) throw executionError(state, `nil pointer evaluating ${typeName(receiver.type)}.${name}`);
    if (hasArguments) throw executionError(state, `${name} has arguments but cannot be invoked as function`);
    return { type: description.type, json: description.read(json) };
  }
  if (type.kind === 'map') {
    if (hasArguments) throw executionError(state, `${name} is not a method but has arguments`);
    const item = ownProperty(json, name);
    if (item === undefined) throw executionError(state, `map has no entry for key ${JSON.stringify(name)}`);
    return { type: type.of, json: item };
  }
  if (type_.kind === 'open') {
    if (isNil(value)) throw executionError(state, `nil pointer evaluating ${typeName(receiver.type)}.${name}`);
    if (hasArguments) throw executionError(state, `${name} has arguments but cannot be invoked as function`);
    return { type: { kind: 'open', name: type_.name }, json: ownProperty(json, jsonName(name)) };
  }
  if (type.kind === 'pointer') throw executionError(state, `nil pointer evaluating ${typeName(receiver.type)}.${name}`);
  throw executionError(state, `can't evaluate field ${name} in type ${typeName(receiver.type)}`);
}
