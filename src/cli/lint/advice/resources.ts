import { compareQuantities, parseQuantity, type Quantity } from '../../../api/quantity.ts';
import { type Advice, containersOf, isExtended, type Pod } from './pods.ts';

const WHOLE = 1_000_000_000n;

/** Requests and limits that the API server would refuse: no schema can tell them from others. */
export function resourceAdvice(pod: Pod): readonly Advice[] {
  return containersOf(pod).flatMap(({ path, container: { resources } }) => {
    const { requests = {}, limits = {} } = resources ?? {};
    const entries = Object.entries({ requests, limits }).flatMap(([part, map]) =>
      Object.entries(map).map(([name, value]) => ({ part, name, value })),
    );
    const faults = entries.flatMap(({ part, name, value }) => {
      const allowed = valueFault(name, value);
      return allowed === undefined ? [] : [fault(`${path}.resources.${part}`, name, JSON.stringify(value), allowed)];
    });
    if (faults.length > 0) return faults;
    return Object.keys(requests).flatMap((name) => {
      const [request, limit] = [requests[name], limits[name]];
      const allowed = pairFault(name, parseQuantity(request), parseQuantity(limit), limit);
      return allowed === undefined ? [] : [fault(`${path}.resources.requests`, name, JSON.stringify(request), allowed)];
    });
  });
}

function valueFault(name: string, value: unknown): string | undefined {
  // A template is not its own result; a value of another type is said by the schema.
  if ((typeof value !== 'string' && typeof value !== 'number') || String(value).includes('{{')) return undefined;
  const quantity = parseQuantity(value);
  if (!quantity) return `a number with a unit at most, such as 500m, 2 or 10Gi${hint(String(value))}`;
  if (quantity.nano < 0n) return 'at least 0';
  return isExtended(name) && quantity.nano % WHOLE !== 0n ? 'a whole number: devices cannot be divided' : undefined;
}

/** What people write for a quantity elsewhere: `10 GB`, `8Gb`, `512 MiB`. */
function hint(text: string): string {
  const [, digits, unit = '', binary = ''] = /^(\d+(?:\.\d+)?)\s*([KMGTP])(i?)B?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return '';
  const suffix = unit.toUpperCase() === 'K' && binary === '' ? 'k' : unit.toUpperCase();
  return ` (did you mean ${digits}${suffix}${binary.toLowerCase()}?)`;
}

function pairFault(
  name: string,
  request: Quantity | undefined,
  limit: Quantity | undefined,
  written: unknown,
): string | undefined {
  if (!request) return undefined;
  if (!limit) {
    return isExtended(name) && written === undefined && request.nano !== 0n
      ? 'the same in limits, where it is missing: devices cannot be overcommitted'
      : undefined;
  }
  const order = compareQuantities(request, limit);
  if (isExtended(name) && order !== 0)
    return `the same as in limits, ${String(written)}: devices cannot be overcommitted`;
  return order > 0 ? `at most the limit, ${String(written)}` : undefined;
}

function fault(path: string, name: string, found: string, allowed: string): Advice {
  const at = /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}[${name}]`;
  const message = `Field ${at} is ${found}; allowed is ${allowed}.`;
  return { severity: 'error', rule: 'InvalidResources', path: at, message };
}
