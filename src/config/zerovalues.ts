/** Which values of a field Go leaves out when it writes a typed object, so that a higher layer cannot say them. */
import { isPlainObject } from '../api/object.ts';

/**
 * Whether a layer says nothing with this value of the field `name` in the object of the field `parent`: `""`, `[]`, `{}` of
 * a map, and `false` and `0` of fields that are no pointers in Go.
 */
export function isUnsaid(name: string, value: unknown, parent: string): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isPlainObject(value)) return isMap(name) && Object.keys(value).length === 0;
  if (!isZero(name, value)) return false;
  return !SAYABLE.has(name) && !SAYABLE.has(`${parent}.${name}`);
}

/** Whether the field is a map with free keys: its values are kept as they are. */
export function isMap(name: string): boolean {
  return MAPS.has(name);
}

/** Whether the value is one that Go leaves out of a field of this name, unless it is a pointer there. */
function isZero(name: string, value: unknown): boolean {
  if (value === 0) return PLAIN_NUMBERS.has(name);
  if (value === false) return PLAIN_BOOLEANS.has(name);
  return value === '';
}

const MAPS = new Set([
  'labels',
  'annotations',
  'nodeSelector',
  'limits',
  'requests',
  'matchLabels',
  'overhead',
  'volumeAttributes',
]);
const PLAIN_NUMBERS = new Set([
  'hostPort',
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
  'partition',
]);
const PLAIN_BOOLEANS = new Set([
  'expert',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'sslEnabled',
  'chapAuthDiscovery',
  'chapAuthSession',
  'restoreToOriginalReplicaCount',
]);
/**
 * Fields whose zero value can be said, because Go has a pointer there or always writes it; with the field around them where
 * others of that name are different. Strings are named here, numbers and booleans only against the two lists above.
 */
const SAYABLE = new Set([
  'exporterEndpoint',
  'sampler',
  'samplerArg',
  'exporter',
  'resourceId',
  'route.group',
  'endpointPickerRef.group',
  'selectPolicy',
  'fallback.failureThreshold',

  'runtimeClassName',
  'preemptionPolicy',
  'hostnameOverride',
  'resourceClaimName',
  'resourceClaimTemplateName',
  'podGroupName',
  'nodeAffinityPolicy',
  'nodeTaintsPolicy',

  'containers.restartPolicy',
  'initContainers.restartPolicy',
  'ephemeralContainers.restartPolicy',
  'mountPropagation',
  'recursiveReadOnly',
  'stopSignal',
  'grpc.service',

  'procMount',
  'localhostProfile',
  'fsGroupChangePolicy',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
  'gmsaCredentialSpec',
  'gmsaCredentialSpecName',
  'runAsUserName',

  'hostPath.type',
  'initiatorName',
  'csi.fsType',
  'csi.readOnly',
  'azureDisk.fsType',
  'azureDisk.readOnly',
  'azureDisk.kind',
  'cachingMode',
  'volumeMode',
  'storageClassName',
  'volumeAttributesClassName',
  'dataSource.apiGroup',
  'dataSourceRef.apiGroup',
  'dataSourceRef.namespace',
]);
