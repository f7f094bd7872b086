import { readFileSync } from 'node:fs';
import type { Running } from './process.ts';

/** The ports that an operator says it listens on, once it does, from its log. */
export function operatorPorts({ logFile }: Running): { readonly metrics: number; readonly health: number } | undefined {
  const line = readFileSync(logFile, 'utf8')
    .split('\n')
    .find((text) => text.includes('"metricsPort"') && text.endsWith('}'));
  if (line === undefined) return undefined;
  const { metricsPort, healthPort } = JSON.parse(line) as { metricsPort: number; healthPort: number };
  return { metrics: metricsPort, health: healthPort };
}
