import type { LLMInferenceService, LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { expand } from '../../src/template/expand.ts';
import { templateData } from '../../src/template/goview.ts';
import { goType } from '../../src/template/gotypes.ts';
import type { GoType } from '../../src/template/values.ts';

const SERVICE: LLMInferenceService = {
  apiVersion: 'serving.kserve.io/v1alpha2',
  kind: 'LLMInferenceService',
  metadata: {
    name: 'svc',
    namespace: 'ns',
    uid: 'u-1',
    generation: 3,
    labels: { team: 'x', 'a/b': 'c' },
    creationTimestamp: '2026-01-02T03:04:05Z',
  },
  spec: {
    model: {
      uri: 's3://user@bucket/a%20b?x=1#f',
      name: 'qwen',
      lora: { maxRank: 8, maxCpuAdapters: 2, adapters: [{ name: 'ad', uri: 'hf://O/ad' }] },
      confidential: { enabled: true, resourceId: 'kbs:///a/b/c' },
    },
    replicas: 0,
    storageInitializer: { enabled: false },
    rolloutStrategy: { maxSurge: '25%', maxUnavailable: 1 },
    kvCacheOffloading: {
      cpu: '10Gi',
      evictionPolicy: 'lru',
      secondary: [{ fileSystem: { emptyDir: { size: '5Gi' } } }, { fileSystem: { pvc: { ref: { name: 'claim' } } } }],
    },
    parallelism: { data: 4, dataLocal: 2, dataRPCPort: 5555 },
    template: {
      serviceAccountName: 'sa',
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: 'main',
          image: 'vllm',
          imagePullPolicy: 'Always',
          tty: true,
          ports: [{ containerPort: 8000 }],
          env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
          resources: { limits: { 'nvidia.com/gpu': '2' } },
          livenessProbe: { httpGet: { path: '/health', port: 'http', scheme: 'HTTPS' }, periodSeconds: 5 },
        },
      ],
      volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }, { name: 'w' }],
    },
    prefill: { parallelism: { tensor: 4 }, replicas: 2, kvCacheOffloading: { cpu: '1.5' } },
    scaling: { maxReplicas: 4, wva: { variantCost: '3', keda: { pollingInterval: 7 } } },
    tracing: { sampler: 'always_on' },
    router: {
      route: { group: 'g', weight: 3, http: { spec: { hostnames: ['h'], rules: [{ backendRefs: [{ name: 'b' }] }] } } },
      gateway: { refs: [{ name: 'gw', namespace: 'infra' }] },
      scheduler: { replicas: 2, pool: { spec: { targetPorts: [{ number: 8000 }] } } },
    },
    baseRefs: [{ name: 'one' }],
  },
  status: { annotations: { pin: 'p' }, url: 'http://x/', observedGeneration: 2 },
};

const MERGED: LLMInferenceServiceSpec = {
  ...SERVICE.spec,
  parallelism: { tensor: 8 },
  router: { scheduler: { pool: { ref: { name: 'shared-pool' } } } },
};

describe('the data of a template', () => {
  it.each([
    // Metadata, at the top and below ObjectMeta.
    ['{{ .Name }} {{ .ObjectMeta.Name }} {{ .Namespace }} {{ .UID }} {{ .Generation }}', 'svc svc ns u-1 3'],
    ['{{ .LLMInferenceService.Name }} {{ .GetName }} {{ .ObjectMeta.GetLabels.team }}', 'svc svc x'],
    ['{{ .CreationTimestamp }}|{{ .DeletionTimestamp }}', '2026-01-02 03:04:05 +0000 UTC|<nil>'],
    ['[{{ .Kind }}{{ .APIVersion }}{{ .SelfLink }}]', '[]'],
    ['{{ index .Labels `a/b` }}', 'c'],
    // The model.
    ['{{ .Spec.Model.URI }}', 's3://user@bucket/a%20b?x=1#f'],
    [
      '{{ with .Spec.Model.URI }}{{ .Scheme }},{{ .Host }},{{ .Path }},{{ .RawQuery }},{{ .Fragment }}{{ end }}',
      's3,bucket,/a b,x=1,f',
    ],
    [
      '{{ .Spec.Model.LoRA.MaxRank }} {{ .Spec.Model.LoRA.MaxAdapters }} {{ .Spec.Model.LoRA.MaxCPUAdapters }}',
      '8 <nil> 2',
    ],
    ['{{ range .Spec.Model.LoRA.Adapters }}{{ .Name }}={{ .URI.String }}{{ end }}', 'ad=hf://O/ad'],
    ['{{ if .Spec.Model.Confidential.Enabled }}{{ .Spec.Model.Confidential.ResourceID }}{{ end }}', 'kbs:///a/b/c'],
    // The workload. A pointer to 0 or false is true, a struct is true, an empty value is not.
    ['{{ if .Spec.Replicas }}{{ .Spec.Replicas }}{{ end }} {{ .Spec.WorkloadSpec.Replicas }}', '0 0'],
    ['{{ if .Spec.StorageInitializer.Enabled }}set to {{ .Spec.StorageInitializer.Enabled }}{{ end }}', 'set to false'],
    ['{{ .Spec.RolloutStrategy.MaxSurge }} {{ .Spec.RolloutStrategy.MaxUnavailable.IntVal }}', '25% 1'],
    [
      '{{ .Spec.Parallelism.DataRPCPort }} {{ .Spec.Parallelism.Expert }} {{ .Spec.Parallelism.IsDataParallel }}',
      '5555 false true',
    ],
    ['{{ .Spec.Prefill.Parallelism.Tensor }} {{ .Spec.Prefill.Template }} {{ .Spec.Worker }}', '4 nil nil'],
    ['{{ .Spec.Prefill.Parallelism.IsDataParallel }} {{ .Spec.Prefill.Replicas }}', 'false 2'],
    ['{{ .Spec.KVCacheOffloading.CPU }} {{ .Spec.KVCacheOffloading.CPU.Value }}', '10Gi 10737418240'],
    ['{{ (index .Spec.KVCacheOffloading.Secondary 1).FileSystem.PVC.Ref.Name }}', 'claim'],
    [
      '{{ .Spec.Scaling.MaxReplicas }} {{ .Spec.Scaling.MinReplicas }} {{ .Spec.Scaling.WVA.KEDA.PollingInterval }}',
      '4 <nil> 7',
    ],
    ['{{ .Spec.Tracing.Sampler }} {{ .Spec.Tracing.Exporter }}', 'always_on <nil>'],
    // Pod templates.
    [
      '{{ .Spec.Template.ServiceAccountName }} {{ .Spec.Template.TerminationGracePeriodSeconds }} {{ .Spec.Template.HostNetwork }}',
      'sa 30 false',
    ],
    [
      '{{ range .Spec.Template.Containers }}{{ .Name }} {{ .Image }} {{ .TTY }} {{ (index .Ports 0).ContainerPort }}{{ end }}',
      'main vllm true 8000',
    ],
    [
      '{{ with index .Spec.Template.Containers 0 }}{{ eq .ImagePullPolicy `Always` }} {{ .LivenessProbe.HTTPGet.Path }} {{ .LivenessProbe.PeriodSeconds }} {{ .LivenessProbe.HTTPGet.Port }}{{ end }}',
      'true /health 5 http',
    ],
    ['{{ with index .Spec.Template.Containers 0 }}{{ (index .Env 0).ValueFrom.SecretKeyRef.Name }}{{ end }}', 's'],
    [
      '{{ range $name, $count := (index .Spec.Template.Containers 0).Resources.Limits }}{{ $name }}={{ $count }}{{ end }}',
      'nvidia.com/gpu=2',
    ],
    [
      '{{ range .Spec.Template.Volumes }}{{ .Name }}:{{ if .EmptyDir }}{{ .VolumeSource.EmptyDir.SizeLimit }}{{ end }} {{ end }}',
      'v:1Gi w: ',
    ],
    // The router.
    [
      '{{ .Spec.Router.Route.Group }} {{ .Spec.Router.Route.Weight }} {{ (index .Spec.Router.Gateway.Refs 0).Namespace }}',
      'g 3 infra',
    ],
    ['{{ range .Spec.Router.Route.HTTP.Spec.Rules }}{{ range .BackendRefs }}{{ .Name }}{{ end }}{{ end }}', 'b'],
    [
      '{{ .Spec.Router.Scheduler.Replicas }} {{ (index .Spec.Router.Scheduler.Pool.Spec.TargetPorts 0).Number }} {{ .Spec.Router.Ingress }}',
      '2 8000 <nil>',
    ],
    ['{{ range .Spec.BaseRefs }}{{ .Name }}{{ end }}', 'one'],
    // Status, settings and the merged spec.
    ['{{ .Status.Annotations.pin }} {{ .Status.URL }} {{ .Status.ObservedGeneration }}', 'p http://x/ 2'],
    [
      '{{ .GlobalConfig.SystemNamespace }} {{ .GlobalConfig.IngressGatewayNamespace }}/{{ .GlobalConfig.IngressGatewayName }}',
      'kserve kserve/kserve-ingress-gateway',
    ],
    ['{{ .GlobalConfig.EnableTLS }} {{ .GlobalConfig.ModelBasedRoutingHeaderName }}', 'false X-Gateway-Model-Name'],
    ['{{ .EffectiveSpec.Parallelism.Tensor }} {{ .Spec.Parallelism.Tensor }}', '8 <nil>'],
    ['{{ .GlobalConfig.InferencePoolNamespacedName }}', 'ns/shared-pool'],
  ])('of %j is %j', (text, expected) => {
    expect(expand(text, templateData(SERVICE, MERGED, DEFAULT_SETTINGS))).toEqual({ value: expected });
  });

  it.each([
    ['{{ .spec }}', `can't evaluate field spec in type llmisvc.TemplateData`],
    ['{{ .Spec.Nope }}', `can't evaluate field Nope in type v1alpha2.LLMInferenceServiceSpec`],
    ['{{ .Spec.Template.Image }}', `can't evaluate field Image in type *v1.PodSpec`],
    ['{{ .Spec.Worker.Image }}', `can't evaluate field Image in type *v1.PodSpec`],
    ['{{ .Spec.Worker.Containers }}', 'nil pointer evaluating *v1.PodSpec.Containers'],
    ['{{ .EffectiveSpec.Parallelism.Size }}', `can't evaluate field Size in type *v1alpha2.ParallelismSpec`],
    [
      '{{ (index .Spec.Template.Containers 0).Resources.Limits.cpu }}',
      `can't evaluate field cpu in type v1.ResourceList`,
    ],
    ['{{ .GlobalConfig.StorageConfig }}', `can't evaluate field StorageConfig in type llmisvc.GlobalConfig`],
    ['{{ .Status.Annotations.other }}', 'map has no entry for key "other"'],
    ['{{ .Spec.Model.Name.X }}', `can't evaluate field X in type *string`],
    ['{{ .GetName `x` }}', 'wrong number of args for GetName: want 0 got 1'],
    [
      '{{ ChildName (index .Spec.Template.Containers 0).ImagePullPolicy `-x` }}',
      'wrong type for value; expected string; got v1.PullPolicy',
    ],
  ])('has no %s: %s', (text, message) => {
    const result = expand(text, templateData(SERVICE, MERGED, DEFAULT_SETTINGS));
    expect('error' in result && result.error.message).toContain(`: ${message}`);
  });

  it('says a pool of the merged spec, or else the name of the managed one', () => {
    expect(
      expand('{{ .GlobalConfig.InferencePoolNamespacedName }}', templateData(SERVICE, {}, DEFAULT_SETTINGS)),
    ).toEqual({
      value: 'ns/svc-inference-pool',
    });
  });

  it('has a description of every type that it can reach', () => {
    const seen = new Set<GoType>();
    const visit = (type: GoType): void => {
      if (seen.has(type)) return;
      seen.add(type);
      if ('of' in type) visit(type.of);
      if (type.kind === 'map') visit(type.key);
      if (type.kind === 'struct') for (const field of type.fields.values()) visit(field.type);
    };
    visit(goType('llmisvc.LLMInferenceService'));
    expect([...seen].filter(({ kind }) => kind === 'struct').length).toBeGreaterThan(150);
  });
});

describe('kvTransferConfig', () => {
  const ESCAPED = (json: string): string => `--kv-transfer-config '${json.replaceAll('"', '\\"')}'`;

  it.each([
    [
      'tiers and a policy',
      {
        cpu: '10Gi',
        evictionPolicy: 'lru',
        secondary: [{ fileSystem: { emptyDir: { size: '1Gi' } } }, { fileSystem: {} }],
      },
      '{"kv_connector":"OffloadingConnector","kv_connector_extra_config":{"cpu_bytes_to_use":10737418240,"eviction_policy":"lru","secondary_tiers":[{"root_dir":"/mnt/kv-cache-0","type":"fs"},{"root_dir":"/mnt/kv-cache-1","type":"fs"}],"spec_name":"TieringOffloadingSpec"},"kv_role":"kv_both"}',
    ],
    [
      'memory alone, rounded up',
      { cpu: '1500m' },
      '{"kv_connector":"OffloadingConnector","kv_connector_extra_config":{"cpu_bytes_to_use":2,"spec_name":"TieringOffloadingSpec"},"kv_role":"kv_both"}',
    ],
    [
      'a tier of an unknown kind, which keeps its index',
      { cpu: 1024, secondary: [{}, { fileSystem: { pvc: { ref: { name: 'c' } } } }] },
      '{"kv_connector":"OffloadingConnector","kv_connector_extra_config":{"cpu_bytes_to_use":1024,"secondary_tiers":[{"root_dir":"/mnt/kv-cache-1","type":"fs"}],"spec_name":"TieringOffloadingSpec"},"kv_role":"kv_both"}',
    ],
    [
      'more bytes than a JavaScript number holds',
      { cpu: '9007199254740993' },
      '{"kv_connector":"OffloadingConnector","kv_connector_extra_config":{"cpu_bytes_to_use":9007199254740993,"spec_name":"TieringOffloadingSpec"},"kv_role":"kv_both"}',
    ],
  ])('of %s', (_name, kvCacheOffloading, json) => {
    const spec = { kvCacheOffloading } as LLMInferenceServiceSpec;
    const data = templateData({ ...SERVICE, spec }, {}, DEFAULT_SETTINGS);
    expect(expand('{{ kvTransferConfig .Spec.KVCacheOffloading }}', data)).toEqual({ value: ESCAPED(json) });
  });

  it.each(['nil', '.Spec.Worker', '.Name', '1', '.Spec.Prefill'])('of %s is nothing', (argument) => {
    const data = templateData(SERVICE, {}, DEFAULT_SETTINGS);
    expect(expand(`{{ kvTransferConfig ${argument} }}`, data)).toEqual({ value: '' });
  });
});

it('leaves out the label that the operator itself puts on a service', () => {
  const own = 'serving.kserve.io/inferenceservice';
  const all = (labels: Readonly<Record<string, string>>): unknown => {
    const service = { ...SERVICE, metadata: { ...SERVICE.metadata, labels } };
    return expand(
      '{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}',
      templateData(service, {}, DEFAULT_SETTINGS),
    );
  };
  expect(all({ [own]: 'svc', team: 'x' })).toEqual({ value: 'team=x;' });
  expect(all({ [own]: 'svc' })).toEqual({ value: '' });
  expect(all({ [own]: 'other' })).toEqual({ value: `${own}=other;` });
});

it('leaves out the version, which each write of the status moves', () => {
  const managedFields = [{ manager: 'm', operation: 'Apply' as const }];
  const service = { ...SERVICE, metadata: { ...SERVICE.metadata, resourceVersion: '7', managedFields } };
  const data = templateData(service, {}, DEFAULT_SETTINGS);
  expect(expand('[{{ .ResourceVersion }}] {{ len .ManagedFields }}', data)).toEqual({ value: '[] 0' });
});
