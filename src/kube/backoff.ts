/** Milliseconds. */
const FIRST = 1_000;
const LONGEST = 30_000;

/**
 * How long to wait after so many failures in a row: anything between nothing and an upper bound that doubles from one
 * second to half a minute (full jitter), so that many clients do not return together.
 *
 * @param random at least 0, less than 1
 * @returns milliseconds; never less than what the server asked for
 */
export function backoff(failures: number, random: number, retryAfter = 0): number {
  if (failures <= 0) return retryAfter * 1_000;
  const bound = Math.min(LONGEST, FIRST * 2 ** (failures - 1));
  return Math.max(retryAfter * 1_000, random * bound);
}
