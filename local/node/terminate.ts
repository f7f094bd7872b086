import { setTimeout as delay } from 'node:timers/promises';
import type { Launched } from './container.ts';
import { probeOnce } from './probes.ts';
import type { Container } from './types.ts';

// The kubelet leaves this much for SIGTERM even when preStop has used up the grace period.
const leastMs = 2000;

/**
 * Ends the process of a container as the kubelet does: preStop, then SIGTERM, and SIGKILL when the grace period, which
 * counts both, is over. Resolves when the process has ended. `onKill` is called before SIGKILL.
 */
export async function terminate(
  container: Container,
  { running, signal, target }: Launched,
  graceSeconds: number,
  onKill: () => void,
): Promise<void> {
  const deadline = Date.now() + graceSeconds * 1000;
  const over = new AbortController();
  void running.exited.then(() => over.abort());
  const preStop = container.lifecycle?.preStop;
  if (preStop && graceSeconds > 0) {
    const pause = preStop.sleep ? Math.min(preStop.sleep.seconds, graceSeconds) * 1000 : 0;
    if (preStop.sleep) await delay(pause, undefined, { signal: over.signal }).catch(() => undefined);
    else await probeOnce(preStop, target, graceSeconds * 1000, over.signal);
  }
  if (graceSeconds > 0 && running.exit() === undefined) {
    signal();
    const left = Math.max(deadline - Date.now(), leastMs);
    await delay(left, undefined, { signal: over.signal }).catch(() => undefined);
  }
  if (running.exit() === undefined) {
    onKill();
    running.kill('SIGKILL');
  }
  await running.exited;
}
