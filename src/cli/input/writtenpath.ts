import type { Step } from '../../config/paths.ts';

/**
 * A path into an object as the operator reads it, turned into that of what somebody wrote: v1alpha1 has other names for
 * some fields of the inference pool.
 *
 * @param path from the object on
 * @param has whether the object, as it is written, has something at a path
 */
export function writtenPath(path: readonly Step[], has: (path: readonly Step[]) => boolean): readonly Step[] {
  if (!POOL.every((step, index) => path[index] === step)) return path;
  const [field, ...rest] = path.slice(POOL.length);
  const inPool = (...steps: readonly Step[]): readonly Step[] => [...POOL, ...steps];
  const only = (older: string, newer: string): boolean => has(inPool(older)) && !has(inPool(newer));
  if (field === 'targetPorts' && only('targetPortNumber', field)) return inPool('targetPortNumber');
  if (field === 'endpointPickerRef' && only('extensionRef', field)) {
    return rest[0] === 'port' ? inPool('extensionRef', 'portNumber') : inPool('extensionRef', ...rest);
  }
  if (field === 'selector' && rest[0] === 'matchLabels' && !has(inPool('selector', 'matchLabels'))) {
    return inPool('selector', ...rest.slice(1));
  }
  return path;
}

const POOL: readonly Step[] = ['spec', 'router', 'scheduler', 'pool', 'spec'];
