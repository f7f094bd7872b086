import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Machine } from './figures.ts';

/** What the figures depend on, without anything that names this machine. */
export function describeMachine(): Machine {
  const [first] = cpus();
  const [load = Number.NaN] = loadavg();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 1e9),
    kernel: release().replace(/-.*$/, ''),
    node: process.version,
    load: Math.round(load * 10) / 10,
  };
}
