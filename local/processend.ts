const actions = new Set<() => void>();
let installed = false;

/**
 * Has `action` called when this process ends: by itself, by an uncaught exception, or by SIGINT, SIGTERM or SIGHUP. The
 * action must be synchronous. Returns a function that takes it back. A program that handles one of these signals itself
 * keeps the say: the actions run when it exits.
 */
export function onProcessEnd(action: () => void): () => void {
  install();
  actions.add(action);
  return () => {
    actions.delete(action);
  };
}

function install(): void {
  if (installed) return;
  installed = true;
  process.on('exit', runAll);
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    const handler = (): void => {
      if (process.listenerCount(signal) > 1) return;
      runAll();
      process.exit(128 + number);
    };
    process.on(signal, handler);
  }
}

function runAll(): void {
  for (const action of actions) {
    actions.delete(action);
    try {
      action();
    } catch (error) {
      process.stderr.write(`at the end of the process: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
