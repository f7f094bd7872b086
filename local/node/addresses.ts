/** Hands out the loopback addresses of pods. */
export interface Addresses {
  /** An address that no pod has. Throws when all are taken. */
  take(): string;
  free(address: string): void;
}

const perSlot = 128 * 256;

/** The upper half of `127.N.0.0/16` for pods; the lower half belongs to Services. An address rests before it is reused. */
export function podAddresses(slot: number): Addresses {
  const taken = new Set<string>();
  let next = 0;
  return {
    take() {
      for (let tries = 0; tries < perSlot; tries += 1) {
        const address = `127.${slot}.${128 + Math.floor(next / 256)}.${next % 256}`;
        const usable = next % 256 !== 0 && next % 256 !== 255;
        next = (next + 1) % perSlot;
        if (!usable || taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new Error(`all pod addresses of 127.${slot}.128.0/17 are taken: delete pods`);
    },
    free: (address) => void taken.delete(address),
  };
}
