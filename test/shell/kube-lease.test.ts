import type { KubeObject, Ref } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { campaign, type ElectionOptions, type Leadership } from '../../src/kube/lease.ts';
import { observeLease } from '../../src/kube/leaseobserver.ts';
import type { Lease } from '../../src/kube/leaserecord.ts';
import type { Client } from '../../src/kube/types.ts';
import { type LedTiming, ledTiming } from '../support/fakeapi.ts';

const REF: Ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'sys', name: 'llmisvc' };
const refused = (code: number, reason = ''): ApiError =>
  new ApiError({ request: { verb: 'patch', resource: 'leases' }, code, reason, message: '' });

/** One Lease with the API server's rules for versions; `fault` comes before them. */
function leaseServer() {
  let version = 0;
  const server = {
    lease: undefined as Lease | undefined,
    writes: 0,
    fault: undefined as undefined | ((signal: AbortSignal | undefined) => Promise<void>),
    set(spec: Lease['spec']): void {
      const metadata = { name: 'llmisvc', namespace: 'sys', uid: 'u', resourceVersion: String(++version) };
      server.lease = { ...REF, metadata, spec: { ...server.lease?.spec, ...spec } } as Lease;
    },
  };
  const client: Pick<Client, 'read' | 'create' | 'patch'> = {
    async read<T extends KubeObject>(_ref: Ref, signal?: AbortSignal) {
      await server.fault?.(signal);
      return server.lease as T | undefined;
    },
    async create<T extends KubeObject>(object: T, options?: { signal?: AbortSignal }) {
      await server.fault?.(options?.signal);
      if (server.lease) throw refused(409, 'AlreadyExists');
      server.writes += 1;
      server.set((object as unknown as Lease).spec);
      return server.lease as unknown as T;
    },
    async patch<T extends KubeObject>(_ref: Ref, body: unknown, options?: { signal?: AbortSignal }) {
      await server.fault?.(options?.signal);
      const { metadata, spec } = body as Lease;
      if (!server.lease) throw refused(404, 'NotFound');
      if (metadata.resourceVersion !== server.lease.metadata.resourceVersion) throw refused(409, 'Conflict');
      server.writes += 1;
      server.set(spec);
      return server.lease as unknown as T;
    },
  };
  return { server, client };
}

let timing: LedTiming;
let stop: AbortController;
let leaders: Leadership[];
const warnings: string[] = [];
const log = { debug() {}, info() {}, warn: (_: unknown, m: string) => void warnings.push(m), error() {} };

beforeEach(() => {
  timing = ledTiming();
  timing.chance = 0;
  stop = new AbortController();
  leaders = [];
  warnings.length = 0;
});

afterEach(async () => {
  stop.abort();
  await Promise.all(leaders.map((leader) => leader.release()));
});

function options(client: ElectionOptions['client'], identity: string): ElectionOptions {
  return {
    client,
    namespace: 'sys',
    name: 'llmisvc',
    identity,
    log,
    timing,
    wallClock: () => 1_800_000_000_000 + timing.now(),
  };
}

async function lead(client: ElectionOptions['client'], identity = 'me'): Promise<Leadership> {
  const leader = await campaign(options(client, identity), stop.signal);
  leaders.push(leader);
  return leader;
}

/** Lets everything happen that does not wait for the clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves the clock by whole retry periods, letting the work of each be done. */
async function pass(milliseconds: number, step = 2_000): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += step) {
    await settle();
    timing.advance(step);
  }
  await settle();
}

describe('becoming the leader', () => {
  it('makes a Lease that does not exist, in the form of client-go', async () => {
    const { server, client } = leaseServer();
    await lead(client);
    expect(server.lease?.spec).toEqual({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: '2027-01-15T08:00:00.000000Z',
      renewTime: '2027-01-15T08:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('takes a free Lease at once and counts the transition', async () => {
    const { server, client } = leaseServer();
    server.set({ holderIdentity: '', leaseTransitions: 4 });
    await lead(client);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 5 });
  });

  it('waits a whole duration of its own clock, however old the written times are', async () => {
    const { server, client } = leaseServer();
    server.set({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' });
    let leader: Leadership | undefined;
    const waiting = lead(client).then((found) => {
      leader = found;
    });
    await pass(14_000);
    expect(leader).toBeUndefined();
    await pass(2_000);
    await waiting;
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 1 });
  });

  it('waits as long as the holder renews, even with times in the past', async () => {
    const { server, client } = leaseServer();
    server.set({ holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: 'a' });
    const waiting = lead(client).catch(() => 'gave up');
    for (let round = 0; round < 10; round++) {
      await pass(10_000);
      server.set({ renewTime: `1999-${round}` });
    }
    expect(server.lease?.spec?.holderIdentity).toBe('other');
    stop.abort(new Error('enough'));
    expect(await waiting).toBe('gave up');
  });

  it('lets one of two have it', async () => {
    const { server, client } = leaseServer();
    const first = await lead(client, 'first');
    const second = lead(client, 'second');
    await pass(60_000);
    expect(server.lease?.spec?.holderIdentity).toBe('first');
    await first.release();
    await pass(2_000);
    await second;
    expect(server.lease?.spec?.holderIdentity).toBe('second');
  });

  it('goes on trying while the API server fails', async () => {
    const { server, client } = leaseServer();
    server.fault = async () => {
      throw refused(500);
    };
    const waiting = lead(client);
    await pass(6_000);
    expect(warnings.length).toBeGreaterThan(1);
    server.fault = undefined;
    await pass(2_000);
    await waiting;
  });

  it.each([
    [{ renewDeadline: 15_000 }, 'renewDeadline (15000 ms) must be less than leaseDuration (15000 ms).'],
    [{ retryPeriod: 9_000 }, 'retryPeriod (9000 ms, with jitter) must be less than renewDeadline (10000 ms).'],
    [{ identity: '' }, 'identity must not be empty'],
  ])('refuses durations and names that cannot work: %j', async (wrong, message) => {
    const { client } = leaseServer();
    await expect(campaign({ ...options(client, 'me'), ...wrong }, stop.signal)).rejects.toThrow(message);
  });
});

describe('staying the leader', () => {
  it('renews every retry period', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    let lost: string | undefined;
    void leader.lost.then((reason) => {
      lost = reason;
    });
    await pass(60_000);
    expect(server.writes).toBe(31);
    expect(lost).toBeUndefined();
  });

  it('adds jitter to the retry period', async () => {
    const { client } = leaseServer();
    timing.chance = 0.5;
    await lead(client);
    expect(timing.sleeping).toEqual([2_200]);
  });

  it('survives a failure that is shorter than the renew deadline', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.fault = async () => {
      throw refused(500);
    };
    await pass(6_000);
    server.fault = undefined;
    await pass(2_000);
    expect(server.writes).toBeGreaterThan(1);
    await leader.release();
    expect(server.lease?.spec?.holderIdentity).toBe('');
  });

  it('loses it after the renew deadline, before the Lease ends for others', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.fault = async () => {
      throw refused(500);
    };
    await pass(10_000);
    expect(await leader.lost).toBe('Lease sys/llmisvc: not renewed for 10 seconds');
    expect(timing.now()).toBeLessThan(15_000);
  });

  it('loses it in time when the API server does not answer at all', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.fault = (signal) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      );
    await pass(10_000);
    expect(await leader.lost).toContain('not renewed for 10 seconds');
  });

  it('loses it at once to somebody who took it', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.set({ holderIdentity: 'thief' });
    await pass(2_000);
    expect(await leader.lost).toBe('Lease sys/llmisvc: held by thief');
    await leader.release();
    expect(server.lease?.spec?.holderIdentity).toBe('thief');
  });

  it('loses it when it is deleted', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.set({});
    const read = server.lease;
    server.lease = undefined;
    client.patch = async () => {
      throw refused(409, 'Conflict');
    };
    expect(read).toBeDefined();
    await pass(2_000);
    expect(await leader.lost).toBe('Lease sys/llmisvc: deleted');
  });

  it('goes on when somebody else edited the Lease but not its holder', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.set({});
    await pass(4_000);
    expect(server.lease?.spec?.holderIdentity).toBe('me');
    await leader.release();
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  });

  it('is released once, and without an error when the API server is away', async () => {
    const { server, client } = leaseServer();
    const leader = await lead(client);
    server.fault = async () => {
      throw refused(500);
    };
    await leader.release();
    await leader.release();
    expect(warnings.filter((message) => message.includes('could not be released'))).toHaveLength(1);
    expect(timing.sleeping).toEqual([]);
  });
});

describe('watching the Lease of another controller', () => {
  function observed() {
    const { server, client } = leaseServer();
    const states: string[] = [];
    const onState = (state: string, holder: string): void => void states.push(`${state} ${holder}`.trim());
    const observer = observeLease({ client, namespace: 'sys', name: 'llmisvc', log, timing, onState });
    return { server, observer, states };
  }

  it('is free when there is none or nobody holds it', async () => {
    const { server, observer } = observed();
    expect(await observer.look()).toBe('free');
    server.set({ holderIdentity: '' });
    expect(await observer.look()).toBe('free');
  });

  it('is unknown at first sight, alive after a renewal, expired after its duration', async () => {
    const { server, observer, states } = observed();
    server.set({ holderIdentity: 'kserve', leaseDurationSeconds: 15, renewTime: 'a' });
    expect(await observer.look()).toBe('unknown');
    timing.advance(5_000);
    server.set({ renewTime: 'b' });
    expect(await observer.look()).toBe('alive');
    timing.advance(14_999);
    expect(await observer.look()).toBe('alive');
    timing.advance(1);
    expect(await observer.look()).toBe('expired');
    server.set({ renewTime: 'c' });
    expect(await observer.look()).toBe('alive');
    expect(observer.holder).toBe('kserve');
    expect(states).toEqual(['alive kserve', 'expired kserve', 'alive kserve']);
  });

  it('is expired when the Lease never moved, however new its times look', async () => {
    const { server, observer } = observed();
    server.set({ holderIdentity: 'kserve', leaseDurationSeconds: 15, renewTime: '2999-01-01T00:00:00.000000Z' });
    await observer.look();
    timing.advance(15_000);
    expect(await observer.look()).toBe('expired');
  });

  it('is alive at once when it was free before', async () => {
    const { server, observer } = observed();
    await observer.look();
    server.set({ holderIdentity: 'kserve', leaseDurationSeconds: 15 });
    expect(await observer.look()).toBe('alive');
  });

  it('says so when it may not be read, and keeps its state when the server is away', async () => {
    const { server, observer } = observed();
    await observer.look();
    server.fault = async () => {
      throw refused(500);
    };
    await expect(observer.look()).rejects.toThrow('500');
    expect(observer.state).toBe('free');
    server.fault = async () => {
      throw refused(403);
    };
    expect(await observer.look()).toBe('forbidden');
  });

  it('looks every five seconds until it is stopped', async () => {
    const { server, observer } = observed();
    server.set({ holderIdentity: 'kserve', leaseDurationSeconds: 15, renewTime: 'a' });
    const running = observer.run(stop.signal);
    await pass(15_000, 5_000);
    await observer.known;
    expect(observer.state).toBe('expired');
    server.fault = async () => {
      throw refused(500);
    };
    await pass(5_000, 5_000);
    server.fault = undefined;
    server.set({ renewTime: 'b' });
    await pass(5_000, 5_000);
    expect(observer.state).toBe('alive');
    stop.abort();
    await running;
    expect(timing.sleeping).toEqual([]);
  });
});
