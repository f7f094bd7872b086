import type { ControlPlane } from './controlplane/controlplane.ts';
import { waitFor } from './process.ts';

/** Our own CustomResourceDefinitions. */
export const OUR_CRDS = [
  'crd/llminferenceservices.serving.kserve.io',
  'crd/llminferenceserviceconfigs.serving.kserve.io',
] as const;

/**
 * Resolves when the API server serves the kinds of CRDs (`crd/<name>`, or `crd --all`). `kubectl wait` fails for those that
 * have no conditions at all, as right after their creation, so it is asked again.
 */
export async function untilEstablished(
  controlPlane: Pick<ControlPlane, 'kubectl'>,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const wait = ['wait', '--for=condition=Established', '--timeout=30s', ...names];
  await waitFor(
    `the CRDs to be established: ${names.join(' ')}`,
    60_000,
    async () => {
      const { code, stderr } = await controlPlane.kubectl(wait, signal ? { signal } : {});
      if (code !== 0) throw new Error(stderr.trim());
      return true;
    },
    signal,
  );
}
