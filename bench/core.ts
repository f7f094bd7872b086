import { fixedSource } from '../src/api/snapshot.ts';
import { writeEverything } from './bareclient.ts';
import type { CoreTime } from './figures.ts';
import { CHILD_KINDS, type Context } from './measure.ts';
import { coreOf, renderAll } from './services.ts';

const WARM_UP = 500;
const RUNS = 2_000;

/**
 * Milliseconds of resolve, render and assess for one service, in this process, over what an API server has of it: its
 * children, the presets, a shared config and a Gateway.
 */
export async function measureCore({ cluster, step, signal }: Context): Promise<CoreTime> {
  const namespace = await cluster.namespace();
  const created = await cluster.createServices(namespace, 1);
  const installed = await cluster.installed();
  await writeEverything(cluster.bare, renderAll(created, installed), new Set(), signal);
  const children = await Promise.all(CHILD_KINDS.map((gvk) => cluster.admin.list({ ...gvk, namespace }, { signal })));
  const [service] = created;
  if (!service) throw new Error('no service was created');
  const source = fixedSource([...installed, ...children.flatMap(({ items }) => items), service]);
  const times = await step('pure core', async () => {
    for (let run = 0; run < WARM_UP; run += 1) coreOf(service, source);
    return Array.from({ length: RUNS }, () => {
      const start = performance.now();
      coreOf(service, source);
      return performance.now() - start;
    }).sort((a, b) => a - b);
  });
  await cluster.clear(namespace);
  const at = (part: number): number => times[Math.floor(part * (times.length - 1))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99), runs: RUNS };
}
