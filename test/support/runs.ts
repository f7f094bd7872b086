/** How much is tried at random, and from which seed: `FUZZ_RUNS` and `FUZZ_SEED`, by default what CI can wait for. */
import { assert, type IProperty } from 'fast-check';

const USUAL_RUNS = 150;
/** The same seed in every run of CI, so that it fails for a change and not by chance; `make fuzz` takes others. */
export const SEED = numberOf('FUZZ_SEED', 1);
export const RUNS = numberOf('FUZZ_RUNS', USUAL_RUNS);

const USUAL_RUNS_OF_A_LAW = 100;

/** Asserts a property for so many random values, more of them where FUZZ_RUNS asks for more. */
export function holds<Values>(law: IProperty<Values>, runs: number = USUAL_RUNS_OF_A_LAW): void {
  assert(law, { seed: SEED, numRuns: Math.ceil((runs * RUNS) / USUAL_RUNS) });
}

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
