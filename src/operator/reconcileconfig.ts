import { toV1alpha2 } from '../api/conversion.ts';
import { LLMISVC_CONFIG, type LLMInferenceServiceConfig, type ServiceName } from '../api/llmisvc.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import type { Settings } from '../api/settings.ts';
import { type Read, type View, view } from '../api/snapshot.ts';
import { KSERVE_CONFIG_FINALIZER } from '../api/wellknown.ts';
import { layerProblems } from '../config/layers.ts';
import { isForbidden, isInvalid } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';
import { assessConfig } from '../status/config.ts';
import { recordEvents } from './events.ts';
import { addFinalizer, releaseFinalizer } from './finalizers.ts';
import type { Again } from './queue.ts';
import { writeStatus } from './status.ts';

export interface ConfigContext {
  readonly client: Client;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly settings: Settings;
  /** The services that are known to use the config, sorted by namespace and name. */
  readonly users: readonly ServiceName[];
  /** Whether `users` are all of them: every service was looked at since the start of the process. */
  readonly complete: boolean;
  /** Whether configs carry KServe's finalizer. */
  readonly finalizer: boolean;
  /** Takes the answer to a write into the caches. */
  readonly observe: (object: KubeObject) => void;
  /** RFC 3339. */
  readonly now: () => string;
}

/** What a pass over a config came to. */
export interface ConfigPass extends Again {
  /** A change of any of it is a reason for the next pass. */
  readonly reads: readonly Read[];
}

/** Milliseconds until it is asked again whether all services were looked at. */
const UNTIL_COMPLETE = 500;

/**
 * One pass over one config: who uses it goes into its status. With the setting KServe's finalizer is put on and kept as
 * long as somebody uses the config; without it one that KServe left is taken off when the config is deleted. Follows the config controller of KServe, with two differences: users are the services that really read
 * the config, and without the setting no finalizer keeps it, but an admission policy that reads the status.
 *
 * @throws ApiError
 */
export async function reconcileConfig(seen: LLMInferenceServiceConfig, context: ConfigContext): Promise<ConfigPass> {
  const { client, complete, log, now, observe, settings, signal, users } = context;
  const deleting = seen.metadata.deletionTimestamp !== undefined;
  const held = seen.metadata.finalizers?.includes(KSERVE_CONFIG_FINALIZER) ?? false;
  if (deleting && !held) return { retry: 'none', reads: [selfRead(seen)] };
  if (deleting && !context.finalizer) {
    await releaseFinalizer(seen, KSERVE_CONFIG_FINALIZER, context);
    return { retry: 'none', reads: [selfRead(seen)] };
  }
  if (isEarly(seen, users, complete)) return { retry: 'none', after: UNTIL_COMPLETE, reads: [selfRead(seen)] };
  if (deleting && users.length === 0) {
    await releaseFinalizer(seen, KSERVE_CONFIG_FINALIZER, context);
    return { retry: 'none', reads: [selfRead(seen)] };
  }

  const config = held || !context.finalizer ? seen : await withFinalizer(seen, context);
  const { status, events } = assessConfig({ config, users, problems: problemsOf(config), settings, now: now() });
  const written = await writeStatus(config, status, client, signal);
  if (written && written !== config) observe(written);
  if (written) await recordEvents(written, events, { client, log, signal, now });
  // What else the answer brought, because somebody changed the config meanwhile, is news for the next pass.
  const left = written?.status ? { ...config, status: written.status } : config;
  return { retry: written ? 'none' : 'backoff', reads: [selfRead(left)] };
}

/** A restarted operator learns of the users one by one; nobody is struck off the list before it knows all of them. */
function isEarly({ status }: LLMInferenceServiceConfig, users: readonly ServiceName[], complete: boolean): boolean {
  return !complete && (users.length === 0 || (status?.referencedBy ?? []).length > 0);
}

function problemsOf(config: LLMInferenceServiceConfig): ReturnType<typeof layerProblems> {
  const { metadata, spec = {} } = toV1alpha2(config);
  const { name, namespace = '' } = metadata;
  return layerProblems({ source: { kind: LLMISVC_CONFIG.kind, namespace, name }, role: 'UserRef', spec });
}

async function withFinalizer(
  config: LLMInferenceServiceConfig,
  { client, log, observe, signal }: ConfigContext,
): Promise<LLMInferenceServiceConfig> {
  try {
    const changed = await addFinalizer(config, KSERVE_CONFIG_FINALIZER, { client, log, signal });
    if (changed) observe(changed);
    return changed ?? config;
  } catch (error) {
    // A config that was stored before a rule existed may refuse every change of itself, but not of its status.
    if (!isInvalid(error) && !isForbidden(error)) throw error;
    log.warn({ error, config: refOf(config) }, 'The finalizer could not be put on a config.');
    return config;
  }
}

/** What of the config itself is a reason for a pass. */
const SELF_VIEW: View<LLMInferenceServiceConfig, unknown> = view('operator/self-config', ({ metadata, status }) => {
  const { uid, generation, finalizers, deletionTimestamp } = metadata;
  return [uid, generation, finalizers, deletionTimestamp, status];
});

function selfRead(config: LLMInferenceServiceConfig): Read {
  const answer = { state: 'found', value: SELF_VIEW.of(config) } as const;
  return { ref: refOf(config), view: SELF_VIEW as View<never, unknown>, answer };
}
