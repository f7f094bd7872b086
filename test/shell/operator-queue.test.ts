import { waitFor } from '../../local/process.ts';
import { type Again, createQueue, type Queue, type QueueOptions } from '../../src/operator/queue.ts';

const NONE: Again = { retry: 'none' };
let stop: AbortController;
let ended: Promise<void>;

function run(options: Partial<QueueOptions> & Pick<QueueOptions, 'handle'>): Queue {
  stop = new AbortController();
  const queue = createQueue({ workers: 1, failed: () => {}, random: () => 1, ...options });
  ended = queue.run(stop.signal);
  return queue;
}

afterEach(async () => {
  stop.abort();
  await ended;
});

const idle = (queue: Queue): Promise<boolean> => waitFor('an idle queue', 5_000, async () => queue.idle() || undefined);

describe('the queue', () => {
  it('runs a key that is added many times once', async () => {
    const ran: string[] = [];
    const queue = run({
      handle: async (key) => {
        ran.push(key);
        return NONE;
      },
    });
    queue.pause(true);
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key, 'change');
    expect(queue.depth()).toBe(2);
    queue.pause(false);
    await idle(queue);
    expect(ran).toEqual(['a', 'b']);
  });

  it('runs a key again that is added while it runs, and never two of it at a time', async () => {
    let active = 0;
    let runs = 0;
    const queue: Queue = run({
      workers: 4,
      handle: async () => {
        active += 1;
        expect(active).toBe(1);
        runs += 1;
        if (runs < 3) {
          queue.add('a', 'change');
          queue.add('a', 'resync');
        }
        await new Promise((resolve) => setImmediate(resolve));
        active -= 1;
        return NONE;
      },
    });
    queue.add('a', 'change');
    await idle(queue);
    expect(runs).toBe(3);
  });

  it('works on no more keys at a time than it has workers', async () => {
    let active = 0;
    let most = 0;
    const queue = run({
      workers: 3,
      handle: async () => {
        active += 1;
        most = Math.max(most, active);
        await new Promise((resolve) => setImmediate(resolve));
        active -= 1;
        return NONE;
      },
    });
    for (let index = 0; index < 20; index += 1) queue.add(`k${index}`, 'change');
    await idle(queue);
    expect(most).toBe(3);
  });

  it('prefers what a person changed, moves a waiting key up, and starves nobody', async () => {
    const ran: string[] = [];
    const queue = run({
      handle: async (key) => {
        ran.push(key);
        return NONE;
      },
    });
    queue.pause(true);
    queue.add('old', 'resync');
    for (let index = 0; index < 20; index += 1) queue.add(`s${index}`, 'spec');
    queue.add('moved', 'resync');
    queue.add('moved', 'spec');
    queue.pause(false);
    await idle(queue);
    expect(ran.slice(0, 3)).toEqual(['s0', 's1', 's2']);
    expect(ran.indexOf('old')).toBeLessThan(10);
    expect(ran.indexOf('moved')).toBeGreaterThan(ran.indexOf('s19'));
    expect(ran.filter((key) => key === 'moved')).toHaveLength(1);
  });

  it('waits longer after every failure, tells of what was thrown, and forgets failures after a success', async () => {
    const at: number[] = [];
    const failed: unknown[] = [];
    const queue = run({
      backoff: { first: 20, longest: 50 },
      failed: (_key, error) => failed.push(error),
      handle: async () => {
        at.push(performance.now());
        if (at.length === 1) throw new Error('broken');
        return { retry: at.length < 4 ? 'backoff' : 'none' };
      },
    });
    queue.add('a', 'change');
    await waitFor('four runs', 5_000, async () => at.length === 4 || undefined);
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(failed).toMatchObject([{ message: 'broken' }]);
    expect(gaps[0]).toBeGreaterThanOrEqual(18);
    expect(gaps[1]).toBeGreaterThanOrEqual(38);
    expect(gaps[2]).toBeGreaterThanOrEqual(48);
  });

  it('runs a key that waits after a failure at once when it is added', async () => {
    let runs = 0;
    const queue = run({
      backoff: { first: 60_000, longest: 60_000 },
      handle: async () => {
        runs += 1;
        return { retry: 'backoff' };
      },
    });
    queue.add('a', 'change');
    await idle(queue);
    queue.add('a', 'spec');
    await idle(queue);
    expect(runs).toBe(2);
  });

  it('runs a key again after the delay that its handler asked for, unless it is forgotten', async () => {
    let runs = 0;
    const queue = run({
      handle: async () => {
        runs += 1;
        return runs === 1 ? { retry: 'none', after: 20 } : { retry: 'none', after: 60_000 };
      },
    });
    queue.add('a', 'change');
    await waitFor('the second run', 5_000, async () => runs === 2 || undefined);
    queue.forget('a');
    await idle(queue);
  });

  it('does not tell of what was broken off because it ends', async () => {
    const told: unknown[] = [];
    let runs = 0;
    const queue = run({
      handle: (_key, signal) =>
        new Promise((_resolve, reject) => {
          runs += 1;
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
      failed: (_key, error) => told.push(error),
    });
    queue.add('a', 'change');
    await waitFor('the handler to run', 5_000, () => runs > 0);
    stop.abort();
    await ended;
    expect(told).toEqual([]);
  });

  it('waits for running handlers when it ends, and starts nothing more', async () => {
    const started: string[] = [];
    let finished = false;
    const queue = run({
      handle: async (key, signal) => {
        started.push(key);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        await new Promise((resolve) => setImmediate(resolve));
        finished = true;
        return NONE;
      },
    });
    queue.add('a', 'change');
    queue.add('b', 'change');
    await waitFor('a start', 5_000, async () => started.length === 1 || undefined);
    stop.abort();
    await ended;
    expect(finished).toBe(true);
    expect(started).toEqual(['a']);
  });
});
