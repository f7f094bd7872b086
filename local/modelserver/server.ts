import { setTimeout as delay } from 'node:timers/promises';
import { ArgumentsError, parseServeArguments, type ServeArguments, vllmVersion } from './arguments.ts';
import { type Behaviour, behaviour } from './environment.ts';
import { listen } from './listen.ts';

await main(process.argv.slice(2));

/** `vllm serve <model> [flags]` and `vllm --version`, without an engine. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === '--version' || argv[0] === '-v') {
    console.log(vllmVersion);
    return;
  }
  if (argv[0] !== 'serve') refuse(`argument subparser: invalid choice: '${argv[0] ?? ''}' (choose from 'serve')`);
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log('usage: vllm serve [model_tag] [options]');
    return;
  }
  const args = argumentsOf(argv.slice(1));
  const wanted = behaviourOf();
  if (wanted.crash !== undefined) {
    console.error(`The engine ends with exit code ${wanted.crash}, as MODEL_CRASH asks for.`);
    process.exit(wanted.crash);
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  await serve(args, wanted, stop.signal);
}

async function serve(args: ServeArguments, wanted: Behaviour, signal: AbortSignal): Promise<void> {
  console.log(`Loading ${args.model}; served as ${args.servedNames.join(', ')}`);
  try {
    await delay(wanted.loadSeconds * 1000, undefined, { signal });
    const server = await listen(args, wanted, (line) => console.log(line));
    console.log(`Listening on ${server.url}`);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    console.log('Told to stop: requests in progress are finished first.');
    await server.close();
  } catch (error) {
    if (signal.aborted) return;
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

function argumentsOf(argv: readonly string[]): ServeArguments {
  try {
    return parseServeArguments(argv);
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    return refuse(error.message);
  }
}

function behaviourOf(): Behaviour {
  try {
    return behaviour(process.env);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(message: string): never {
  console.error(`usage: vllm serve [model_tag] [options]\nvllm serve: error: ${message}`);
  process.exit(2);
}
