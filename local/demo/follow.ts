import { setTimeout as delay } from 'node:timers/promises';
import { type Condition, LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { Client } from '../../src/kube/types.ts';

export interface FollowOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** What is awaited, for the message when it does not come. */
  readonly what: string;
  /** Whether the awaited state is there. */
  readonly until: (service: LLMInferenceService) => boolean;
  /** Receives the service at each change, as `createTeller` makes it. */
  readonly tell: (service: LLMInferenceService) => void;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Watches one service, says each change of its conditions and URL, and resolves with the object once it is as awaited. Rejects
 * with the last state when that does not come within the deadline.
 */
export async function followService(options: FollowOptions): Promise<LLMInferenceService> {
  const { client, namespace, name, until, tell, signal } = options;
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  let last: LLMInferenceService | undefined;
  try {
    for (;;) {
      const { items, resourceVersion } = await client.list<LLMInferenceService>(
        { ...LLMISVC, namespace },
        { signal: either },
      );
      last = items.find((item) => item.metadata.name === name);
      if (last) tell(last);
      if (last && until(last)) return last;
      const query = { ...LLMISVC, namespace };
      for await (const event of client.watch<LLMInferenceService>(query, { resourceVersion, signal: either })) {
        if (event.type === 'BOOKMARK' || event.object.metadata.name !== name) continue;
        if (event.type === 'ERROR') break;
        last = event.object;
        tell(last);
        if (until(last)) return last;
      }
      // The server closed the watch: it is opened again from a new list.
      await delay(100, undefined, { signal: either });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new Error(
      `LLMInferenceService ${namespace}/${name}: ${options.what} was awaited for ${options.deadlineMs / 1000} s. Last state: ${describeReady(last)}`,
      { cause: error },
    );
  }
}

/** The condition of a type, if the service has it. */
export function conditionOf(service: LLMInferenceService, type: string): Condition | undefined {
  return service.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether the service is Ready for the spec that it has now. */
export function isReady(service: LLMInferenceService): boolean {
  const current = service.status?.observedGeneration === service.metadata.generation;
  return current && conditionOf(service, 'Ready')?.status === 'True';
}

/** Makes a function that says the state of a service, with the seconds since now, once for each state that differs from the one before. */
export function createTeller(say: (line: string) => void): (service: LLMInferenceService) => void {
  const start = performance.now();
  let told = '';
  return (service) => {
    const line = describeReady(service);
    if (line === told) return;
    told = line;
    say(`${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  };
}

function describeReady(service: LLMInferenceService | undefined): string {
  const ready = service && conditionOf(service, 'Ready');
  if (!ready) return 'no status yet';
  const reason = ready.reason ? ` ${ready.reason}` : '';
  const message = ready.message ? `: ${ready.message}` : '';
  return `Ready ${ready.status}${reason}${message}`;
}
