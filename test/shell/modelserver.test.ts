import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = join(import.meta.dirname, '../../local/modelserver/server.ts');
const running: ChildProcess[] = [];

interface Model {
  readonly url: string;
  readonly child: ChildProcess;
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

describe('the model server stand-in', () => {
  it('answers completions with usage and a finish reason', async () => {
    const { url } = await model(['serve', '/mnt/models', '--served-model-name', 'Qwen/Qwen2.5-7B-Instruct', 'short']);
    const full = await post(`${url}/v1/completions`, { model: 'short', prompt: 'Once upon a time' });
    expect(full.status).toBe(200);
    expect(full.json).toMatchObject({
      object: 'text_completion',
      model: 'short',
      choices: [{ index: 0, text: ' You said: Once upon a time', finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 7, total_tokens: 11 },
    });
    const cut = await post(`${url}/v1/completions`, { model: 'short', prompt: 'Once upon a time', max_tokens: 2 });
    expect(cut.json).toMatchObject({
      choices: [{ text: ' You said', finish_reason: 'length' }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    });
    const stopped = await post(`${url}/v1/completions`, { model: 'short', prompt: 'Once upon a time', stop: ['upon'] });
    expect(stopped.json).toMatchObject({
      choices: [{ text: ' You said: Once ', finish_reason: 'stop', stop_reason: 'upon' }],
    });
    const long = await post(`${url}/v1/completions`, { model: 'short', prompt: 'a', max_tokens: 20, ignore_eos: true });
    expect(long.json).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 20 } });
    const several = await post(`${url}/v1/completions`, { model: 'short', prompt: ['one', 'two'], n: 2 });
    expect((several.json as Choices).choices.map(({ text }) => text)).toEqual([
      ' You said: one',
      ' You said: one',
      ' You said: two',
      ' You said: two',
    ]);
  });

  it('answers chats, whole and as a stream', async () => {
    const { url } = await model(['serve', 'm']);
    const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };
    const whole = await post(`${url}/v1/chat/completions`, chat);
    expect(whole.json).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'You said: Hello' }, finish_reason: 'stop' }],
      usage: { completion_tokens: 4 },
    });
    const events = await streamed(`${url}/v1/chat/completions`, {
      ...chat,
      max_completion_tokens: 3,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((text) => JSON.parse(text) as Chunk);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content)).join('')).toBe('You said:');
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, null, 'length', undefined]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
    const plain = await streamed(`${url}/v1/chat/completions`, { ...chat, stream: true });
    expect(plain.some((text) => text.includes('usage'))).toBe(false);
  });

  it('refuses requests as vLLM does', async () => {
    const { url } = await model(['serve', 'm', '--api-key', 'secret', '--max-model-len', '1k']);
    const key = { authorization: 'Bearer secret' };
    expect(await post(`${url}/v1/completions`, { model: 'm', prompt: 'a' })).toMatchObject({ status: 401 });
    expect(await post(`${url}/v1/completions`, { model: 'other', prompt: 'a' }, key)).toMatchObject({
      status: 404,
      json: {
        error: { type: 'NotFoundError', code: 404, message: 'The model `other` does not exist. Valid aliases: m.' },
      },
    });
    const wrong: [object, string][] = [
      [{ prompt: 'a', max_tokens: 0 }, 'max_tokens must be at least 1, got 0.'],
      [{ prompt: 'a', max_tokens: 1001 }, 'context length is 1000 tokens'],
      [{ prompt: 'a', temperature: -1 }, 'temperature must be non-negative'],
      [{ prompt: 'a', stream_options: {} }, 'stream=True'],
      [{}, 'Either prompt or prompt_embeds must be provided'],
    ];
    for (const [body, message] of wrong) {
      const answer = await post(`${url}/v1/completions`, { model: 'm', ...body }, key);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { code: 400, message: expect.stringContaining(message) as string } });
    }
    expect(await post(`${url}/v1/chat/completions`, { model: 'm' }, key)).toMatchObject({
      status: 400,
      json: { error: { param: 'body.messages' } },
    });
    expect(await post(`${url}/nothing`, {})).toMatchObject({ status: 404, json: { detail: 'Not Found' } });
    expect(await get(`${url}/v1/completions`, key)).toMatchObject({ status: 405 });
  });

  it('lists names and adapters, and reports what it received', async () => {
    const { url } = await model([
      'serve',
      '/mnt/models',
      '--served_model_name',
      'a',
      'b',
      '--lora-modules',
      'sql=/mnt/lora/sql',
    ]);
    const models = (await get(`${url}/v1/models`)).json as {
      data: { id: string; root: string; parent: string | null }[];
    };
    expect(models.data.map(({ id, root, parent }) => [id, root, parent])).toEqual([
      ['a', '/mnt/models', null],
      ['b', '/mnt/models', null],
      ['sql', '/mnt/lora/sql', 'a'],
    ]);
    const sleep = await post(`${url}/sleep?level=1`, {});
    expect(sleep).toMatchObject({ status: 200, received: '/sleep?level=1' });
    expect((await get(`${url}/metrics`)).text).toContain('modelserver:administration_requests_total{path="/sleep"} 1');
    expect((await get(`${url}/received`)).json).toContainEqual({ method: 'POST', url: '/sleep?level=1' });
    expect((await get(`${url}/version`)).json).toEqual({ version: '0.32.0' });
    const { json } = await post(`${url}/tokenize`, { prompt: 'Hello you' });
    expect(json).toMatchObject({ count: 2 });
    const back = await post(`${url}/detokenize`, { tokens: (json as { tokens: number[] }).tokens });
    expect(back.json).toEqual({ prompt: 'Hello you' });
  });

  it('does not listen while it loads', async () => {
    const started = Date.now();
    await model(['serve', 'm'], { MODEL_LOAD_SECONDS: '0.5' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(500);
  });

  it('keeps silent in the middle of a stream when told to', async () => {
    const { url } = await model(['serve', 'm'], { MODEL_STREAM_GAP_SECONDS: '0.4', MODEL_STREAM_GAP_AFTER: '2' });
    const times: number[] = [];
    await streamed(`${url}/v1/completions`, { model: 'm', prompt: 'a b c', stream: true }, () =>
      times.push(Date.now()),
    );
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(350);
  });

  it('finishes the stream in progress when it is told to stop', async () => {
    const { url, child } = await model(['serve', 'm'], {
      MODEL_STREAM_GAP_SECONDS: '0.4',
      MODEL_STREAM_GAP_AFTER: '1',
    });
    let told = false;
    const events = await streamed(`${url}/v1/completions`, { model: 'm', prompt: 'a', stream: true }, () => {
      if (!told) child.kill('SIGTERM');
      told = true;
    });
    expect(events.at(-1)).toBe('[DONE]');
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    await expect(get(`${url}/health`)).rejects.toThrow();
  });

  it.each([
    [['serve', 'm', '--nope', '1'], 2, 'unrecognized arguments: --nope 1'],
    [['serve', 'm', '--foo_bar=1'], 2, 'unrecognized arguments: --foo-bar=1'],
    [['serve', 'm', '--dtype', 'x'], 2, "argument --dtype: invalid choice: 'x' (choose from 'auto', 'bfloat16'"],
    [['serve', 'm', '--port', 'a'], 2, "argument --port: invalid int value: 'a'"],
    [['serve', 'm', '--port'], 2, 'argument --port: expected one argument'],
    [['serve', 'm', '--enforce-eager=1'], 2, "ignored explicit argument '1'"],
    [['serve', 'm', '--served-model-name'], 2, 'expected at least one argument'],
    [['serve', 'm', '--data-par', '1'], 2, 'ambiguous option: --data-par could match'],
    [['chat'], 2, "invalid choice: 'chat'"],
  ])('refuses the command line %j', async (args, code, message) => {
    const ended = await run(args);
    expect(ended.code).toBe(code);
    expect(ended.output).toContain(message);
  });

  it('accepts abbreviations, short flags and nested JSON values', async () => {
    const flags = [
      '--ten',
      '2',
      '-pp',
      '1',
      '-O3',
      '--kv-transfer-config',
      '{"a":1}',
      '--compilation_config.mode',
      '3',
      '--hf-overrides={"a": "b c"}',
    ];
    const { url } = await model([
      'serve',
      'm',
      ...flags,
      '--shutdown-timeout',
      '15',
      '--disable-access-log-for-endpoints',
      '/health,/ping',
    ]);
    expect((await get(`${url}/health`)).status).toBe(200);
  });

  it('ends as MODEL_CRASH says', async () => {
    expect(await run(['serve', 'm'], { MODEL_CRASH: '137' })).toMatchObject({ code: 137 });
    expect(await run(['serve', 'm'], { MODEL_LOAD_SECONDS: 'soon' })).toMatchObject({
      code: 2,
      output: expect.stringContaining("MODEL_LOAD_SECONDS is 'soon'") as string,
    });
  });

  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, output: '0.32.0\n' });
  });
});

interface Choices {
  readonly choices: readonly { readonly text: string }[];
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
  readonly received: string | null;
}

function launch(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
  running.push(child);
  return child;
}

async function model(args: readonly string[], env: Record<string, string> = {}): Promise<Model> {
  const child = launch([...args, '--host', '127.0.0.1', '--port', '0'], env);
  const said: string[] = [];
  child.stderr?.on('data', (part: Buffer) => said.push(String(part)));
  if (!child.stdout) throw new Error('the model server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const url = /^Listening on (.*)$/.exec(line)?.[1];
    if (url) {
      child.stdout.resume();
      return { url, child };
    }
  }
  throw new Error(`the model server ended before it listened:\n${said.join('\n')}`);
}

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = launch(args, env);
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => parts.push(part));
  await once(child, 'close');
  return { code: child.exitCode, output: Buffer.concat(parts).toString() };
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await read(await fetch(url, { headers }));
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { 'content-type': 'application/json', ...headers };
  return await read(await fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) }));
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const json: unknown = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, text, json, received: response.headers.get('x-received-path') };
}

async function streamed(
  url: string,
  body: unknown,
  onEvent: (event: string) => void = () => undefined,
): Promise<string[]> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const events: string[] = [];
  let rest = '';
  for await (const part of response.body ?? []) {
    const pieces = (rest + Buffer.from(part).toString()).split('\n\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      events.push(piece.replace(/^data: /, ''));
      onEvent(piece);
    }
  }
  return events;
}
