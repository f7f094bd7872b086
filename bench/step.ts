/** Does one piece of work and tells a person about it; the result of the work. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

const HEARTBEAT = 8_000;

/** Steps that print a line when they end, and one every eight seconds meanwhile. */
export function steps(prefix: string, say: (line: string) => void): Step {
  return async (what, work) => {
    const start = performance.now();
    const elapsed = (): string => `${((performance.now() - start) / 1_000).toFixed(1)} s`;
    const heartbeat = setInterval(() => say(`${prefix}${what} … ${elapsed()}`), HEARTBEAT);
    try {
      const result = await work();
      say(`${prefix}${what}: ${elapsed()}`);
      return result;
    } finally {
      clearInterval(heartbeat);
    }
  };
}
