import table from '../../src/cli/vllm/flags.json' with { type: 'json' };

interface Flag {
  readonly flags: readonly string[];
  readonly takes: string;
  readonly choices?: readonly string[];
  readonly type?: string;
  readonly none?: boolean;
}

/** What `vllm serve` was told, as far as the stand-in acts on it. */
export interface ServeArguments {
  readonly model: string;
  /** The names that a request may use; the first one is echoed in answers. */
  readonly servedNames: readonly string[];
  /** `name=path` of `--lora-modules`. */
  readonly adapters: readonly { readonly name: string; readonly path: string }[];
  readonly host: string;
  readonly port: number;
  readonly apiKeys: readonly string[];
  /** Tokens of prompt and answer together. */
  readonly maxModelLen: number;
  readonly rootPath: string;
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    readonly caFile?: string;
    readonly refresh: boolean;
  };
}

/** A command line that vLLM would refuse: it prints this message and exits with code 2. */
export class ArgumentsError extends Error {}

/** The version of vLLM whose command line is accepted. */
export const vllmVersion: string = table.vllm;

/**
 * Reads the command line after `vllm serve` by the rules of vLLM's parser: every flag of the real program, `_` for `-`
 * in names, `--flag=value` and `--flag value`, lists up to the next flag, `--config.key value` for JSON values. Throws
 * `ArgumentsError` with argparse's wording for what the real program refuses.
 */
export function parseServeArguments(args: readonly string[]): ServeArguments {
  const { positionals, unknown, values } = readFlags(args);
  const surplus = [...unknown, ...positionals.slice(1)];
  if (surplus.length > 0) throw new ArgumentsError(`unrecognized arguments: ${surplus.join(' ')}`);
  if (values.has('--config'))
    throw new ArgumentsError('argument --config: the stand-in reads no file, write the flags');
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  const model = positionals[0] ?? last('--model') ?? 'Qwen/Qwen3-0.6B';
  const names = values.get('--served-model-name') ?? [];
  const certFile = last('--ssl-certfile');
  const keyFile = last('--ssl-keyfile');
  const caFile = last('--ssl-ca-certs');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ArgumentsError('--ssl-certfile and --ssl-keyfile go together: give both or none');
  }
  return {
    model,
    servedNames: names.length > 0 ? names : [model],
    adapters: (values.get('--lora-modules') ?? []).map(adapter),
    host: last('--host') ?? '0.0.0.0',
    port: integer('--port', last('--port') ?? '8000'),
    apiKeys: values.get('--api-key') ?? [],
    maxModelLen: modelLength(last('--max-model-len') ?? '32768'),
    rootPath: (last('--root-path') ?? '').replace(/\/+$/, ''),
    ...(certFile && keyFile
      ? { tls: { certFile, keyFile, ...(caFile ? { caFile } : {}), refresh: values.has('--enable-ssl-refresh') } }
      : {}),
  };
}

const flagsByName = new Map<string, Flag>(
  (table.flags as readonly Flag[]).flatMap((flag) => flag.flags.map((name) => [name, flag] as const)),
);

function readFlags(args: readonly string[]): {
  positionals: string[];
  unknown: string[];
  values: Map<string, string[]>;
} {
  const positionals: string[] = [];
  const unknown: string[] = [];
  const values = new Map<string, string[]>();
  let index = 0;
  while (index < args.length) {
    const arg = args[index] ?? '';
    index += 1;
    if (!looksLikeFlag(arg)) {
      positionals.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = spelled(equals < 0 ? arg : arg.slice(0, equals));
    const found = findFlag(name);
    if (!found) {
      unknown.push(name + (equals < 0 ? '' : arg.slice(equals)));
      continue;
    }
    const given = /^-O./.test(arg) ? arg.slice(2).replace(/^=/, '') : equals < 0 ? undefined : arg.slice(equals + 1);
    const taken = given === undefined ? following(args, index, found) : [given];
    if (given === undefined) index += taken.length;
    check(name, found, given, taken);
    values.set(found.flags.find((each) => each.startsWith('--')) ?? name, taken);
  }
  return { positionals, unknown, values };
}

function findFlag(name: string): Flag | undefined {
  const short = /^-O./.test(name) ? '--optimization-level' : name;
  const exact = flagsByName.get(short) ?? flagsByName.get(short.replace(/\..*$/, ''));
  if (exact || !short.startsWith('--')) return exact;
  const longer = [...flagsByName.keys()].filter((each) => each.startsWith(short));
  if (longer.length > 1) throw new ArgumentsError(`ambiguous option: ${name} could match ${longer.join(', ')}`);
  return flagsByName.get(longer[0] ?? '');
}

function following(args: readonly string[], index: number, flag: Flag): string[] {
  if (flag.takes === 'none') return [];
  const rest = args.slice(index);
  const end = rest.findIndex((arg) => looksLikeFlag(arg));
  const available = end < 0 ? rest : rest.slice(0, end);
  return flag.takes === 'list' ? available : available.slice(0, 1);
}

function check(name: string, flag: Flag, given: string | undefined, taken: readonly string[]): void {
  const shown = `argument ${flag.flags.join('/')}`;
  if (flag.takes === 'none' && given !== undefined) {
    throw new ArgumentsError(`${shown}: ignored explicit argument '${given}'`);
  }
  if (flag.takes === 'one' && taken.length === 0) throw new ArgumentsError(`${shown}: expected one argument`);
  if (flag.takes === 'list' && taken.length === 0) throw new ArgumentsError(`${shown}: expected at least one argument`);
  if (name.includes('.')) return;
  for (const value of taken) {
    if (flag.none && value === 'None') continue;
    if (flag.type === 'int') integer(flag.flags.join('/'), value);
    if (flag.type === 'float' && !Number.isFinite(Number(value))) {
      throw new ArgumentsError(`${shown}: invalid float value: '${value}'`);
    }
    if (!flag.choices || flag.choices.includes(value)) continue;
    const choices = flag.choices.map((choice) => `'${choice}'`).join(', ');
    throw new ArgumentsError(`${shown}: invalid choice: '${value}' (choose from ${choices})`);
  }
}

function looksLikeFlag(arg: string): boolean {
  // A blank makes it a value, unless it stands after `--flag=`.
  return arg.length > 1 && arg.startsWith('-') && !/^-\d+(\.\d+)?$/.test(arg) && !/^[^=]* /.test(arg);
}

function spelled(name: string): string {
  if (!name.startsWith('--')) return name;
  const dot = name.indexOf('.');
  const head = dot < 0 ? name : name.slice(0, dot);
  return head.replaceAll('_', '-') + (dot < 0 ? '' : name.slice(dot));
}

function integer(flag: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new ArgumentsError(`argument ${flag}: invalid int value: '${text}'`);
  return Number(text);
}

// vLLM reads `16k` as 16,000 and `16K` as 16,384.
function modelLength(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKmMgG]?)$/.exec(text);
  if (text === '-1' || text === 'auto') return 32768;
  if (!match) throw new ArgumentsError(`argument --max-model-len: invalid human_readable_int value: '${text}'`);
  const scale = { k: 1e3, K: 2 ** 10, m: 1e6, M: 2 ** 20, g: 1e9, G: 2 ** 30 }[match[2] ?? ''] ?? 1;
  return Math.floor(Number(match[1]) * scale);
}

function adapter(text: string): { name: string; path: string } {
  if (text.startsWith('{')) {
    const { name, path } = JSON.parse(text) as { name?: string; path?: string };
    if (name && path) return { name, path };
  }
  const equals = text.indexOf('=');
  if (equals <= 0) throw new ArgumentsError(`argument --lora-modules: invalid value '${text}': write name=path`);
  return { name: text.slice(0, equals), path: text.slice(equals + 1) };
}
