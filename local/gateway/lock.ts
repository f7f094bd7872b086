import { setTimeout as delay } from 'node:timers/promises';
import { describeHolder, tryLock } from '../lock.ts';

export interface GatewayLock {
  release(): void;
}

export interface GatewayLockOptions {
  /** What the gateway is for; whoever waits for it reads this. */
  readonly purpose: string;
  /** Called at once, and every ten seconds after, while somebody else holds the lock. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: one file for the whole machine. */
  readonly file?: string;
}

/** Not in the folder for temporary files of the user: the ports are those of the machine, whoever the user is. */
const LOCK_FILE = '/tmp/llmisvc-gateway.lock';
const LOOK_AGAIN_MS = 300;
const SAY_AGAIN_MS = 10_000;

/**
 * Takes the machine's place for a gateway stack, whose ports are fixed, and waits while another living process has it.
 * Rejects when the signal is aborted, or when a stale lock file belongs to another user.
 */
export async function takeGatewayLock({
  purpose,
  say,
  signal,
  file = LOCK_FILE,
}: GatewayLockOptions): Promise<GatewayLock> {
  let said = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal?.throwIfAborted();
    const { release, holder } = lockOnce(file, purpose);
    if (release !== undefined) return { release };
    if (performance.now() - said >= SAY_AGAIN_MS) {
      said = performance.now();
      say?.(`waiting: the gateway ports of this machine are in use by ${describeHolder(holder)}`);
    }
    await delay(LOOK_AGAIN_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function lockOnce(file: string, purpose: string): ReturnType<typeof tryLock> {
  try {
    return tryLock(file, purpose);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EACCES') throw error;
    throw new Error(`Lock file ${file} was left behind by another user: have it removed, then start again`, {
      cause: error,
    });
  }
}
