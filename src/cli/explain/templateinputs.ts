import { pathText } from '../../config/paths.ts';
import { expand } from '../../template/expand.ts';
import { templateData } from '../../template/goview.ts';
import type { About, Input } from './about.ts';
import { named } from '../leaves.ts';
import { SYSTEM_NAMESPACE } from './settingorigin.ts';

type Way = readonly (string | number)[];

/**
 * What a template looks at: it is executed once more, over data that note each access. A field that is not set counts as
 * well, and a value of which all parts were looked at counts as a whole.
 */
export function templateInputs(text: string, { evaluated, settings }: About): readonly Input[] {
  const { service, effective } = evaluated;
  const data = templateData(service, effective.spec, settings);
  const accesses: Accesses = { ways: new Map(), whole: new Set() };
  expand(text, { ...data, json: noting(structuredClone(data.json), [], accesses) });
  const inputs = deepest(accesses).flatMap((way) => inputsAt(way, effective.spec, effective.spec.router));
  return [...new Map(inputs.map((input) => [JSON.stringify(input), input])).values()];
}

interface Accesses {
  readonly ways: Map<string, Way>;
  /** Ways to values whose fields were enumerated. */
  readonly whole: Set<string>;
}

function noting(value: unknown, at: Way, accesses: Accesses): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const note = (key: string | symbol): Way | undefined => {
    if (typeof key === 'symbol') return undefined;
    const way = [...at, Array.isArray(value) && /^\d+$/.test(key) ? Number(key) : key];
    accesses.ways.set(JSON.stringify(way), way);
    return way;
  };
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver);
      if (!Object.hasOwn(target, key)) return found;
      const way = note(key);
      return way ? noting(found, way, accesses) : found;
    },
    getOwnPropertyDescriptor(target, key) {
      note(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      accesses.whole.add(JSON.stringify(at));
      return Reflect.ownKeys(target);
    },
  });
}

/** The ways without those that only lead to others. */
function deepest({ ways, whole }: Accesses): readonly Way[] {
  const all = [...ways.values()].filter((way) => way.at(-1) !== 'length');
  const inWhole = (way: Way): boolean => way.some((_step, index) => whole.has(JSON.stringify(way.slice(0, index))));
  const leads = (way: Way): boolean =>
    !whole.has(JSON.stringify(way)) &&
    all.some((other) => other.length > way.length && way.every((step, index) => step === other[index]));
  return all.filter((way) => !inWhole(way) && !leads(way));
}

function inputsAt(
  [root, ...rest]: Way,
  spec: object,
  router: About['evaluated']['effective']['spec']['router'],
): readonly Input[] {
  if (root === 'EffectiveSpec') return rest.length > 0 ? [{ spec: pathText(named(spec, rest)) }] : [];
  if (root === 'GlobalConfig') return GLOBAL[String(rest[0])]?.(router) ?? [];
  const [part, ...below] = rest;
  if (part === 'spec') return below.length > 0 ? [{ own: pathText(below) }] : [];
  return below.length > 0 ? [{ service: rest }] : [];
}

const NAME: Input = { service: ['metadata', 'name'] };
const NAMESPACE: Input = { service: ['metadata', 'namespace'] };
const GATEWAY: Input = { setting: 'ingress.kserveIngressGateway' };
const POOL_REF = 'spec.router.scheduler.pool.ref.name';

const GLOBAL: Readonly<
  Record<string, (router: About['evaluated']['effective']['spec']['router']) => readonly Input[]>
> = {
  SystemNamespace: () => [{ setting: SYSTEM_NAMESPACE }],
  IngressGatewayName: () => [GATEWAY],
  IngressGatewayNamespace: () => [GATEWAY],
  EnableTLS: () => [{ setting: 'ingress.enableLLMInferenceServiceTLS' }],
  ModelBasedRoutingHeaderName: () => [{ setting: 'ingress.modelBasedRoutingHeaderName' }],
  InferencePoolNamespacedName: (router) => [NAMESPACE, router?.scheduler?.pool?.ref?.name ? { spec: POOL_REF } : NAME],
};
