import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../local/controlplane/controlplane.ts';

export type { ControlPlane } from '../../local/controlplane/controlplane.ts';
export { waitFor } from '../../local/process.ts';

// Programs are built on the first run of a machine; `make demo` or `node local/programs/main.ts` does it beforehand.
const START_MS = 30 * 60_000;

/**
 * One control plane for the tests of a file or of the surrounding `describe`: started before them in a temporary folder,
 * ended and removed after them. Returns a function that gives it; calling that outside of a test throws.
 */
export function useControlPlane(options: Omit<ControlPlaneOptions, 'stateDir' | 'signal'> = {}): () => ControlPlane {
  let controlPlane: ControlPlane | undefined;
  let stateDir: string | undefined;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
    controlPlane = await startControlPlane({ ...options, stateDir });
  }, START_MS);

  afterAll(async () => {
    await controlPlane?.stop();
    if (stateDir !== undefined) rmSync(stateDir, { recursive: true, force: true });
  }, 30_000);

  return () => {
    if (controlPlane === undefined)
      throw new Error('the control plane runs during tests only: call this inside of it(…)');
    return controlPlane;
  };
}
