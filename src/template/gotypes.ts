/**
 * The Go types that a template can reach, by name: `goType('v1alpha2.LLMInferenceServiceSpec')` and so on.
 *
 * They are written as tables, a package each. A line describes a struct, `Probe: +ProbeHandler; TimeoutSeconds int32`:
 * `+` stands for an embedded struct, `Name=json type` for a field whose JSON name is not the Go name with a small first
 * word. `A = type` names a map or list, `strings A B` and `ints A B` name scalars. Types of other packages carry their
 * package, and what a name looks like in error messages is said in `PACKAGES`.
 */
import { BUILT_IN_STRUCTS, METHODS } from './stringers.ts';
import { CORE } from './types/core.ts';
import { GATEWAY } from './types/gateway.ts';
import { APIS, AUTOSCALING, DUCK, KEDA, LLMISVC_TYPES, POOL } from './types/llmisvc.ts';
import { META } from './types/meta.ts';
import { FLOAT, type GoField, type GoStruct, type GoType, jsonName, ownProperty } from './values.ts';

interface Package {
  /** How a nil pointer to a struct of the package prints: its types have generated `String` methods. */
  readonly nilText?: string;
  /** The name of the package in Go, which error messages show. */
  readonly shown: string;
  readonly table: string;
}

const PACKAGES: Readonly<Record<string, Package>> = {
  llmisvc: { shown: 'v1alpha2', table: LLMISVC_TYPES },
  core: { shown: 'v1', table: CORE, nilText: 'nil' },
  meta: { shown: 'v1', table: META, nilText: 'nil' },
  gateway: { shown: 'v1', table: GATEWAY },
  pool: { shown: 'v1', table: POOL },
  duck: { shown: 'v1', table: DUCK },
  apis: { shown: 'apis', table: APIS },
  autoscaling: { shown: 'v2', table: AUTOSCALING, nilText: 'nil' },
  keda: { shown: 'v1alpha1', table: KEDA },
  types: { shown: 'types', table: 'strings UID' },
};

const BUILT_IN: Readonly<Record<string, GoType>> = {
  ...Object.fromEntries(
    ['int', 'int32', 'int64', 'uint8', 'uint16'].map((name): [string, GoType] => [name, { kind: 'int', name }]),
  ),
  string: { kind: 'string', name: 'string' },
  bool: { kind: 'bool', name: 'bool' },
  float64: FLOAT,
};

/** The type of a name such as `core.PodSpec`, `*int32` or `map[string]string`. Throws when no table has it. */
export function goType(name: string, from = ''): GoType {
  if (name.startsWith('*')) return { kind: 'pointer', of: goType(name.slice(1), from) };
  if (name.startsWith('[]')) return { kind: 'list', of: goType(name.slice(2), from) };
  const map = /^map\[([^\]]+)\](.+)$/.exec(name);
  if (map) return { kind: 'map', key: goType(map[1] as string, from), of: goType(map[2] as string, from) };
  const full = name.includes('.') ? name : `${from}.${name}`;
  return BUILT_IN[name] ?? BUILT_IN_STRUCTS[full] ?? named(full);
}

const known = new Map<string, GoType>();

function named(name: string): GoType {
  const found = known.get(name);
  if (found) return found;
  const [pack = '', own = ''] = name.split('.');
  const { shown } = PACKAGES[pack] ?? { shown: pack };
  const row = rowsOf(pack).get(own);
  if (row === undefined) throw new Error(`no Go type ${name}`);
  const type = described(row, `${shown}.${own}`, pack);
  known.set(name, type);
  return type;
}

function described(row: string, name: string, pack: string): GoType {
  if (row === 'string' || row === 'int') return { kind: row, name };
  if (!row.startsWith('= ')) return struct(name, pack, row);
  const type = goType(row.slice(2), pack);
  return type.kind === 'map' || type.kind === 'list' ? { ...type, name } : type;
}

/** The fields are worked out when they are first asked for: types refer to each other in circles. */
function struct(name: string, pack: string, row: string): GoStruct {
  let fields: ReadonlyMap<string, GoField> | undefined;
  const methods = METHODS[name];
  const nilText = PACKAGES[pack]?.nilText;
  return {
    kind: 'struct',
    name,
    get fields() {
      fields ??= new Map(row.split('; ').map((entry) => fieldOf(entry, pack)));
      return fields;
    },
    ...(methods && { methods }),
    ...(nilText !== undefined && { nilText }),
  };
}

function fieldOf(entry: string, pack: string): [string, GoField] {
  if (entry.startsWith('+')) {
    const type = goType(entry.slice(1), pack);
    return [entry.slice(entry.lastIndexOf('.') + 1).replace('+', ''), { type, embedded: true, read: (json) => json }];
  }
  const [label = '', of = ''] = entry.split(' ');
  const [name = '', json = jsonName(name)] = label.split('=');
  const key = json.replace('+', '');
  return [
    name,
    {
      type: goType(of, pack),
      ...(json.endsWith('+') && { embedded: true }),
      read: (value) => ownProperty(value, key),
    },
  ];
}

const tables = new Map<string, ReadonlyMap<string, string>>();

function rowsOf(pack: string): ReadonlyMap<string, string> {
  const read = tables.get(pack);
  if (read) return read;
  const rows = new Map<string, string>();
  const lines = (PACKAGES[pack]?.table ?? '')
    .trim()
    .replace(/\n {2}/g, ' ')
    .split('\n');
  for (const line of lines) {
    const [, kind, names] = /^(string|int)s (.*)$/.exec(line) ?? [];
    for (const name of names?.split(' ') ?? []) rows.set(name, kind as string);
    const [, name, row] = /^(\w+)(?:: (.*)| (= .*))$/.exec(line)?.filter((part) => part !== undefined) ?? [];
    if (name && row && !kind) rows.set(name, row);
  }
  tables.set(pack, rows);
  return rows;
}
