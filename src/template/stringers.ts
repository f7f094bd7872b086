/** Go structs that are written as one JSON value and print as text, and the methods that a template may call. */
import { parseQuantity, roundedUp } from '../api/quantity.ts';
import { BOOL, type GoField, type GoStruct, type GoType, INT, INT32, INT64, ownProperty, STRING } from './values.ts';

/** By the name that `gotypes.ts` uses. */
export const BUILT_IN_STRUCTS: Readonly<Record<string, GoStruct>> = {
  'resource.Quantity': struct(
    'resource.Quantity',
    quantityText,
    { Format: text('resource.Format', (json) => parseQuantity(json)?.format ?? '') },
    { Value: { type: INT64, read: (json) => roundedValue(json) } },
  ),
  'intstr.IntOrString': struct(
    'intstr.IntOrString',
    (json) => String(json ?? 0),
    {
      Type: { type: { kind: 'int', name: 'intstr.Type' }, read: (json) => (typeof json === 'string' ? 1 : 0) },
      IntVal: { type: INT32, read: (json) => (typeof json === 'number' ? json : 0) },
      StrVal: text('string', (json) => (typeof json === 'string' ? json : '')),
    },
    { IntValue: { type: INT, read: (json) => Math.trunc(Number(json)) || 0 } },
  ),
  'meta.Time': struct('v1.Time', timeText, {}, {}),
  'runtime.RawExtension': struct('runtime.RawExtension', (json) => JSON.stringify(json) ?? '', {}, {}),
  'apis.URL': struct(
    'apis.URL',
    urlText,
    {
      Scheme: text('string', (json) => urlOf(json).scheme),
      Opaque: text('string', (json) => urlOf(json).opaque),
      Host: text('string', (json) => urlOf(json).host),
      Path: text('string', (json) => urlOf(json).path),
      RawQuery: text('string', (json) => urlOf(json).query),
      Fragment: text('string', (json) => urlOf(json).fragment),
    },
    {},
    '',
  ),
};

/** The getters of metadata and the questions that parallelism answers, by the name that Go shows for the type. */
export const METHODS: Readonly<Record<string, ReadonlyMap<string, GoField>>> = {
  'v1.ObjectMeta': new Map(
    Object.entries({
      Name: STRING,
      GenerateName: STRING,
      Namespace: STRING,
      ResourceVersion: STRING,
      Generation: INT64,
    })
      .map(([name, type]): [string, GoType] => [name, type])
      .concat([
        ['UID', { kind: 'string', name: 'types.UID' }],
        ['Labels', { kind: 'map', key: STRING, of: STRING }],
        ['Annotations', { kind: 'map', key: STRING, of: STRING }],
        ['Finalizers', { kind: 'list', of: STRING }],
      ])
      .map(([name, type]) => [
        `Get${name}`,
        { type, read: (json) => ownProperty(json, name === 'UID' ? 'uid' : name[0]?.toLowerCase() + name.slice(1)) },
      ]),
  ),
  'v1alpha2.ParallelismSpec': new Map([
    ['IsDataParallel', isPositive('data', 'dataLocal')],
    ['IsPipelineParallel', isPositive('pipeline')],
    ['IsTensorParallel', isPositive('tensor')],
  ]),
};

function isPositive(...fields: readonly string[]): GoField {
  return { type: BOOL, read: (json) => fields.some((field) => Number(ownProperty(json, field) ?? 0) > 0) };
}

function struct(
  name: string,
  print: (json: unknown) => string,
  fields: Readonly<Record<string, GoField>>,
  methods: Readonly<Record<string, GoField>>,
  nilText = '<nil>',
): GoStruct {
  const string: GoField = { type: STRING, read: print };
  return {
    kind: 'struct',
    name,
    text: print,
    nilText,
    fields: new Map(Object.entries(fields)),
    methods: new Map([['String', string], ...Object.entries(methods)]),
  };
}

function text(name: string, read: (json: unknown) => string): GoField {
  return { type: { kind: 'string', name }, read };
}

function quantityText(json: unknown): string {
  return typeof json === 'string' || typeof json === 'number' ? String(json) : '0';
}

function roundedValue(json: unknown): number {
  const quantity = parseQuantity(json);
  return quantity ? Number(roundedUp(quantity)) : 0;
}

/** As Go prints a time in UTC. */
function timeText(json: unknown): string {
  if (typeof json !== 'string') return '0001-01-01 00:00:00 +0000 UTC';
  return `${json.replace('T', ' ').replace(/Z$/, '')} +0000 UTC`;
}

interface Url {
  readonly scheme: string;
  readonly opaque: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/** The parts of a URL as Go's `net/url` tells them apart: of `hf://org/name` the host is `org`. */
function urlOf(json: unknown): Url {
  const [, scheme = '', rest = '', query = '', fragment = ''] =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(typeof json === 'string' ? json : '') ??
    [];
  const parts = /^\/\/(?:[^/]*@)?([^/]*)(.*)$/s.exec(rest);
  const isOpaque = scheme !== '' && !rest.startsWith('/');
  return {
    scheme: scheme.toLowerCase(),
    opaque: isOpaque ? rest : '',
    host: parts?.[1] ?? '',
    path: unescaped(parts ? (parts[2] ?? '') : isOpaque ? '' : rest),
    query,
    fragment: unescaped(fragment),
  };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function urlText(json: unknown): string {
  return typeof json === 'string' ? json.replace(/^[a-zA-Z][a-zA-Z0-9+.-]*:/, (scheme) => scheme.toLowerCase()) : '';
}
