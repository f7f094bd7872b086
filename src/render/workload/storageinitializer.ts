import type { Container } from '../../api/children.ts';
import type { Problem } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import { MODEL_PATH, STORAGE_INITIALIZER } from '../../api/wellknown.ts';

/** The volume into which the model is downloaded. */
export const PROVISION_VOLUME = 'kserve-provision-location';

const PATH = `spec.template.initContainers[name=${STORAGE_INITIALIZER}]`;

const DOWNLOAD_ENV = [
  { name: 'HF_HUB_ENABLE_HF_TRANSFER', value: '1' },
  { name: 'HF_XET_HIGH_PERFORMANCE', value: '1' },
  { name: 'HF_XET_NUM_CONCURRENT_RANGE_GETS', value: '8' },
];

/** What is carried over from the pods that run, so that neither an upgrade nor a takeover restarts them. */
export interface LiveInitializer {
  readonly image?: string;
  /** Whether some env name starts with `HF_`. */
  readonly hfEnv: boolean;
}

/**
 * The init container that downloads a model from Hugging Face, with the user's container of the same name laid over it.
 * Name, arguments and command stay the operator's: a user who sets the latter two gets a warning FieldOverridden.
 * The image of a running workload is kept unless the user names one; the download settings are only given to new pods
 * and to pods that have such settings already.
 */
export function storageInitializer(
  uri: string,
  own: Container | undefined,
  live: LiveInitializer | undefined,
  tokenSecret: string | undefined,
  settings: Settings['storageInitializer'],
): { readonly container: Container; readonly problems: readonly Problem[] } {
  const args = [uri, MODEL_PATH];
  const { command, args: ownArgs, ...override } = own ?? { name: STORAGE_INITIALIZER };
  const env = [
    ...(override.env ?? []),
    ...(tokenSecret ? [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: tokenSecret, key: 'HF_TOKEN' } } }] : []),
    ...(!live || live.hfEnv ? DOWNLOAD_ENV : []),
  ];
  const limits = { cpu: settings.cpuLimit, memory: settings.memoryLimit, ...override.resources?.limits };
  const requests = { cpu: settings.cpuRequest, memory: settings.memoryRequest, ...override.resources?.requests };
  const mounts = override.volumeMounts ?? [];
  const mounted = mounts.some((mount) => mount.name === PROVISION_VOLUME);
  return {
    container: {
      image: live?.image ?? settings.image,
      terminationMessagePolicy: 'FallbackToLogsOnError',
      ...override,
      name: STORAGE_INITIALIZER,
      args,
      resources: { ...override.resources, limits, requests },
      ...(env.length > 0 && { env: firstOfEachName(env) }),
      volumeMounts: mounted ? mounts : [...mounts, { name: PROVISION_VOLUME, mountPath: MODEL_PATH }],
    },
    problems: [
      ...(command ? [overridden('command', 'the command of the image')] : []),
      ...(ownArgs ? [overridden('args', JSON.stringify(args))] : []),
    ],
  };
}

function firstOfEachName(env: NonNullable<Container['env']>): NonNullable<Container['env']> {
  return env.filter((entry, index) => env.findIndex((other) => other.name === entry.name) === index);
}

function overridden(field: string, used: string): Problem {
  return { code: 'FieldOverridden', path: `${PATH}.${field}`, used };
}
