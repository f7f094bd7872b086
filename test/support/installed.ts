import { stringify } from 'yaml';
import type { KubectlOptions } from '../../local/controlplane/controlplane.ts';
import type { ControlPlane } from './controlplane.ts';

/** `kubectl` of a control plane: gives standard output, throws standard error when it fails. */
export function kubectlOf(controlPlane: () => ControlPlane) {
  return async (args: readonly string[], options: KubectlOptions = {}): Promise<string> => {
    const { code, stdout, stderr } = await controlPlane().kubectl(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
}

/** Objects as the text that `kubectl apply -f -` reads. */
export function manifest(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}
