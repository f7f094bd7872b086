import type { Slot } from './slot.ts';

/** Paths that the flags refer to. */
export interface Files {
  readonly etcdData: string;
  readonly ca: string;
  readonly serving: { readonly crt: string; readonly key: string };
  readonly tokens: { readonly key: string; readonly pub: string };
  readonly controllers: string;
  readonly scheduler: string;
}

// The controllers that act without a kubelet. The EndpointSlice controllers are absent: slices refuse loopback addresses.
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'job-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'garbage-collector-controller',
  'root-ca-certificate-publisher-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
  'resourcequota-controller',
  'clusterrole-aggregation-controller',
  'validatingadmissionpolicy-status-controller',
  // Binds claims to volumes that were made by hand; a pod whose claim is not bound is not scheduled.
  'persistentvolume-binder-controller',
  // Admission puts a finalizer on each claim and volume, which only these take off.
  'persistentvolumeclaim-protection-controller',
  'persistentvolume-protection-controller',
];

/** etcd for one throw-away cluster: writes are not flushed to the disk. */
export function etcdFlags(slot: Slot, files: Files): readonly string[] {
  const client = `http://127.0.0.1:${slot.ports.etcd}`;
  const peer = `http://127.0.0.1:${slot.ports.etcdPeer}`;
  return [
    '--name=local',
    `--data-dir=${files.etcdData}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** kube-apiserver with the default admission plugins, RBAC, and cluster IPs on the loopback network. */
export function apiServerFlags(slot: Slot, files: Files): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${slot.ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${slot.ports.api}`,
    `--service-cluster-ip-range=${slot.serviceCidr}`,
    // Nothing may write endpoints for the Service `kubernetes`: endpoints refuse loopback addresses.
    '--endpoint-reconciler-type=none',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--client-ca-file=${files.ca}`,
    `--tls-cert-file=${files.serving.crt}`,
    `--tls-private-key-file=${files.serving.key}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.tokens.pub}`,
    `--service-account-signing-key-file=${files.tokens.key}`,
  ];
}

/** kube-controller-manager with a token of its own for each controller, as in a real cluster. */
export function controllerManagerFlags(files: Files): readonly string[] {
  return [
    `--kubeconfig=${files.controllers}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${files.tokens.key}`,
    `--root-ca-file=${files.ca}`,
    // The defaults (20 and 30 requests a second) would set the pace of every test and benchmark.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

export function schedulerFlags(files: Files): readonly string[] {
  return [`--kubeconfig=${files.scheduler}`, '--leader-elect=false', '--secure-port=0'];
}
