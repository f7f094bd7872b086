import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startInBackground, stopBackground, supervise } from './background.ts';
import { runDemo } from './demo/demo.ts';
import { createReport, type Report } from './demo/report.ts';
import { allPrograms, cacheDir, programs } from './programs/programs.ts';
import type { RealVllm } from './node/node.ts';
import { installVllm } from './vllm/install.ts';
import { makeModel } from './vllm/model.ts';

const USAGE = `Usage: node local/cli.ts <command> [--state DIR]

Commands:
  demo       start a cluster on this machine, apply a service, and get an answer from its model
  demo-vllm  the same with real vLLM on the processor (installs about 6 GB once)
  up         start the cluster and keep it running in the background
  down       end what \`up\` started
  programs   get the programs that the others need into the cache

Options:
  --state DIR  folder for data, certificates and logs (default: .state/<command> in the repository)
`;

const STAND_IN_LOAD_MS = 120_000;
const VLLM_LOAD_MS = 600_000;

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

async function main(): Promise<number> {
  const { positionals, values } = readArguments();
  const [command = 'help'] = positionals;
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // A second one does not wait for an orderly end; every process is killed at exit.
    process.on(name, () =>
      interrupt.signal.aborted ? process.exit(130) : interrupt.abort(new Error(`${name} received`)),
    );
  }
  const { signal } = interrupt;
  const stateDir = (name: string): string => values.state ?? join(REPOSITORY, '.state', name);
  const report = createReport();

  switch (command) {
    case 'demo':
      return demo(report, stateDir('demo'), async () => undefined, STAND_IN_LOAD_MS, signal);
    case 'demo-vllm':
      return demo(report, stateDir('demo-vllm'), () => realVllm(report, signal), VLLM_LOAD_MS, signal);
    case 'up':
      return attempt(report, join(stateDir('up'), 'logs'), signal, () => up(stateDir('up'), signal));
    case 'supervise':
      return attempt(report, join(stateDir('up'), 'logs'), signal, () =>
        supervise(stateDir('up'), report.step, signal),
      );
    case 'down':
      return attempt(report, join(stateDir('up'), 'logs'), signal, () => down(stateDir('up')));
    case 'programs':
      return attempt(report, cacheDir(), signal, async () => {
        await report.step('Programs', (say) => programs(allPrograms, { say, signal }));
      });
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    default:
      process.stderr.write(`Unknown command ${command}.\n\n${USAGE}`);
      return 2;
  }
}

async function demo(
  report: Report,
  stateDir: string,
  vllm: () => Promise<RealVllm | undefined>,
  loadMs: number,
  signal: AbortSignal,
): Promise<number> {
  const code = await attempt(report, join(stateDir, 'logs'), signal, async () => {
    await runDemo({ stateDir, vllm: await vllm(), loadMs, report, signal });
  });
  if (code === 0) report.summary();
  return code;
}

async function realVllm(report: Report, signal: AbortSignal): Promise<RealVllm> {
  const dir = join(cacheDir(), 'vllm');
  const venv = await report.step('Real vLLM for the processor', (say) =>
    installVllm({ dir: join(dir, 'venv'), signal, say }),
  );
  const python = join(venv, 'bin', 'python');
  const model = await report.step('A tiny model of random weights', (say) =>
    makeModel({ python, dir: join(dir, 'model'), signal, say }),
  );
  return {
    program: join(venv, 'bin', 'vllm'),
    modelDir: model,
    env: { HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1', VLLM_CPU_KVCACHE_SPACE: '1' },
    // The virtual environment uses the interpreter and the library of the Python that made it.
    keep: [venv, dirname(dirname(await realpath(python)))],
  };
}

async function up(stateDir: string, signal: AbortSignal): Promise<void> {
  const stack = await startInBackground(stateDir, (text) => process.stdout.write(text), signal);
  process.stdout.write(
    `\nThe cluster runs until \`make down\`. To use it:\n\n` +
      `export KUBECONFIG=${stack.kubeconfig}\n` +
      `export PATH=${dirname(stack.kubectl)}:$PATH\n\n` +
      `kubectl apply -f examples/qwen2-7b.yaml\n`,
  );
}

async function down(stateDir: string): Promise<void> {
  const ended = await stopBackground(stateDir);
  process.stdout.write(ended ? 'The cluster has ended.\n' : 'No cluster runs in the background.\n');
}

/** Runs a command to its exit code: 0, 1 with the reason and where the logs are, 130 after Ctrl-C. */
async function attempt(report: Report, logs: string, signal: AbortSignal, run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (signal.aborted) {
      report.failure(`interrupted (${(signal.reason as Error).message}); everything that was started has ended`);
      return 130;
    }
    report.failure(`${error instanceof Error ? error.message : String(error)}\nLogs: ${logs}`);
    return 1;
  }
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { state: { type: 'string' } } });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

process.exitCode = await main();
