import { randomUUID } from 'node:crypto';
import { type Answer, answerTo } from './answer.ts';
import { tokenId, tokenize, tokenText } from './tokens.ts';

/** A request that the server refuses, with vLLM's status and error type. */
export class RequestError extends Error {
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  constructor(status: number, type: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
  }
}

/** The error in vLLM's JSON. */
export function errorBody(error: RequestError): unknown {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.status } };
}

export interface Served {
  readonly names: readonly string[];
  readonly maxModelLen: number;
}

/** A generation that was asked for and checked: the answer as one object, or chunk by chunk. */
export interface Generation {
  readonly stream: boolean;
  /** The whole answer. */
  body(): unknown;
  /** The events of a stream, without the closing `[DONE]`. */
  chunks(): Iterable<unknown>;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly finishReason: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Reads a request to `/v1/completions`. Throws `RequestError` for what vLLM refuses. */
export function completion(input: Input, served: Served): Generation {
  const model = modelOf(input, served);
  const prompts = promptsOf(input['prompt']);
  const counts = prompts.map((prompt) => tokenize(prompt).length);
  const common = settings(input, served, Math.max(...counts), { fallback: 16, names: ['max_tokens'] });
  const answers = prompts.flatMap((prompt) => Array.from({ length: common.n }, () => answerTo(prompt, common)));
  const echoed = (index: number): string =>
    input['echo'] === true ? (prompts[Math.floor(index / common.n)] ?? '') : '';
  const head = { id: `cmpl-${randomUUID().replaceAll('-', '')}`, object: 'text_completion', created: now(), model };
  const choice = (index: number, text: string, answer: Answer | undefined): unknown => ({
    index,
    text,
    logprobs: null,
    finish_reason: answer?.finishReason ?? null,
    stop_reason: answer?.stopReason ?? null,
  });
  return generation(input, counts, answers, {
    body: (usage) => ({
      ...head,
      choices: answers.map((answer, index) => choice(index, echoed(index) + answer.tokens.join(''), answer)),
      usage,
    }),
    first: (index) => (input['echo'] === true ? [{ ...head, choices: [choice(index, echoed(index), undefined)] }] : []),
    part: (index, text, last) => ({ ...head, choices: [choice(index, text, last)] }),
    usage: (usage) => ({ ...head, choices: [], usage }),
  });
}

/** Reads a request to `/v1/chat/completions`. Throws `RequestError` for what vLLM refuses. */
export function chatCompletion(input: Input, served: Served): Generation {
  const model = modelOf(input, served);
  const messages = messagesOf(input['messages']);
  const promptTokens = messages.reduce((sum, { role, content }) => sum + tokenize(`${role}\n${content}\n`).length, 0);
  const names = ['max_completion_tokens', 'max_tokens'];
  const common = settings(input, served, promptTokens, { fallback: served.maxModelLen - promptTokens, names });
  const question = messages.findLast(({ role }) => role === 'user') ?? messages.at(-1);
  const answers = Array.from({ length: common.n }, () => trimmed(answerTo(question?.content ?? '', common)));
  const id = `chatcmpl-${randomUUID().replaceAll('-', '')}`;
  const head = { id, object: 'chat.completion', created: now(), model };
  const chunk = { ...head, object: 'chat.completion.chunk' };
  const delta = (index: number, value: unknown, last: Answer | undefined): unknown => ({
    ...chunk,
    choices: [
      {
        index,
        delta: value,
        logprobs: null,
        finish_reason: last?.finishReason ?? null,
        ...(last ? { stop_reason: last.stopReason } : {}),
      },
    ],
  });
  return generation(input, [promptTokens], answers, {
    body: (usage) => ({
      ...head,
      choices: answers.map((answer, index) => ({
        index,
        message: { role: 'assistant', content: answer.tokens.join(''), refusal: null, tool_calls: [] },
        logprobs: null,
        finish_reason: answer.finishReason,
        stop_reason: answer.stopReason,
      })),
      usage,
    }),
    first: (index) => [delta(index, { role: 'assistant', content: '' }, undefined)],
    part: (index, text, last) => delta(index, { content: text }, last),
    usage: (usage) => ({ ...chunk, choices: [], usage }),
  });
}

/** Answers `/tokenize`: the numbers of the tokens of a prompt or of chat messages. */
export function tokenization(input: Input, served: Served): unknown {
  if (input['model'] !== undefined) modelOf(input, served);
  const text =
    typeof input['prompt'] === 'string'
      ? input['prompt']
      : messagesOf(input['messages'])
          .map(({ role, content }) => `${role}\n${content}\n`)
          .join('');
  const tokens = tokenize(text);
  return { count: tokens.length, max_model_len: served.maxModelLen, tokens: tokens.map(tokenId), token_strs: null };
}

/** Answers `/detokenize` for numbers that `/tokenize` of this process gave out. */
export function detokenization(input: Input, served: Served): unknown {
  if (input['model'] !== undefined) modelOf(input, served);
  const tokens = input['tokens'];
  if (!Array.isArray(tokens)) throw malformed('tokens', 'Field required');
  const texts = tokens.map((id: unknown) => (typeof id === 'number' ? tokenText(id) : undefined));
  const at = texts.indexOf(undefined);
  if (at >= 0) throw invalid('tokens', `Token id ${String(tokens[at])} is out of vocabulary`);
  return { prompt: texts.join('') };
}

interface Shape {
  body(usage: unknown): unknown;
  first(index: number): readonly unknown[];
  part(index: number, text: string, last: Answer | undefined): unknown;
  usage(usage: unknown): unknown;
}

function generation(input: Input, counts: readonly number[], answers: readonly Answer[], shape: Shape): Generation {
  const promptTokens = counts.reduce((sum, count) => sum + count, 0);
  const completionTokens = answers.reduce((sum, answer) => sum + answer.tokens.length, 0);
  const usage = {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: null,
  };
  const options = input['stream_options'] as { include_usage?: unknown } | null | undefined;
  const withUsage = options?.include_usage === true;
  return {
    stream: input['stream'] === true,
    promptTokens,
    completionTokens,
    finishReason: answers[0]?.finishReason ?? 'stop',
    body: () => shape.body(usage),
    *chunks() {
      for (const index of answers.keys()) yield* shape.first(index);
      const longest = Math.max(...answers.map((answer) => answer.tokens.length), 1);
      for (let position = 0; position < longest; position += 1) {
        for (const [index, answer] of answers.entries()) {
          if (position >= Math.max(answer.tokens.length, 1)) continue;
          const last = position >= answer.tokens.length - 1 ? answer : undefined;
          yield shape.part(index, answer.tokens[position] ?? '', last);
        }
      }
      if (withUsage) yield shape.usage(usage);
    },
  };
}

interface Settings {
  readonly n: number;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly ignoreEnd: boolean;
}

function settings(
  input: Input,
  served: Served,
  promptTokens: number,
  limit: { fallback: number; names: readonly string[] },
): Settings {
  const room = served.maxModelLen - promptTokens;
  const name = limit.names.find((each) => input[each] !== undefined && input[each] !== null);
  const asked = name === undefined ? Math.min(limit.fallback, room) : count(input, name);
  if (room < 1 || asked > room) {
    throw invalid(
      name ?? 'prompt',
      `This model's maximum context length is ${served.maxModelLen} tokens. However, you requested ${asked} output ` +
        `tokens and your prompt contains ${promptTokens} input tokens. Please reduce the length of the input prompt or ` +
        `the number of requested output tokens.`,
    );
  }
  const temperature = input['temperature'] ?? 1;
  if (typeof temperature !== 'number' || temperature < 0) {
    throw invalid('temperature', `temperature must be non-negative, got ${String(temperature)}.`);
  }
  if (input['stream_options'] && input['stream'] !== true) {
    throw invalid('stream_options', 'Stream options can only be defined when `stream=True`.');
  }
  const stop = input['stop'] ?? [];
  const stops: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  if (!stops.every((each) => typeof each === 'string'))
    throw invalid('stop', 'stop must be a string or a list of strings.');
  if (stops.includes('')) throw invalid('stop', 'stop cannot contain an empty string.');
  const n = input['n'] === undefined || input['n'] === null ? 1 : count(input, 'n');
  return { n, maxTokens: asked, stop: stops as string[], ignoreEnd: input['ignore_eos'] === true };
}

function count(input: Input, name: string): number {
  const value = input[name];
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw malformed(name, `Input should be a valid integer, got ${String(value)}`);
  if (value < 1) throw invalid(name, `${name} must be at least 1, got ${value}.`);
  return value;
}

function modelOf(input: Input, served: Served): string {
  const model = input['model'];
  if (model === undefined || model === null || model === '') return served.names[0] ?? '';
  if (typeof model !== 'string') throw malformed('model', 'Input should be a valid string');
  if (served.names.includes(model)) return model;
  throw new RequestError(
    404,
    'NotFoundError',
    `The model \`${model}\` does not exist. Valid aliases: ${served.names.join(', ')}.`,
    'model',
  );
}

function promptsOf(prompt: unknown): string[] {
  const prompts: readonly unknown[] = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt];
  const texts = prompts.map((each) => {
    if (typeof each === 'string') return each;
    if (Array.isArray(each)) return each.map((id: unknown) => tokenText(Number(id)) ?? ` ${String(id)}`).join('');
    throw invalid('prompt', 'Either prompt or prompt_embeds must be provided and non-empty.');
  });
  if (texts.length === 0) throw invalid('prompt', 'Either prompt or prompt_embeds must be provided and non-empty.');
  return texts;
}

function messagesOf(messages: unknown): { role: string; content: string }[] {
  if (!Array.isArray(messages)) throw malformed('messages', 'Field required');
  if (messages.length === 0)
    throw new RequestError(
      400,
      'BadRequestError',
      'Cannot apply chat template to an empty conversation. Provide at least one message.',
    );
  return messages.map((message: unknown) => {
    const { role, content } = (message ?? {}) as Input;
    if (typeof role !== 'string') throw malformed('messages', 'Each message needs a `role`');
    return { role, content: contentText(content) };
  });
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => String((part as Input | null)?.['text'] ?? '')).join('\n');
}

function trimmed(answer: Answer): Answer {
  const [first = '', ...rest] = answer.tokens;
  return { ...answer, tokens: answer.tokens.length > 0 ? [first.trimStart(), ...rest] : [] };
}

function invalid(param: string, message: string): RequestError {
  return new RequestError(400, 'BadRequestError', message, param);
}

// vLLM names the type of errors of its schema with a space, those of its own checks without.
function malformed(field: string, message: string): RequestError {
  return new RequestError(400, 'Bad Request', `1 validation error: ${message}`, `body.${field}`);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
