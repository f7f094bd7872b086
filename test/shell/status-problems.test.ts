import type { Problem, ProblemCode } from '../../src/api/problem.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { verdictOf } from '../../src/status/problems.ts';
import { ended } from '../../src/status/sentence.ts';

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team-a', name: 'qwen-kserve' };
const source = { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'base' } as const;
const message = 'at 50% of it';

/** One row for each code: the problem, its line, and words that the sentence must have. */
const ROWS: { readonly [C in ProblemCode]: [Extract<Problem, { code: C }>, string, readonly string[]] } = {
  ConfigNotFound: [
    { code: 'ConfigNotFound', name: 'nope', namespaces: ['team-a', 'kserve'], path: 'spec.baseRefs[0]' },
    'PresetsCombined False ConfigNotFound none',
    ['LLMInferenceServiceConfig "nope" not found in namespaces [team-a kserve]', 'spec.baseRefs[0]'],
  ],
  SettingsUnusable: [
    { code: 'SettingsUnusable', message: 'ConfigMap kserve/inferenceservice-config: It does not exist. Create it.' },
    'PresetsCombined Unknown SettingsUnusable none',
    ['nothing is changed for this service. ConfigMap kserve/inferenceservice-config: It does not exist'],
  ],
  ConfigMapNotFound: [
    {
      code: 'ConfigMapNotFound',
      name: 'epp',
      namespaces: ['team-a'],
      path: 'spec.router.scheduler.config.ref.name',
      source,
    },
    'PresetsCombined False CombineBaseError none',
    [
      'ConfigMap "epp" not found in namespaces [team-a]',
      'correct spec.router.scheduler.config.ref.name of LLMInferenceServiceConfig kserve/base',
      'optional',
    ],
  ],
  ConfigMapKeyNotFound: [
    {
      code: 'ConfigMapKeyNotFound',
      ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name: 'epp' },
      key: 'config',
      keys: ['a', 'b'],
      path: 'spec.router.scheduler.config.ref.key',
    },
    'PresetsCombined False CombineBaseError none',
    ['ConfigMap team-a/epp has no key "config"; it has a, b.', 'spec.router.scheduler.config.ref.key'],
  ],
  InvalidAdapter: [
    {
      code: 'InvalidAdapter',
      adapter: 'sql',
      path: 'spec.model.lora.adapters[0].uri',
      found: '"oci://x"',
      allowed: 'hf://',
      source,
    },
    'PresetsCombined False CombineBaseError none',
    ['LoRA adapter "sql"', 'spec.model.lora.adapters[0].uri of LLMInferenceServiceConfig', '"oci://x"', 'hf://'],
  ],
  TemplateFailed: [
    { code: 'TemplateFailed', message, source, path: 'spec.template', column: 7 },
    'PresetsCombined False CombineBaseError none',
    [message, 'spec.template of LLMInferenceServiceConfig kserve/base', 'column 7'],
  ],
  ValidationRejected: [
    {
      code: 'ValidationRejected',
      configs: ['Preset:kserve/base', 'UserRef:team-a/more'],
      fields: [
        { path: 'spec.replicas', sources: [source, { ...source, name: 'more' }], message },
        { path: 'spec.labels', step: 'a step', message: 'too long' },
        { message: 'not today' },
      ],
    },
    'PresetsCombined False InvalidRenderedConfig none',
    [
      'Dry-run validation failed after merging configs [Preset:kserve/base, UserRef:team-a/more]: ' +
        'spec.replicas of LLMInferenceServiceConfig kserve/base and LLMInferenceServiceConfig kserve/more: at 50% of it; ' +
        'spec.labels (set by the operator: a step): too long; not today.',
    ],
  ],
  ValidationUnavailable: [
    { code: 'ValidationUnavailable', configs: [], message, namespace: 'team-a' },
    'PresetsCombined Unknown ValidationUnavailable backoff',
    ['configs []: at 50% of it.', 'create llminferenceservices in namespace team-a'],
  ],
  InvalidField: [
    { code: 'InvalidField', part: 'workload', path: 'spec.model.uri', found: '"ftp://x"', allowed: 'hf:// or pvc://' },
    'MainWorkloadReady False ReconcileSingleNodeWorkloadError none',
    ['Field spec.model.uri is ', '"ftp://x"', 'hf:// or pvc://'],
  ],
  UnsupportedField: [
    { code: 'UnsupportedField', path: 'spec.prefill', source },
    'PresetsCombined False UnsupportedField none',
    ['Field spec.prefill of LLMInferenceServiceConfig kserve/base', 'Remove'],
  ],
  UnbuiltFeature: [
    { code: 'UnbuiltFeature', feature: 'scheduler', path: 'spec.router.scheduler', source },
    'SchedulerWorkloadReady False UnsupportedField none',
    ['spec.router.scheduler of LLMInferenceServiceConfig kserve/base', 'an endpoint picker', 'Remove the field'],
  ],
  ServiceAccountNotFound: [
    { code: 'ServiceAccountNotFound', namespace: 'team-a', name: 'robot', path: 'spec.template.serviceAccountName' },
    'MainWorkloadReady False ReconcileSingleNodeWorkloadError none',
    ['ServiceAccount team-a/robot', 'spec.template.serviceAccountName'],
  ],
  SecretNotFound: [
    { code: 'SecretNotFound', namespace: 'team-a', name: 'token', serviceAccount: 'robot' },
    'MainWorkloadReady False ReconcileSingleNodeWorkloadError backoff',
    ['Secret team-a/token', 'ServiceAccount team-a/robot'],
  ],
  GatewayNotFound: [
    { code: 'GatewayNotFound', namespace: 'kserve', name: 'gw' },
    'HTTPRoutesReady False RefsInvalid none',
    ['Gateway kserve/gw does not exist', 'kserveIngressGateway', 'kserve/inferenceservice-config'],
  ],
  HTTPRouteNotFound: [
    { code: 'HTTPRouteNotFound', namespace: 'team-a', name: 'mine', path: 'spec.router.route.http.refs[0]' },
    'HTTPRoutesReady False RefsInvalid none',
    ['HTTPRoute team-a/mine does not exist', 'spec.router.route.http.refs[0]'],
  ],
  HTTPRouteWithoutParents: [
    { code: 'HTTPRouteWithoutParents', namespace: 'team-a', name: 'mine', path: 'spec.router.route.http.refs[0]' },
    'HTTPRoutesReady False RefsInvalid none',
    ['HTTPRoute team-a/mine', 'spec.parentRefs'],
  ],
  ApiNotServed: [
    { code: 'ApiNotServed', part: 'gateway', apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
    'GatewaysReady False ApiNotServed none',
    ['Gateway of gateway.networking.k8s.io/v1', 'CustomResourceDefinition'],
  ],
  Forbidden: [
    { code: 'Forbidden', part: 'route', ref, verb: 'patch', message },
    'HTTPRoutesReady False Forbidden backoff',
    ['may not patch Deployment team-a/qwen-kserve', message],
  ],
  NotOurs: [
    { code: 'NotOurs', part: 'workload', ref, owner: 'Deployment team-a/other' },
    'MainWorkloadReady False NotOurs backoff',
    ['Deployment team-a/qwen-kserve exists and belongs to Deployment team-a/other', 'Delete or rename'],
  ],
  ChildRejected: [
    { code: 'ChildRejected', part: 'workload', ref, message, path: 'spec.template.containers[name=main].image' },
    'MainWorkloadReady False ReconcileSingleNodeWorkloadError later',
    ['refuses Deployment team-a/qwen-kserve', message, 'Correct spec.template.containers[name=main].image'],
  ],
  QuotaExceeded: [
    { code: 'QuotaExceeded', part: 'workload', ref, message },
    'MainWorkloadReady False QuotaExceeded backoff',
    ['Deployment team-a/qwen-kserve', message, 'quota'],
  ],
  NamespaceTerminating: [
    { code: 'NamespaceTerminating', part: 'workload', namespace: 'team-a' },
    'MainWorkloadReady False NamespaceTerminating none',
    ['Namespace team-a is being deleted'],
  ],
  ApiServerError: [
    { code: 'ApiServerError', part: 'workload', ref, message },
    'MainWorkloadReady Unknown ApiServerError backoff',
    ['Deployment team-a/qwen-kserve', message, 'tried again'],
  ],
  DeviceCountMismatch: [
    {
      code: 'DeviceCountMismatch',
      path: 'spec.template.containers[name=main].resources',
      resource: 'nvidia.com/gpu',
      requested: '1',
      expected: 4,
    },
    'Warning True DeviceCountMismatch none',
    ['containers[name=main].resources', '1 of nvidia.com/gpu', 'uses 4', 'spec.parallelism'],
  ],
  ModelNameOverridden: [
    { code: 'ModelNameOverridden', path: 'spec.model.name', own: 'mine', used: 'theirs', source },
    'Warning True ModelNameOverridden none',
    ['"mine"', 'spec.model.name of LLMInferenceServiceConfig kserve/base is "theirs"', 'Remove'],
  ],
  OptionalConfigMapMissing: [
    { code: 'OptionalConfigMapMissing', name: 'epp', key: 'config', path: 'spec.router.scheduler.config.ref', source },
    'Warning True OptionalConfigMapMissing none',
    ['spec.router.scheduler.config.ref of LLMInferenceServiceConfig', 'ConfigMap "epp"', '"config"', 'optional'],
  ],
  LatencyPredictorInConfigMap: [
    {
      code: 'LatencyPredictorInConfigMap',
      ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a', name: 'epp' },
      path: 'spec.router.scheduler.config.ref',
    },
    'Warning True LatencyPredictorConfigRef none',
    ['ConfigMap team-a/epp', 'predicted-latency-producer', 'spec.router.scheduler.config.inline'],
  ],
  LabelKept: [
    { code: 'LabelKept', path: 'spec.labels[team]', ref, kept: 'a', wanted: 'b' },
    'Warning True LabelKept none',
    ['spec.labels[team]', '"a" instead of "b"', 'Delete the Deployment'],
  ],
  PodsNotSelected: [
    {
      code: 'PodsNotSelected',
      path: 'spec.labels[app.kubernetes.io/name]',
      ref: { apiVersion: 'v1', kind: 'Service', namespace: 'team-a', name: 'svc' },
      found: 'other',
      selected: 'qwen',
    },
    'Warning True PodsNotSelected none',
    ['Service team-a/svc', 'spec.labels[app.kubernetes.io/name] is "other"', '"qwen"', 'Remove the label'],
  ],
  StorageSecretNotUsed: [
    {
      code: 'StorageSecretNotUsed',
      path: 'metadata.annotations[serving.kserve.io/storageSecretName]',
      secret: 'hub',
      serviceAccount: 'loader',
    },
    'Warning True StorageSecretNotUsed none',
    ['"hub"', 'metadata.annotations[serving.kserve.io/storageSecretName]', 'HF_TOKEN', 'ServiceAccount loader'],
  ],
  FieldOverridden: [
    { code: 'FieldOverridden', path: 'spec.template.initContainers[name=storage-initializer].args', used: '["a"]' },
    'Warning True FieldOverridden none',
    ['initContainers[name=storage-initializer].args', '["a"]'],
  ],
  BackendTLSNotServed: [
    { code: 'BackendTLSNotServed' },
    'Warning True BackendTLSNotServed none',
    ['enableLLMInferenceServiceTLS', 'BackendTLSPolicy', 'Gateway API 1.4'],
  ],
  BackendTLSConflicted: [
    {
      code: 'BackendTLSConflicted',
      namespace: 'team-a',
      name: 'qwen-kserve-backend-tls',
      gateway: 'Gateway kserve/g',
      message,
    },
    'Warning True BackendTLSConflicted none',
    ['team-a/qwen-kserve-backend-tls', 'Gateway kserve/g', 'ca.crt'],
  ],
  BackendTLSFollowsPods: [
    { code: 'BackendTLSFollowsPods', wanted: true, tls: 1, plain: 2 },
    'Warning True BackendTLSFollowsPods none',
    ['is on', '2 of 3 ready pods answer without TLS', '--ssl-certfile', 'HTTPS'],
  ],
  TracingWithoutEndpoint: [
    { code: 'TracingWithoutEndpoint' },
    'Warning True TracingWithoutEndpoint none',
    ['spec.tracing.exporterEndpoint', 'no traces', 'http://otel-collector:4317'],
  ],
  DuplicateListKey: [
    { code: 'DuplicateListKey', path: 'spec.template.containers[name=main].env', key: 'name', value: 'HOME' },
    'Warning True DuplicateListKey none',
    ['containers[name=main].env', 'name "HOME"', 'last one'],
  ],
};

describe('problems', () => {
  it.each(Object.entries(ROWS))('%s', (_code, [problem, expected, words]) => {
    const verdict = verdictOf(problem, DEFAULT_SETTINGS);
    expect([verdict.condition, verdict.status, verdict.reason, verdict.retry].join(' ')).toBe(expected);
    expect(verdict.message).toMatch(/^[A-Z].*[.]$/s);
    for (const word of words) expect(verdict.message).toContain(word);
  });

  it.each<[Problem, string]>([
    [
      { code: 'GatewayNotFound', namespace: 'a', name: 'g', path: 'spec.router.gateway.refs[0]' },
      'GatewaysReady RefsInvalid: Gateway a/g does not exist. Create it, or correct spec.router.gateway.refs[0].',
    ],
    [
      { code: 'GatewayNotFound', namespace: 'a', name: 'g', path: 'spec.router.route.http.spec.parentRefs' },
      'HTTPRoutesReady RefsInvalid: Gateway a/g does not exist. Create it, or correct spec.router.route.http.spec.parentRefs.',
    ],
    [
      { code: 'ConfigNotFound', name: 'llmisvc-config-llm-template', namespaces: ['kserve'] },
      'PresetsCombined ConfigNotFound: LLMInferenceServiceConfig "llmisvc-config-llm-template" not found in namespaces [kserve]. It is a preset: install the presets again.',
    ],
    [
      { code: 'ChildRejected', part: 'route', ref, message: 'no', childPath: 'spec.rules[0]' },
      'HTTPRoutesReady HTTPRouteReconcileError: The API server refuses Deployment team-a/qwen-kserve: no. The field is spec.rules[0] of the Deployment.',
    ],
    [
      { code: 'InvalidField', part: 'config', path: 'metadata.name', found: '', allowed: 'a DNS label' },
      'PresetsCombined InvalidRenderedConfig: Field metadata.name is empty; allowed is a DNS label.',
    ],
    [
      { code: 'NotOurs', part: 'gateway', ref },
      'GatewaysReady NotOurs: Deployment team-a/qwen-kserve exists and belongs to somebody else, so it is left as it is. Delete or rename it, or rename this service.',
    ],
  ])('words of %j', (problem, text) => {
    const { condition, reason, message: sentence } = verdictOf(problem, DEFAULT_SETTINGS);
    expect(`${condition} ${reason}: ${sentence}`).toBe(text);
  });

  it('end with a full stop', () => {
    expect(['no', 'Yes!', ' so. ', 'field "x"'].map(ended)).toEqual(['no.', 'Yes!', 'so.', 'field "x".']);
  });
});
