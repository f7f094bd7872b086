/** A controller that follows a signal until `unlink` is called, so that a signal of long life collects no listeners. */
export interface Linked {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  unlink(): void;
}

/** A new controller that aborts with the signal, or on its own. Call `unlink` when the work is over. */
export function linked(parent: AbortSignal | undefined): Linked {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent?.removeEventListener('abort', follow),
  };
}
