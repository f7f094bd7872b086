import { tokenize } from './tokens.ts';

export interface Limits {
  /** Tokens that the answer may have at most. */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Go on until `maxTokens`, whatever the answer says. */
  readonly ignoreEnd: boolean;
}

export interface Answer {
  readonly tokens: readonly string[];
  readonly finishReason: 'stop' | 'length';
  /** The stop string that ended the answer, as vLLM reports it. */
  readonly stopReason: string | null;
}

/** What the model server says to a prompt: its own words, again. The same prompt always gets the same answer. */
export function answerTo(prompt: string, limits: Limits): Answer {
  const words = prompt.trim().replace(/\s+/g, ' ');
  const full = words === '' ? ' You said nothing.' : ` You said: ${words}`;
  const said = limits.ignoreEnd ? full.repeat(Math.ceil((limits.maxTokens + 1) / tokenize(full).length)) : full;
  const tokens = tokenize(said);
  const cut = tokens.slice(0, limits.maxTokens);
  const spoken = cut.join('');
  const stop = limits.stop
    .map((text) => ({ text, at: spoken.indexOf(text) }))
    .filter((found) => found.at >= 0)
    .sort((a, b) => a.at - b.at)[0];
  if (stop) return { tokens: tokenize(spoken.slice(0, stop.at)), finishReason: 'stop', stopReason: stop.text };
  return { tokens: cut, finishReason: tokens.length > limits.maxTokens ? 'length' : 'stop', stopReason: null };
}
