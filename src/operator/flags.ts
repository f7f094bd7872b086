import { parseArgs } from 'node:util';
import { DEFAULT_SETTINGS, type Settings } from '../api/settings.ts';
import { LEASE_NAME } from '../api/wellknown.ts';
import type { ListenAddress } from './probes.ts';
import { LOG_LEVELS, type LogLevel } from './telemetry.ts';

/** What a process is told at its start. */
export interface Flags {
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly workers: number;
  readonly metricsAddress: ListenAddress;
  readonly healthAddress: ListenAddress;
  readonly leaderElect: boolean;
  readonly leaseNamespace: string;
  readonly kubeconfig: string | undefined;
  readonly logLevel: LogLevel;
  /** Secret of the system namespace that is to hold a certificate for the optional Gateway. */
  readonly gatewayCertificate: string | undefined;
  /** Whether configs carry KServe's finalizer, which keeps those in use from being deleted. */
  readonly configFinalizer: boolean;
  /** What holds where the settings ConfigMap says nothing. */
  readonly settings: Settings;
}

/** What to do: run, or say something and end. */
export type Command = { readonly run: Flags } | { readonly print: string } | { readonly refuse: string };

export const HELP = `llmisvc-controller reconciles LLMInferenceService objects (serving.kserve.io).

Flags:
  --namespaces LIST       namespaces to serve, separated by commas (default: all)
  --workers N             services worked on at the same time, 1 to 64 (default: 8)
  --metrics-addr ADDRESS  where /metrics is served (default: :8080)
  --health-addr ADDRESS   where /healthz and /readyz are served (default: :8081)
  --leader-elect BOOL     act only while holding the Lease ${LEASE_NAME} (default: true)
  --lease-namespace NAME  namespace of that Lease (default: the system namespace)
  --config-finalizer BOOL keep configs that are in use by KServe's finalizer (default: false)
  --kubeconfig FILE       default: KUBECONFIG, ~/.kube/config, then the ServiceAccount of the pod
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (default: info)
  --version               print the version
  --help                  print this text

Environment:
  POD_NAMESPACE                           system namespace (default: ${DEFAULT_SETTINGS.systemNamespace})
  LLM_INFERENCE_SERVICE_CONFIG_PREFIX     prefix of the well-known configs (default: ${DEFAULT_SETTINGS.configPrefix})
  LLM_INFERENCE_SERVICE_VERSIONED_CONFIG  whether services pin them, true or false (default: true)
  CLUSTER_DOMAIN                          default: ${DEFAULT_SETTINGS.clusterDomain}
  GATEWAY_CERTIFICATE                     Secret of the system namespace to keep a self-signed certificate in (default: none)
`;

const OPTIONS = {
  namespaces: { type: 'string' },
  workers: { type: 'string' },
  'metrics-addr': { type: 'string' },
  'health-addr': { type: 'string' },
  'leader-elect': { type: 'string' },
  'lease-namespace': { type: 'string' },
  'config-finalizer': { type: 'string' },
  kubeconfig: { type: 'string' },
  'log-level': { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

class Refusal extends Error {}

/**
 * Reads the command line and the environment.
 *
 * @returns what to run, what to print, or why the command line is refused: the flag, what was found, what is allowed
 */
export function readFlags(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): Command {
  try {
    const { values } = parseArgs({
      args: args.map(withValue),
      options: OPTIONS,
      strict: true,
      allowPositionals: false,
    });
    if (values.help) return { print: HELP };
    if (values.version) return { print: `${version}\n` };
    const settings = settingsOf(environment);
    return {
      run: {
        namespaces: namespacesOf(values.namespaces),
        workers: integer('--workers', values.workers ?? '8', 1, 64),
        metricsAddress: addressOf('--metrics-addr', values['metrics-addr'] ?? ':8080'),
        healthAddress: addressOf('--health-addr', values['health-addr'] ?? ':8081'),
        leaderElect: truth('--leader-elect', values['leader-elect'] ?? 'true'),
        leaseNamespace: nameOf('--lease-namespace', values['lease-namespace'] ?? settings.systemNamespace),
        configFinalizer: truth('--config-finalizer', values['config-finalizer'] ?? 'false'),
        kubeconfig: values.kubeconfig,
        logLevel: levelOf(values['log-level'] ?? 'info'),
        gatewayCertificate: environment['GATEWAY_CERTIFICATE'] || undefined,
        settings,
      },
    };
  } catch (error) {
    if (!(error instanceof Refusal) && !isParseError(error)) throw error;
    return { refuse: `${error.message}\nSee --help.\n` };
  }
}

function isParseError(error: unknown): error is Error {
  return String((error as { readonly code?: unknown } | null)?.code).startsWith('ERR_PARSE_ARGS');
}

/** A flag of truth alone means true. */
function withValue(arg: string): string {
  return arg === '--leader-elect' || arg === '--config-finalizer' ? `${arg}=true` : arg;
}

function settingsOf(environment: Readonly<Record<string, string | undefined>>): Settings {
  const prefix = environment['LLM_INFERENCE_SERVICE_CONFIG_PREFIX'];
  const versioned = environment['LLM_INFERENCE_SERVICE_VERSIONED_CONFIG'];
  return {
    ...DEFAULT_SETTINGS,
    systemNamespace: nameOf('POD_NAMESPACE', environment['POD_NAMESPACE'] ?? DEFAULT_SETTINGS.systemNamespace),
    configPrefix: prefix ?? DEFAULT_SETTINGS.configPrefix,
    versionedConfigs: truth('LLM_INFERENCE_SERVICE_VERSIONED_CONFIG', versioned ?? 'true'),
    clusterDomain: environment['CLUSTER_DOMAIN'] || DEFAULT_SETTINGS.clusterDomain,
  };
}

function namespacesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  return text.split(',').map((name) => nameOf('--namespaces', name.trim()));
}

function nameOf(flag: string, name: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new Refusal(`${flag} is "${name}"; the name of a namespace is allowed: lower case letters, digits and dashes.`);
}

function integer(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Refusal(`${flag} is "${text}"; a whole number from ${least} to ${most} is allowed.`);
}

function truth(flag: string, text: string): boolean {
  if (/^(true|t|1)$/i.test(text)) return true;
  if (/^(false|f|0)$/i.test(text)) return false;
  throw new Refusal(`${flag} is "${text}"; true and false are allowed.`);
}

function addressOf(flag: string, text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match && port <= 65_535) return { host: match[1] || match[2] || undefined, port };
  throw new Refusal(`${flag} is "${text}"; an address such as :8080 or 127.0.0.1:8080 is allowed.`);
}

function levelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level) return level;
  throw new Refusal(`--log-level is "${text}"; allowed are ${LOG_LEVELS.join(', ')}.`);
}
