export interface Progress {
  /** A detail for the next line, such as `312 packages`. */
  detail(text: string): void;
  /** Says how long it took. */
  done(): void;
  /** Ends the ticking; harmless after `done`. */
  stop(): void;
}

/**
 * Says that something long begins, how long it usually takes, and every ten seconds (on a terminal every second, on one
 * line) how long it has taken so far.
 */
export function startProgress(what: string, usualSeconds: number, say: (line: string) => void): Progress {
  const begin = Date.now();
  const terminal = process.stderr.isTTY === true;
  let note = '';
  const elapsed = (): string => duration((Date.now() - begin) / 1000);
  say(`${what} (usually ${duration(usualSeconds)} on two cores with empty caches)`);
  const tick = (): void => {
    const line = `  … ${elapsed()}${note === '' ? '' : `, ${note}`}`;
    if (terminal) process.stderr.write(`\r\u001b[K${line}`);
    else say(line);
  };
  const timer = setInterval(tick, terminal ? 1000 : 10_000);
  const stop = (): void => {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\u001b[K');
  };
  return {
    detail: (text) => {
      note = text;
    },
    stop,
    done: () => {
      stop();
      say(`  done in ${elapsed()}`);
    },
  };
}

/** `42 s`, `1 min 40 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
