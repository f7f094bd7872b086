import type { Container } from '../../../api/children.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { ANNOTATION_DEVICE } from '../../../api/wellknown.ts';
import { type Advice, isExtended, mainOf, type Pod } from './pods.ts';
import { lineOf, parallelFlags } from './server.ts';

/** Resources of which vLLM uses one for each rank. Others, such as network cards, say nothing about the parallelism. */
const ACCELERATORS = /^(nvidia\.com\/gpu|amd\.com\/gpu|gpu\.intel\.com\/(i915|xe)|habana\.ai\/gaudi|google\.com\/tpu)$/;

/** Devices of a pod that do not fit the parallelism. What condition `Warning` says of the preset's own device is left to it. */
export function deviceAdvice(pod: Pod): readonly Advice[] {
  const main = mainOf(pod);
  if (!main || !pod.server) return [];
  const { workload, at } = pod.server;
  const { tensor, dataLocal } = workload.parallelism ?? {};
  const expected = Math.max(1, (tensor ?? 1) * (dataLocal ?? 1));
  const path = `${main.path}.resources`;
  const device = workload.annotations?.[ANNOTATION_DEVICE];
  if (isWithoutDevices(main.container)) {
    if (expected === 1 || device === undefined) return [];
    const message = `The parallelism of the service uses ${expected} devices in each pod, but container ${main.container.name} asks for none. Remove its own request: it is then derived.`;
    return [{ severity: 'warning', rule: 'NoDevices', path, absent: [path, `${at}.parallelism`], message }];
  }
  const divided = tensor !== undefined || dataLocal !== undefined;
  // Flags that divide the model are spoken of themselves, and what another program does is its own business.
  if (!divided && (!lineOf(pod) || parallelFlags(pod).length > 0)) return [];
  return requestsOf(main.container).flatMap(({ part, name, count }): readonly Advice[] => {
    if (!ACCELERATORS.test(name) || count === expected || count === 0 || (divided && name === device)) return [];
    const message = divided
      ? `Container ${main.container.name} asks for ${count} of ${name}, but the parallelism of the service uses ${expected} in each pod. Make them equal.`
      : `Container ${main.container.name} asks for ${count} of ${name}, but without ${at}.parallelism vLLM uses one of them. Set ${at}.parallelism.tensor to ${count}, or ask for one.`;
    const rule = divided ? 'DeviceCountMismatch' : 'DevicesUnused';
    return [{ severity: 'warning', rule, path: `${path}.${part}[${name}]`, absent: [`${at}.parallelism`], message }];
  });
}

function isWithoutDevices({ resources }: Container): boolean {
  const named = Object.keys({ ...resources?.requests, ...resources?.limits }).some(isExtended);
  return !named && (resources?.claims ?? []).length === 0;
}

/** Whole counts, each resource once: the limit where there is one. */
function requestsOf({ resources }: Container): readonly {
  readonly part: string;
  readonly name: string;
  readonly count: number;
}[] {
  const { requests = {}, limits = {} } = resources ?? {};
  return Object.entries({ ...requests, ...limits }).flatMap(([name, value]) => {
    const quantity = parseQuantity(value);
    if (!quantity || quantity.nano < 0n || quantity.nano % 1_000_000_000n !== 0n) return [];
    return [{ part: name in limits ? 'limits' : 'requests', name, count: Number(quantity.nano / 1_000_000_000n) }];
  });
}
