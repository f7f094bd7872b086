import { describe } from '../../api/object.ts';
import { always, fieldOf, own, type Rows } from './row.ts';
import { ended } from '../sentence.ts';

/** Warnings: the service works, but probably not as meant. */
export const WARNINGS: Rows<
  | 'DeviceCountMismatch'
  | 'ModelNameOverridden'
  | 'OptionalConfigMapMissing'
  | 'LatencyPredictorInConfigMap'
  | 'LabelKept'
  | 'PodsNotSelected'
  | 'StorageSecretNotUsed'
  | 'FieldOverridden'
  | 'BackendTLSNotServed'
  | 'BackendTLSConflicted'
  | 'BackendTLSFollowsPods'
  | 'TracingWithoutEndpoint'
  | 'DuplicateListKey'
> = {
  DeviceCountMismatch: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${fieldOf(p)} asks for ${p.requested} of ${p.resource}, but the parallelism of the service uses ${p.expected} in each pod. ` +
      `Make them equal, or remove the request: it is then derived from spec.${p.path.startsWith('spec.prefill.') ? 'prefill.' : ''}parallelism.`,
  },
  ModelNameOverridden: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The service names its model "${p.own}", but ${fieldOf(p)} is "${p.used}", and the name of a base config wins. ` +
      'Remove the name from the base config, or from the service.',
  },
  OptionalConfigMapMissing: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The scheduler runs without the config that ${fieldOf(p)} names: ConfigMap "${p.name}" or its key "${p.key}" does not exist, ` +
      'and it is optional. Create it, or remove the field.',
  },
  LatencyPredictorInConfigMap: {
    condition: always('Warning'),
    reason: always('LatencyPredictorConfigRef'),
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `The scheduler config in ${describe(p.ref)} has the plugin predicted-latency-producer, but the containers that it needs are only ` +
      'added for a config in the spec. Write it into spec.router.scheduler.config.inline.',
  },
  LabelKept: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `${describe(p.ref)} selects its pods by the label in ${p.path}, so they keep the value "${p.kept}" ` +
      `${p.wanted === undefined ? 'although the spec no longer has the label' : `instead of "${p.wanted}"`}. ` +
      `Delete the ${p.ref.kind} to have it made again with the new labels.`,
  },
  PodsNotSelected: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `${describe(p.ref)} selects pods whose label has the value "${p.selected}", but ${p.path} is "${p.found}", so it has no endpoints ` +
      'and requests for this service are not answered. Remove the label, unless the pods are meant to serve another service.',
  },
  StorageSecretNotUsed: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Secret "${p.secret}" that ${p.path} names is not used for the download of the model. ` +
      `Give it a key HF_TOKEN, list it in the secrets of ServiceAccount ${p.serviceAccount}, and remove the annotation.`,
  },
  FieldOverridden: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${p.path} is set by the operator, to ${p.used}; the value in the spec is not used. Remove it.`,
  },
  BackendTLSNotServed: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: () =>
      'The setting enableLLMInferenceServiceTLS is on, but the cluster does not serve BackendTLSPolicy of gateway.networking.k8s.io/v1, ' +
      'so nothing tells the gateway to speak TLS to the model server. Install the Gateway API 1.4 or later; the service goes on by itself.',
  },
  BackendTLSConflicted: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `BackendTLSPolicy ${p.namespace}/${p.name} is not in force at ${p.gateway}, because another one for the same Service is: ${ended(p.message)} ` +
      'Delete the other one, or see that it trusts ca.crt of the Secret that this one names.',
  },
  BackendTLSFollowsPods: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: ({ wanted, tls, plain }) =>
      wanted
        ? `The setting enableLLMInferenceServiceTLS is on, but ${plain} of ${plain + tls} ready pods answer without TLS, so the gateway speaks HTTP ` +
          'to all of them until as many answer with it. If this stays, the template of the service starts its server without the certificate: ' +
          'give it --ssl-certfile and --ssl-keyfile, and the scheme HTTPS to its probes.'
        : `The setting enableLLMInferenceServiceTLS is off, but ${tls} of ${plain + tls} ready pods still answer with TLS alone, so the gateway ` +
          'speaks TLS to all of them until as many answer without it.',
  },
  TracingWithoutEndpoint: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: () =>
      'Tracing is asked for, but spec.tracing.exporterEndpoint is empty, so no traces are sent. ' +
      'Set it to the OTLP address of your collector, such as http://otel-collector:4317.',
  },
  DuplicateListKey: {
    condition: always('Warning'),
    reason: own,
    status: 'True',
    retry: 'none',
    sentence: (p) =>
      `Field ${p.path} has several entries with ${p.key} "${p.value}". The last one is used; remove the others.`,
  },
};
