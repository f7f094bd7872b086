import type { KubeObject } from '../../src/api/object.ts';
import { isAlreadyExists } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';

export interface NodeResources {
  readonly gpus: number;
  /** The address that the nodes report. */
  readonly address: string;
}

/**
 * Makes a Node object that is ready to take pods: CPU, memory, pods and `nvidia.com/gpu`. Nobody else removes the taint
 * that the API server gives to a new node, because the controller for it does not run.
 */
export async function registerNode(
  client: Client,
  name: string,
  { gpus, address }: NodeResources,
  signal: AbortSignal,
): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Node', name };
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
    'nvidia.com/gpu.present': 'true',
  };
  try {
    await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } } as KubeObject, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const capacity = { cpu: '1k', memory: '4Ti', 'ephemeral-storage': '4Ti', pods: '10k', 'nvidia.com/gpu': `${gpus}` };
  const time = new Date().toISOString();
  const status = {
    capacity,
    allocatable: capacity,
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'The stand-in for the kubelet takes pods',
        lastHeartbeatTime: time,
        lastTransitionTime: time,
      },
    ],
    nodeInfo: nodeInfo(labels['kubernetes.io/arch']),
  };
  await client.patch(ref, { status }, { subresource: 'status', signal });
  await client.patch(ref, { spec: { taints: null } }, { signal });
}

function nodeInfo(architecture: string): Record<string, string> {
  return {
    architecture,
    operatingSystem: 'linux',
    kubeletVersion: 'v1.36.3',
    kubeProxyVersion: '',
    containerRuntimeVersion: 'process://1',
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '',
    osImage: 'processes of this machine',
  };
}
