/** How much is tried, and from which seed: `FUZZ_RUNS` and `FUZZ_SEED`, by default what CI can wait for. */
export const SEED = numberOf('FUZZ_SEED', 1);
export const RUNS = numberOf('FUZZ_RUNS', 150);

/** The command that tries one seed again. */
export function again(seed: number): string {
  return `FUZZ_SEED=${seed} FUZZ_RUNS=1 make fuzz`;
}

function numberOf(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${name} is ${JSON.stringify(text)}; allowed is a whole number of at most nine digits`);
}
