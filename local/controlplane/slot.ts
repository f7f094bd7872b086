import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeHolder, tryLock } from '../lock.ts';

/** A share of the loopback network and of the ports that one control plane has for itself. */
export interface Slot {
  readonly number: number;
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly ports: Ports;
  release(): void;
}

export interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

const FIRST = 16;
const LAST = 215;

/**
 * Takes the wanted slot, or the first that is free, for this process. Throws when the wanted one is taken (by whom) or
 * its ports are in use, or when none is left.
 */
export async function takeSlot(wanted: number | undefined, purpose: string): Promise<Slot> {
  if (wanted !== undefined && (!Number.isInteger(wanted) || wanted < FIRST || wanted > LAST)) {
    throw new Error(`slot ${wanted} does not exist: choose a whole number from ${FIRST} to ${LAST}, or none`);
  }
  const folder = lockFolder();
  const numbers = wanted === undefined ? Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i) : [wanted];
  let reason = '';
  for (const number of numbers) {
    const lock = tryLockSlot(join(folder, `${number}.json`), purpose);
    if (typeof lock === 'string') {
      reason = `slot ${number} is held by ${lock}`;
      continue;
    }
    const ports = portsOf(number);
    const busy = await firstBusyPort(ports);
    if (busy === undefined) {
      return {
        number,
        ports,
        serviceCidr: `127.${number}.0.0/17`,
        podCidr: `127.${number}.128.0/17`,
        release: lock,
      };
    }
    lock();
    reason = `port ${busy} of slot ${number} is in use by another program`;
  }
  throw new Error(`no place for a control plane: ${reason}`);
}

function lockFolder(): string {
  const folder = join(tmpdir(), 'llmisvc-slots');
  if (mkdirSync(folder, { recursive: true }) !== undefined) {
    // The loopback network is shared by all users of the machine, so the locks are, too.
    chmodSync(folder, 0o1777);
  }
  return folder;
}

function tryLockSlot(path: string, purpose: string): (() => void) | string {
  try {
    const { release, holder } = tryLock(path, purpose);
    return release ?? describeHolder(holder);
  } catch (error) {
    // A lock that another user left behind cannot be removed.
    if (['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'another user';
    throw error;
  }
}

// Below the range from which the kernel takes ports for outgoing connections, so that nobody gets one by chance.
function portsOf(slot: number): Ports {
  const base = 20_000 + slot * 10;
  return { api: base, etcd: base + 1, etcdPeer: base + 2 };
}

async function firstBusyPort(ports: Ports): Promise<number | undefined> {
  for (const port of Object.values(ports)) {
    if (!(await isFree(port))) return port;
  }
  return undefined;
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
