import { Agent, request } from 'undici';

/** What came of the requests so far. */
export interface Load {
  /** Answered with 200, with the whole stream. */
  answered(): number;
  /** The others, each with what came instead and when, in milliseconds since the load began. */
  failed(): readonly { readonly at: number; readonly what: string }[];
  stop(): Promise<void>;
}

const PAUSE_MS = 50;
/** More requests at a time need connections that nobody has opened yet, so that certificates are looked at again. */
const MOST_AT_ONCE = 24;

/** Sends streaming chats in bursts, each larger by one than the one before, until it is stopped. */
export function chatLoad(url: string, model: string): Load {
  const agent = new Agent({ connect: { rejectUnauthorized: false }, pipelining: 1 });
  const began = performance.now();
  const failures: { at: number; what: string }[] = [];
  let [good, stopped] = [0, false];
  const one = async (): Promise<void> => {
    const at = Math.round(performance.now() - began);
    try {
      const { statusCode, body } = await request(`${url}/v1/chat/completions`, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Tell me more' }], stream: true }),
      });
      const text = await body.text();
      if (statusCode === 200 && text.trimEnd().endsWith('data: [DONE]')) good += 1;
      else failures.push({ at, what: `${statusCode} ${text.slice(0, 120)}` });
    } catch (error) {
      failures.push({ at, what: String(error) });
    }
  };
  const running = (async () => {
    for (let size = 1; !stopped; size = (size % MOST_AT_ONCE) + 1) {
      await Promise.all(Array.from({ length: size }, one));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    answered: () => good,
    failed: () => [...failures],
    async stop() {
      stopped = true;
      await running;
      await agent.close();
    },
  };
}
