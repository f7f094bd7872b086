import { CONFIG_MAP } from '../api/children.ts';
import type { KubeObject } from '../api/object.ts';
import { SETTINGS_CONFIG_MAP } from '../api/readsettings.ts';
import { KSERVE_LEASE_NAME, LEASE_NAME } from '../api/wellknown.ts';
import { createClient } from '../kube/client.ts';
import { campaign, type Leadership } from '../kube/lease.ts';
import { type HolderState, type LeaseObserver, observeLease } from '../kube/leaseobserver.ts';
import type { Log } from '../kube/log.ts';
import { type Reflector, reflector } from '../kube/reflector.ts';
import { linked } from '../kube/signals.ts';
import type { Client } from '../kube/types.ts';
import { type Controller, createController } from './controller.ts';
import type { Flags } from './flags.ts';
import { keepGatewayCertificate } from './gatewaycertificate.ts';
import { type ProbeServers, serveProbes } from './probes.ts';
import { createLiveSettings, type LiveSettings } from './settings.ts';
import { warnOfOtherRoutes } from './shortname.ts';
import type { Telemetry } from './telemetry.ts';

export interface OperatorOptions {
  readonly flags: Flags;
  readonly telemetry: Telemetry;
  /** Who this process is among those that want the Lease; never used before by another one. */
  readonly identity: string;
  /** Called when the probes answer. */
  readonly onStart?: (started: { readonly probes: ProbeServers; readonly controller: Controller }) => void;
  /** Called when the Lease is lost: what still runs is asked to end, and somebody else may act already. */
  readonly onLost?: () => void;
}

/**
 * Runs the operator until the signal aborts or the Lease is lost.
 *
 * @returns why it ended: `stopped` by the signal, `lost` with the Lease
 * @throws Error when it cannot start: an unusable kubeconfig, an address that is taken
 */
export async function operate(options: OperatorOptions, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const { flags, telemetry } = options;
  const { log } = telemetry;
  const stop = linked(signal);
  const client = await createClient({ kubeconfig: flags.kubeconfig, onResponse: telemetry.answered });
  const { systemNamespace } = flags.settings;
  const settings = createLiveSettings(flags.settings, log, (now) => {
    controller.watches.watchGateways(now.ingressGateway.namespace);
    controller.settingsChanged();
  });
  const controller = createController({
    client,
    log,
    telemetry,
    settings: settings.current,
    namespaces: flags.namespaces,
    systemNamespace,
    workers: flags.workers,
    configFinalizer: flags.configFinalizer,
  });
  controller.watches.watchGateways(flags.settings.ingressGateway.namespace);
  const settingsWatch = watchSettings(client, systemNamespace, settings, log);
  const kserve = standBack(client, systemNamespace, controller, log);
  let leadership: Leadership | undefined;
  telemetry.watch({
    queueDepth: controller.depth,
    settingsValid: settings.valid,
    watchRestarts: () => {
      const { kind } = CONFIG_MAP;
      const restarts = new Map(controller.watches.restarts());
      return restarts.set(kind, (restarts.get(kind) ?? 0) + settingsWatch.restarts);
    },
    leading: () => leadership !== undefined,
    paused: () => isAtWork(kserve.state),
  });
  const unready = (): readonly string[] => [
    ...(settingsWatch.synced || settingsWatch.state === 'forbidden' ? [] : ['settings not read yet']),
    ...controller.watches.unsettled(),
  ];
  let probes: ProbeServers | undefined;
  let background: readonly Promise<void>[] = [];
  let end: 'stopped' | 'lost' = 'stopped';
  try {
    probes = await serveProbes(flags.metricsAddress, flags.healthAddress, { metrics: telemetry.metrics, unready });
    options.onStart?.({ probes, controller });
    log.info({ metricsPort: probes.metricsPort, healthPort: probes.healthPort }, 'Metrics and probes are served.');
    background = [controller.watch(stop.signal), settingsWatch.run(stop.signal), kserve.run(stop.signal)];
    const filled = Promise.all([controller.watches.settled(), settingsWatch.settled, kserve.known]);
    await unlessAborted(filled, stop.signal);
    log.info({ namespaces: flags.namespaces ?? 'all' }, 'The caches are filled.');
    await warnOfOtherRoutes(client, log);
    if (flags.leaderElect) {
      leadership = await lead(options, client, stop.signal);
      void leadership.lost.then((reason) => {
        end = 'lost';
        log.error({ reason }, 'The Lease is lost; this process ends.');
        stop.abort();
        options.onLost?.();
      });
    }
    if (flags.gatewayCertificate) {
      const secret = { namespace: systemNamespace, name: flags.gatewayCertificate };
      background = [...background, keepGatewayCertificate({ client, secret, log }, stop.signal)];
    }
    await controller.act(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.abort();
    await Promise.all(background);
    await leadership?.release();
    await probes?.close();
    await client.close();
    stop.unlink();
  }
  return end;
}

function lead(
  { flags, identity, telemetry }: OperatorOptions,
  client: Client,
  signal: AbortSignal,
): Promise<Leadership> {
  const { leaseNamespace: namespace } = flags;
  return campaign({ client, namespace, name: LEASE_NAME, identity, log: telemetry.log }, signal);
}

function watchSettings(client: Client, namespace: string, settings: LiveSettings, log: Log): Reflector {
  const sink = {
    put: (object: KubeObject) => settings.take(object),
    remove: () => settings.take(undefined),
    replace: ([object]: readonly KubeObject[]) => settings.take(object),
  };
  const fieldSelector = `metadata.name=${SETTINGS_CONFIG_MAP.name}`;
  return reflector({ client, query: { ...CONFIG_MAP, namespace }, sink, log, fieldSelector });
}

/** While KServe's controller for the same kind is at work, nothing is written here. */
function standBack(client: Client, namespace: string, controller: Controller, log: Log): LeaseObserver {
  controller.pause(true);
  const onState = (state: HolderState, holder: string): void => {
    controller.pause(isAtWork(state));
    const lease = `${namespace}/${KSERVE_LEASE_NAME}`;
    if (isAtWork(state)) {
      log.warn({ lease, holder }, "KServe's controller holds its Lease; nothing is done until it is scaled down.");
    } else {
      log.info({ lease, state }, "KServe's controller is not at work; this operator acts.");
    }
  };
  return observeLease({ client, namespace, name: KSERVE_LEASE_NAME, log, onState });
}

function isAtWork(state: HolderState): boolean {
  return state === 'alive' || state === 'unknown';
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  await Promise.race([work, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
  signal.throwIfAborted();
}
