import type { Timing } from './timing.ts';

/** Waits for silence. */
export interface Watchdog {
  reset(): void;
  expired(): boolean;
  stop(): Promise<void>;
}

/** Calls back once when nothing reset it for so many milliseconds. */
export function watchdog(timing: Timing, idle: number, bark: () => void): Watchdog {
  const end = new AbortController();
  let last = timing.now();
  let expired = false;
  // One sleeper for the whole connection instead of a timer for each event.
  const guard = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const left = last + idle - timing.now();
      if (left > 0) {
        await timing.sleep(left, end.signal);
        continue;
      }
      expired = true;
      bark();
      return;
    }
  };
  const guarding = guard();
  return {
    reset: () => {
      last = timing.now();
    },
    expired: () => expired,
    stop: async (): Promise<void> => {
      end.abort();
      await guarding;
    },
  };
}
