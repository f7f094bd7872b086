import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../local/controlplane/controlplane.ts';
import { OUR_CRDS, untilEstablished } from '../local/crds.ts';
import { waitFor } from '../local/process.ts';
import type { DefinitionsCost } from './figures.ts';
import type { Step } from './step.ts';

const ROOT = join(import.meta.dirname, '..');
const FLAVOURS = ['crds', 'crds/full'] as const;
/** Milliseconds that the API server gets to publish its schemas and to give back memory. */
const REST = 20_000;
const READY = 60_000;

/**
 * What our CRDs cost an API server: one that has them beside one that has none, each started afresh, so that the memory is
 * that of serving them, not of a change.
 */
export async function measureDefinitions(step: Step, signal: AbortSignal): Promise<readonly DefinitionsCost[]> {
  const costs: DefinitionsCost[] = [];
  for (const folder of FLAVOURS) costs.push(await step(folder, () => measureFlavour(folder, signal)));
  return costs;
}

async function measureFlavour(folder: string, signal: AbortSignal): Promise<DefinitionsCost> {
  const stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-bench-'));
  const controlPlane = await startControlPlane({ stateDir, controllers: false, scheduler: false, signal });
  try {
    const without = await memoryAfterRestart(controlPlane, signal);
    const start = performance.now();
    for (const file of filesOf(folder)) {
      await kubectl(controlPlane, ['apply', '--server-side', '-f', file], signal);
    }
    await untilEstablished(controlPlane, OUR_CRDS, signal);
    await waitFor('the kinds to be served', READY, () => served(controlPlane, signal), signal);
    const established = (performance.now() - start) / 1_000;
    const loaded = await memoryAfterRestart(controlPlane, signal);
    const bytes = filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0);
    return { folder, bytes, established, without, with: loaded };
  } finally {
    await controlPlane.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** Resident megabytes (10^6 bytes) of an API server that has answered for its schemas and was then left alone. */
async function memoryAfterRestart(controlPlane: ControlPlane, signal: AbortSignal): Promise<number> {
  await controlPlane.stopApiServer();
  await controlPlane.startApiServer();
  await kubectl(controlPlane, ['get', '--raw', '/openapi/v2'], signal);
  await delay(REST, undefined, { signal });
  const metrics = await kubectl(controlPlane, ['get', '--raw', '/metrics'], signal);
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]) / 1e6;
}

async function served(controlPlane: ControlPlane, signal: AbortSignal): Promise<true | undefined> {
  const { code } = await controlPlane.kubectl(['get', 'llmisvc,llminferenceserviceconfigs', '-A'], { signal });
  return code === 0 || undefined;
}

async function kubectl(controlPlane: ControlPlane, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(args, { signal });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function filesOf(folder: string): readonly string[] {
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.startsWith('serving.kserve.io_'));
  return files.map((name) => join(ROOT, folder, name));
}
