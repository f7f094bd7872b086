/** The parts of an OpenAI answer that the demo looks at. */
interface Completion {
  readonly object?: string;
  readonly choices?: readonly {
    readonly text?: string;
    readonly message?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly completion_tokens?: number;
    readonly total_tokens?: number;
  };
}

/**
 * Checks that a text is a complete OpenAI completion: a choice with text, why it ended, and the count of tokens. Returns it
 * set out over several lines; throws with what is missing and what came instead.
 */
export function checkCompletion(text: string): string {
  const answer = parse(text);
  const choice = answer.choices?.[0];
  const missing = [
    typeof (choice?.text ?? choice?.message?.content) === 'string' ? undefined : 'choices[0].text',
    choice?.finish_reason ? undefined : 'choices[0].finish_reason',
    (answer.usage?.total_tokens ?? 0) > 0 ? undefined : 'usage.total_tokens',
  ].filter((field) => field !== undefined);
  if (missing.length > 0) throw new Error(`The answer lacks ${missing.join(', ')}: ${text.slice(0, 500)}`);
  return JSON.stringify(answer, null, 2);
}

/**
 * Checks that a text is a complete stream of server-sent events: several chunks, one of which says why the answer ended, and
 * `[DONE]`. Returns the number of chunks; throws with what is missing.
 */
export function checkStream(text: string): number {
  const events = text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length).trim());
  if (events.at(-1) !== '[DONE]') throw new Error(`The stream does not end with [DONE]: ${text.slice(-300)}`);
  const chunks = events.slice(0, -1).map(parse);
  if (chunks.length < 2)
    throw new Error(`The stream has ${chunks.length} chunks, more were expected: ${text.slice(0, 300)}`);
  if (!chunks.some((chunk) => chunk.choices?.[0]?.finish_reason))
    throw new Error('No chunk of the stream has a finish_reason');
  return chunks.length;
}

function parse(text: string): Completion {
  try {
    return JSON.parse(text) as Completion;
  } catch {
    throw new Error(`The answer is not JSON: ${text.trim().slice(0, 300) || '(empty)'}`);
  }
}
