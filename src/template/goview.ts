/** The data of a config template: what `.` is at its top, with the names and types of KServe's Go structs. */
import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { ObjectMeta } from '../api/object.ts';
import type { Settings } from '../api/settings.ts';
import { inferencePoolName, LABEL_INFERENCE_SERVICE } from '../api/wellknown.ts';
import { goType } from './gotypes.ts';
import { BOOL, type GoField, type GoStruct, type GoType, type GoValue, ownProperty, STRING } from './values.ts';

/**
 * The template data of a service. `.Spec` is the service's own spec, as in KServe; `.EffectiveSpec` is the merged one
 * before its templates are evaluated, so that values which only a base config sets can be used.
 */
export function templateData(
  service: LLMInferenceService,
  merged: LLMInferenceServiceSpec,
  settings: Settings,
): GoValue {
  const { name, namespace } = service.metadata;
  const pool = merged.router?.scheduler?.pool?.ref?.name || inferencePoolName(name);
  const globalConfig = {
    SystemNamespace: settings.systemNamespace,
    IngressGatewayName: settings.ingressGateway.name,
    IngressGatewayNamespace: settings.ingressGateway.namespace,
    EnableTLS: settings.enableTLS,
    ModelBasedRoutingHeaderName: settings.modelBasedRoutingHeaderName,
    InferencePoolNamespacedName: `${namespace ?? ''}/${pool}`,
  };
  // As in KServe, the object comes without its kind and version.
  const { spec, status } = service;
  const metadata = metadataOf(service.metadata);
  return {
    type: ROOT,
    json: { service: { metadata, spec, status }, EffectiveSpec: merged, GlobalConfig: globalConfig },
  };
}

/**
 * Without what the operator's own writes change. Its label for look-ups: KServe puts none and a file has none, so what a
 * template makes of all labels would differ from what `render` shows. And the version, which each write of the status
 * moves: a template with it would never come to rest.
 */
function metadataOf({ resourceVersion: _version, managedFields: _fields, ...metadata }: ObjectMeta): ObjectMeta {
  const { [LABEL_INFERENCE_SERVICE]: own, ...others } = metadata.labels ?? {};
  if (own !== metadata.name) return metadata;
  const { labels: _labels, ...rest } = metadata;
  return Object.keys(others).length > 0 ? { ...rest, labels: others } : rest;
}

function struct(name: string, fields: Readonly<Record<string, GoType>>): GoStruct {
  const entries = Object.entries(fields).map(([field, type]): [string, GoField] => [
    field,
    { type, read: (json) => ownProperty(json, field) },
  ]);
  return { kind: 'struct', name, fields: new Map(entries) };
}

const GLOBAL_CONFIG = struct('llmisvc.GlobalConfig', {
  SystemNamespace: STRING,
  IngressGatewayName: STRING,
  IngressGatewayNamespace: STRING,
  EnableTLS: BOOL,
  ModelBasedRoutingHeaderName: STRING,
  InferencePoolNamespacedName: STRING,
});

const ROOT: GoStruct = {
  kind: 'struct',
  name: 'llmisvc.TemplateData',
  fields: new Map<string, GoField>([
    [
      'LLMInferenceService',
      { type: goType('llmisvc.LLMInferenceService'), embedded: true, read: (json) => ownProperty(json, 'service') },
    ],
    ...struct('', { EffectiveSpec: goType('llmisvc.LLMInferenceServiceSpec'), GlobalConfig: GLOBAL_CONFIG }).fields,
  ]),
};
