import { DEPLOYMENT, POD, type Pod } from '../../api/children.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { deploymentName, LABEL_NAME, LABEL_PART_OF, MAIN_CONTAINER, PART_OF } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { LIVE_DEPLOYMENT } from './livedeployment.ts';

/** How many pods of a service speak TLS, and how many do not, as far as their readiness probes tell. */
export interface Schemes {
  /** Those that get requests. */
  readonly ready: { readonly tls: number; readonly plain: number };
  /** Those that speak TLS, ready or not. */
  readonly tls: number;
}

const NONE: Schemes = { ready: { tls: 0, plain: 0 }, tls: 0 };

const podScheme = view('render/pod-scheme', (pod: Pod) => ({
  going: pod.metadata.deletionTimestamp !== undefined,
  ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  scheme: pod.spec?.containers.find(({ name }) => name === MAIN_CONTAINER)?.readinessProbe?.httpGet?.scheme ?? '',
}));

/**
 * What the pods speak that are there now, which is not what the setting says while they are replaced. Without TLS they
 * are looked at only where a live Deployment still has some of before. Undefined while they are being read.
 */
export function schemesOfPods({ service }: Effective, snapshot: Snapshot, settings: Settings): Schemes | undefined {
  const { name, namespace = '', uid } = service.metadata;
  if (!settings.enableTLS) {
    const live = snapshot.get({ ...DEPLOYMENT, namespace, name: deploymentName(name) }, LIVE_DEPLOYMENT);
    if (live.state === 'unknown') return undefined;
    if (live.state !== 'found' || live.value.owner !== uid || !(live.value.secure || live.value.rolling)) return NONE;
  }
  const answer = snapshot.list(
    { ...POD, namespace, labels: { [LABEL_NAME]: name, [LABEL_PART_OF]: PART_OF } },
    podScheme,
  );
  if (answer.state === 'unknown') return undefined;
  if (answer.state !== 'found') return NONE;
  const staying = answer.value.filter(({ going }) => !going);
  const count = (scheme: string, pods: typeof staying): number => pods.filter((pod) => pod.scheme === scheme).length;
  const ready = staying.filter((pod) => pod.ready);
  return { ready: { tls: count('HTTPS', ready), plain: count('HTTP', ready) }, tls: count('HTTPS', staying) };
}
