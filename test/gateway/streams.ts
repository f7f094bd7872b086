import { Agent, request } from 'undici';
import type { TestStack } from '../support/stack.ts';
import { service } from './services.ts';

const GAP_SECONDS = 17;

/** Long answers: without a deadline on the route they would be cut after 15 seconds. */
export function streamTests(stack: () => TestStack): void {
  describe('streams', () => {
    it('brings a chat chunk by chunk over a silence longer than 15 s', async () => {
      const env = { MODEL_STREAM_GAP_SECONDS: `${GAP_SECONDS}`, MODEL_STREAM_GAP_AFTER: '3' };
      await stack().apply(service('slow', { env }));
      const url = await stack().readyUrl('slow');
      const arrivals = await streamArrivals(`${url}/v1/chat/completions`, {
        model: 'model-of-slow',
        messages: [{ role: 'user', content: 'Tell me more' }],
        max_tokens: 8,
        stream: true,
      });
      expect(arrivals.at(-1)?.data).toBe('[DONE]');
      const gaps = arrivals.slice(1).map(({ at }, index) => at - (arrivals[index]?.at ?? at));
      expect(Math.max(...gaps)).toBeGreaterThan(15_000);
      // What was sent before the silence arrived before it, and the rest came after.
      const silence = gaps.findIndex((gap) => gap > 15_000);
      expect(silence).toBeGreaterThanOrEqual(1);
      expect(arrivals.length - silence).toBeGreaterThanOrEqual(4);
    }, 90_000);
  });
}

interface Arrival {
  /** Milliseconds. */
  readonly at: number;
  readonly data: string;
}

/** Posts a request and notes when each server-sent event arrives. */
async function streamArrivals(url: string, body: unknown): Promise<readonly Arrival[]> {
  const agent = new Agent({ connect: { rejectUnauthorized: false }, bodyTimeout: 0 });
  const answer = await request(url, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.statusCode).toBe(200);
  const arrivals: Arrival[] = [];
  let rest = '';
  for await (const chunk of answer.body) {
    const events = (rest + (chunk as Buffer).toString()).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) arrivals.push({ at: performance.now(), data: event.replace(/^data: /, '') });
  }
  await agent.close();
  return arrivals;
}
