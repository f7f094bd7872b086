import { DEPLOYMENT, type Deployment, SERVICE } from '../../api/children.ts';
import { compact, type Ref } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import type { Snapshot } from '../../api/snapshot.ts';
import { deploymentName, workloadServiceName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { podLabels, podSelector, propagatedAnnotations, propagatedLabels, specAnnotations } from '../labels.ts';
import { ownerReference, type PathOrigin, type Rendered } from '../plan.ts';
import { collapseDuplicates } from './duplicates.ts';
import { LIVE_DEPLOYMENT } from './livedeployment.ts';
import { equipSidecar, withoutManagedAccount } from './sidecar.ts';
import { attachModel, MODEL_FIELDS } from './storage.ts';
import { attachCertificate } from './tls.ts';
import { attachTracing } from './tracing.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = Deployment['spec'] extends infer S | undefined ? (S extends { selector: infer L } ? L : never) : never;

/**
 * The Deployment of a single-node workload. Its selector holds all pod labels, as KServe's does; the selector of a live
 * Deployment of this service is kept, and its pods keep the labels that it selects (warning LabelKept).
 * Labels of the spec that take the pods out of the workload Service give a warning PodsNotSelected.
 * `replicas` is left to others when the spec has none.
 */
export function renderDeployment(effective: Effective, snapshot: Snapshot, settings: Settings): Rendered {
  const { service, spec } = effective;
  const ref = {
    ...DEPLOYMENT,
    namespace: service.metadata.namespace ?? '',
    name: deploymentName(service.metadata.name),
  };
  const answer = snapshot.get(ref, LIVE_DEPLOYMENT);
  if (answer.state === 'unknown') return { problems: [], held: true };
  if (!spec.template?.containers?.length) return { problems: [noContainers(effective)], held: true };

  const live = answer.state === 'found' && answer.value.owner === service.metadata.uid ? answer.value : undefined;
  const collapsed = collapseDuplicates(spec.template, 'spec.template');
  const secured = attachCertificate(collapsed.value, service.metadata.name, settings);
  const unbound = withoutManagedAccount(secured, effective);
  const model = attachModel(unbound, live?.initializer, effective, snapshot, settings);
  const equipped = equipSidecar(model.podSpec, effective);
  const traced = attachTracing(equipped.podSpec, spec.tracing, service, 'decode');
  const problems = [...collapsed.problems, ...model.problems, ...equipped.problems, ...traced.problems];
  if (model.held) return { problems, held: true };

  const propagated = propagatedAnnotations(service);
  const labels = { ...podLabels(service), ...propagatedLabels(service), ...spec.labels };
  const selector: Selector = live?.selector ?? { matchLabels: labels };
  const templateLabels: Labels = { ...labels, ...selector.matchLabels };
  const object = {
    ...DEPLOYMENT,
    metadata: compact({
      name: ref.name,
      namespace: service.metadata.namespace,
      labels,
      annotations: unlessEmpty(propagated),
      ownerReferences: [ownerReference(service)],
    }),
    spec: compact({
      replicas: spec.replicas,
      selector,
      strategy: strategyOf(effective),
      template: {
        metadata: compact({
          labels: templateLabels,
          annotations: unlessEmpty({ ...propagated, ...specAnnotations(spec.annotations) }),
        }),
        spec: traced.podSpec,
      },
    }),
  };
  return {
    child: {
      object,
      part: 'workload',
      order: 10,
      leftToOthers: spec.replicas === undefined ? [['spec', 'replicas']] : [],
      origins: ORIGINS,
    },
    problems: [
      ...problems,
      ...labelsKept(labels, selector.matchLabels ?? {}, ref),
      ...podsNotSelected(templateLabels, effective),
    ],
    held: false,
  };
}

function strategyOf({ spec }: Effective): object | undefined {
  const { maxUnavailable, maxSurge } = spec.rolloutStrategy ?? {};
  if (maxUnavailable === undefined && maxSurge === undefined) return undefined;
  return { type: 'RollingUpdate', rollingUpdate: compact({ maxUnavailable, maxSurge }) };
}

function unlessEmpty(entries: Labels): Labels | undefined {
  return Object.keys(entries).length > 0 ? entries : undefined;
}

/** In the order of the keys: the API server keeps none. */
function labelsKept(labels: Labels, selected: Labels, ref: Ref): readonly Problem[] {
  const wantedOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return Object.entries(selected)
    .filter(([key, value]) => wantedOf(key) !== value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, kept]) => {
      const wanted = wantedOf(key);
      return { code: 'LabelKept', path: `spec.labels[${key}]`, ref, kept, ...(wanted !== undefined && { wanted }) };
    });
}

/** The selector of the workload Service does not follow the labels of the spec, as in KServe. */
function podsNotSelected(labels: Labels, { service }: Effective): readonly Problem[] {
  const { name, namespace = '' } = service.metadata;
  const ref = { ...SERVICE, namespace, name: workloadServiceName(name) };
  return Object.entries(podSelector(service))
    .filter(([key, selected]) => labels[key] !== selected)
    .map(([key, selected]) => {
      return { code: 'PodsNotSelected', path: `spec.labels[${key}]`, ref, found: labels[key] ?? '', selected };
    });
}

function noContainers(effective: Effective): Problem {
  const layers = effective.layers.map((layer) => layer.source.name).join(', ');
  return {
    code: 'InvalidField',
    part: 'workload',
    path: 'spec.template.containers',
    found: `empty in all layers (${layers})`,
    allowed: 'at least one container; the one that serves the model is called "main"',
  };
}

/** The whole table, whether or not the child has the field: nothing is looked up unless the API server refuses it. */
const ORIGINS: readonly PathOrigin[] = [
  { child: 'spec.template.spec', spec: 'spec.template' },
  ...MODEL_FIELDS.map((field) => ({ child: `spec.template.spec.${field}`, spec: 'spec.model.uri' })),
  { child: 'spec.template.metadata.labels', spec: 'spec.labels' },
  { child: 'spec.template.metadata.annotations', spec: 'spec.annotations' },
  { child: 'spec.strategy.rollingUpdate', spec: 'spec.rolloutStrategy' },
  { child: 'spec.replicas', spec: 'spec.replicas' },
  { child: 'spec.selector.matchLabels', spec: 'spec.labels' },
  { child: 'metadata.labels', spec: 'spec.labels' },
];
