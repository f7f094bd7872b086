import { SECRET, type PartialPodSpec, type Secret } from '../../api/children.ts';
import type { LLMInferenceServiceSpec } from '../../api/llmisvc.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { certificateName, workloadServiceName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { workloadLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { schemesOfPods } from './scheme.ts';
import { attachCertificate } from './tls.ts';

/** What is looked at to know whether the Secret is still good. */
const certificate = view('render/certificate', (secret: Secret) => ({
  owner: secret.metadata.ownerReferences?.find((reference) => reference.controller)?.uid ?? '',
  keys: Object.keys(secret.data ?? {}).sort(),
  certificate: secret.certificate,
}));

/**
 * The Secret with the self-signed certificate of the model server, for every pod template that mounts it: with TLS all of
 * ours do, and those of KServe's presets do so always. After TLS was switched off it stays until the last pod that serves with
 * it is gone, because the gateway still knows those by it. Only its names are decided here; key and certificate are made when
 * it is applied. Problem: Forbidden where the operator may not read the Secret.
 */
export function renderCertificate(effective: Effective, snapshot: Snapshot, settings: Settings): Rendered {
  const { service } = effective;
  const { name, namespace = '' } = service.metadata;
  const ref = { ...SECRET, namespace, name: certificateName(name) };
  const used = usesCertificate(effective, settings);
  if (!used && settings.enableTLS) return { problems: [], held: false };
  if (!used) {
    const schemes = schemesOfPods(effective, snapshot, settings);
    if (!schemes?.tls) return { problems: [], held: schemes === undefined };
  }
  const answer = snapshot.get(ref, certificate);
  const { state } = answer;
  const ours = answer.state === 'found' && answer.value.owner === service.metadata.uid;
  if (!used && !ours && state !== 'unknown') return { problems: [], held: false };
  if (state === 'unknown') return { problems: [], held: true };
  if (state === 'forbidden') {
    return { problems: [{ code: 'Forbidden', part: 'workload', ref, verb: 'get', message: '' }], held: true };
  }
  const object = {
    ...SECRET,
    metadata: {
      name: ref.name,
      namespace,
      labels: workloadLabels(service),
      ownerReferences: [ownerReference(service)],
    },
    type: 'kubernetes.io/tls',
    data: { 'ca.crt': '', 'tls.crt': '', 'tls.key': '' },
  } satisfies Secret;
  const certificateFor = namesOf(name, namespace, settings);
  return {
    child: { object, part: 'workload', order: 5, leftToOthers: [], origins: [], certificateFor },
    problems: [],
    held: false,
  };
}

/** Whether a pod template of the service mounts the Secret that the operator makes, and not one of the user. */
export function usesCertificate({ service, spec }: Effective, settings: Settings): boolean {
  const { name } = service.metadata;
  return podTemplates(spec, name, settings).some((template) => mounts(template, certificateName(name)));
}

/**
 * The names under which the model server is reached by whoever checks its certificate. Addresses of pods and Services are
 * not among them: they come and go, and a certificate that followed them would be renewed with every pod.
 */
function namesOf(service: string, namespace: string, { clusterDomain }: Settings): readonly string[] {
  const host = `${workloadServiceName(service)}.${namespace}.svc`;
  return ['localhost', host, `${host}.${clusterDomain}`, '127.0.0.1'];
}

function podTemplates(spec: LLMInferenceServiceSpec, service: string, settings: Settings): readonly PartialPodSpec[] {
  const { template, worker, prefill, router } = spec;
  const { scheduler } = router ?? {};
  return [
    template && attachCertificate(template, service, settings),
    worker,
    prefill?.template,
    prefill?.worker,
    scheduler?.template,
    scheduler?.tokenizer?.template,
  ].filter((podSpec) => podSpec !== undefined);
}

function mounts({ volumes }: PartialPodSpec, secret: string): boolean {
  return (volumes ?? []).some(
    (volume) =>
      volume.secret?.secretName === secret ||
      volume.projected?.sources?.some((source) => source.secret?.name === secret),
  );
}
