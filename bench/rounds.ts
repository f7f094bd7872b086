import type { Figures } from './figures.ts';
import {
  type Context,
  type Found,
  measureChangedDeployments,
  measureChildren,
  measureCountersOfGateway,
  measureCreated,
  measureEverything,
  measureFound,
  measureLooks,
  measureRest,
  measureRestart,
  measureSharedConfig,
} from './measure.ts';

type Rest = Pick<Figures, 'rest' | 'countersOfGateway' | 'sharedConfig' | 'restart' | 'memory'>;

export interface RoundsPlan {
  /** At most so many. */
  readonly rounds: number;
  /** Seconds after which no further round begins; what is measured once does not count. */
  readonly budget: number;
  /** Seconds of the measurement at rest. */
  readonly rest: number;
}

/**
 * Measures the floors and the operator in turn, in every second round in the reverse order, so that a machine that
 * becomes slower or faster meanwhile favours nobody. Everything that is measured once comes with the first round.
 */
export async function measureRounds(context: Context, plan: RoundsPlan): Promise<Figures> {
  const children: number[] = [];
  const everything: number[] = [];
  const found: Found[] = [];
  let once: Rest | undefined;
  let aside = 0;
  const measureOurs = async (): Promise<void> => {
    const ours = await measureFound(context, async (operator, namespace) => {
      if (once) return once;
      const begun = performance.now();
      const measured = await measureOnce(context, operator, namespace, plan.rest);
      aside = performance.now() - begun;
      return measured;
    });
    found.push(ours.found);
    once = ours.after;
  };
  const turns = [
    async () => void children.push(await measureChildren(context)),
    async () => void everything.push(await measureEverything(context, looked)),
    measureOurs,
  ];
  const looked = await measureLooks(context);
  const start = performance.now();
  for (let round = 1; round <= plan.rounds; round += 1) {
    if (performance.now() - start - aside > plan.budget * 1_000) break;
    for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
  }
  const last = found.at(-1);
  if (!last || !once) throw new Error('the operator was not measured');
  const changedDeployments = await measureChangedDeployments(context);
  const created = await measureCreated(context);
  const all = (key: 'startToReady' | 'readyToChildren' | 'readyToSettled' | 'startToSettled' | 'cpu'): number[] =>
    found.map((one) => one[key]);
  return {
    services: context.services,
    rounds: found.length,
    floors: { children, everything, changedDeployments },
    found: {
      startToReady: all('startToReady'),
      readyToChildren: all('readyToChildren'),
      readyToSettled: all('readyToSettled'),
      startToSettled: all('startToSettled'),
      cpu: all('cpu'),
      requests: last.requests,
      passes: last.passes,
    },
    created,
    ...once,
  };
}

/** What is measured with an operator that has just come to rest, and with the next one over the same services. */
async function measureOnce(
  context: Context,
  operator: Parameters<typeof measureRest>[1],
  namespace: string,
  seconds: number,
): Promise<Rest> {
  const rest = await measureRest(context, operator, seconds);
  const steady = operator.memory().now;
  const countersOfGateway = await measureCountersOfGateway(context, operator, Math.ceil(seconds / 2));
  const sharedConfig = await measureSharedConfig(context, operator, namespace);
  const { peak } = operator.memory();
  await operator.stop();
  const again = await measureRestart(context);
  const memory = { peak, steady, restartedPeak: again.peak, restartedSteady: again.steady };
  return { rest, countersOfGateway, sharedConfig, restart: again.restart, memory };
}
