import { isPlainObject } from '../../../api/object.ts';
import { CERTIFICATE_VOLUME, MAIN_CONTAINER, STORAGE_INITIALIZER } from '../../../api/wellknown.ts';
import type { Layer } from '../../../config/effective.ts';
import { written } from '../../../config/merge.ts';
import { nearest } from '../nearest.ts';
import { type Advice, containersOf, type Placed, type Pod, podsOf } from './pods.ts';

/**
 * Containers that ask for no memory or have no limit of it. One that is left to a preset altogether is not spoken of: who
 * writes no resources takes those of the preset.
 */
export function memoryAdvice(pod: Pod, layers: readonly Layer[]): readonly Advice[] {
  return containersOf(pod).flatMap(({ path, container: { name, resources } }): readonly Advice[] => {
    if (!isDescribed(path, layers)) return [];
    const at = `${path}.resources`;
    const requested = resources?.requests?.['memory'] !== undefined;
    const limited = resources?.limits?.['memory'] !== undefined;
    if (limited) return [];
    const absent = [`${at}.limits.memory`, ...(requested ? [] : [`${at}.requests.memory`])];
    const common = { severity: 'advice', path: at, absent } as const;
    if (requested) {
      const message = `Container ${name} has no limit of memory, so it may take what other pods of the node need. Set limits.memory, best to the same as requests.memory.`;
      return [{ ...common, rule: 'MemoryNotLimited', message }];
    }
    const message = `Container ${name} asks for no memory, so it is among the first to be evicted from a node that runs short. Set requests.memory and limits.memory.`;
    return [{ ...common, rule: 'MemoryNotRequested', message }];
  });
}

/** Whether a service or config writes the resources of a container, or brings the container itself. */
function isDescribed(path: string, layers: readonly Layer[]): boolean {
  const inLayer = ({ spec }: Layer): Placed | undefined =>
    podsOf(written(spec))
      .flatMap(containersOf)
      .find((placed) => placed.path === path);
  const presets = layers.filter(({ role }) => role === 'Preset');
  const own = layers.filter(({ role }) => role !== 'Preset').map(inLayer);
  if (path.endsWith(`.initContainers[name=${STORAGE_INITIALIZER}]`) || presets.some(inLayer)) {
    return own.some((placed) => placed?.container.resources !== undefined);
  }
  return own.some((placed) => placed !== undefined);
}

/** Fields of a pod spec that have another name by now. */
const DEPRECATED = { serviceAccount: 'serviceAccountName' } as const;

/** Fields that Kubernetes keeps for old clients only. */
export function deprecatedAdvice({ path, template }: Pod): readonly Advice[] {
  const fields = Object.entries(DEPRECATED).filter(([field]) => Object.hasOwn(template, field));
  const volumes = (template.volumes ?? []).filter((volume) => isPlainObject(volume) && 'gitRepo' in volume);
  const advice = (at: string, message: string): Advice => ({
    severity: 'advice',
    rule: 'DeprecatedField',
    path: `${path}.${at}`,
    message,
  });
  return [
    ...fields.map(([field, instead]) => advice(field, `Field ${field} is deprecated in Kubernetes. Write ${instead}.`)),
    ...volumes.map(({ name }) =>
      advice(
        `volumes[name=${name}].gitRepo`,
        'Volumes of type gitRepo are deprecated in Kubernetes, and switched off. Clone into an emptyDir with an init container.',
      ),
    ),
  ];
}

/** Containers without an image: most often the name of a preset's container was meant. */
export function imageAdvice(pod: Pod): readonly Advice[] {
  const containers = containersOf(pod);
  return containers.flatMap(({ path, container: { name, image }, init }): readonly Advice[] => {
    // The operator adds the rest of its own container; where `main` has no image, its preset is what is missing.
    if (image || name === (init ? STORAGE_INITIALIZER : MAIN_CONTAINER)) return [];
    const others = containers.filter((other) => other.container.image && other.init === init);
    const meant = nearest(
      name,
      others.map(({ container }) => container.name),
    );
    const hint = meant === undefined ? 'Set its image.' : `Did you mean ${meant}? Else set its image.`;
    const message = `Container ${name} has no image, and no preset has a container of this name. ${hint}`;
    return [{ severity: 'error', rule: 'ImageNotSet', path, absent: [`${path}.image`], message }];
  });
}

/** Volumes that the operator adds to the pods. */
const OWN_VOLUMES = new RegExp(`^(${CERTIFICATE_VOLUME}$|kserve-|lora-)`);

/** Mounts of volumes that the pod does not have. */
export function mountAdvice(pod: Pod): readonly Advice[] {
  const { volumes = [] } = pod.template;
  // One without a name is said by the schema.
  const names = volumes.flatMap(({ name }) => (name ? [name] : []));
  return containersOf(pod).flatMap(({ path, container: { volumeMounts = [] } }) =>
    volumeMounts.flatMap(({ name, mountPath }): readonly Advice[] => {
      if (!name || !mountPath || names.includes(name) || OWN_VOLUMES.test(name)) return [];
      const meant = nearest(name, names);
      const hint = meant === undefined ? 'Add it to the volumes.' : `Did you mean ${meant}?`;
      const message = `The pod has no volume ${name} that could be mounted at ${mountPath}. ${hint}`;
      const at = `${path}.volumeMounts[mountPath=${mountPath}]`;
      return [{ severity: 'error', rule: 'VolumeNotFound', path: at, absent: [`${pod.path}.volumes`], message }];
    }),
  );
}
