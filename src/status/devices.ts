import type { Effective } from '../config/effective.ts';
import { ANNOTATION_DEVICE, ANNOTATION_DEVICES, MAIN_CONTAINER } from '../api/wellknown.ts';

/**
 * The entry of `status.annotations` that the printer column GPUs shows: how many devices container `main` of one pod asks
 * for. Empty when it asks for none, or when the spec is not known.
 */
export function deviceAnnotation({ combined, spec, stopped }: Effective): Readonly<Record<string, string>> {
  const device = spec.annotations?.[ANNOTATION_DEVICE];
  if (!combined || stopped || device === undefined) return {};
  const main = spec.template?.containers?.find(({ name }) => name === MAIN_CONTAINER);
  const count = main?.resources?.limits?.[device] ?? main?.resources?.requests?.[device];
  return count === undefined ? {} : { [ANNOTATION_DEVICES]: String(count) };
}
