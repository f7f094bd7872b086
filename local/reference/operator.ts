import { join } from 'node:path';
import { operatorPorts } from '../operatorports.ts';
import { type Running, start, waitFor } from '../process.ts';
import type { Cluster } from './cluster.ts';

const ENTRY = join(import.meta.dirname, '../../src/main.ts');
const READY_MS = 60_000;
/** Looks in a row, 10 to 250 ms apart, that have to show the same counters. */
const STILL = 10;

/** The operator as a process of its own, from its source. */
export interface Operator {
  /** Resolves when nothing waits in its queue and its counters stand still. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

let operators = 0;

/** Starts the operator as its ServiceAccount, with KServe's prefix of presets; resolves when `/readyz` says so. */
export async function startOperator({ controlPlane, kubeconfig }: Cluster, signal: AbortSignal): Promise<Operator> {
  operators += 1;
  const running = await start({
    name: 'operator',
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      ENTRY,
      ...['--metrics-addr=127.0.0.1:0', '--health-addr=127.0.0.1:0', `--kubeconfig=${kubeconfig}`],
    ],
    env: {
      PATH: process.env['PATH'],
      HOME: controlPlane.stateDir,
      LLM_INFERENCE_SERVICE_CONFIG_PREFIX: 'kserve-',
    },
    logFile: join(controlPlane.logDir, `operator-${operators}.log`),
  });
  const ports = await waitFor('the addresses of the operator', READY_MS, () => operatorPorts(running), signal, [
    running,
  ]);
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${ports.health}/readyz`)).ok;
  await waitFor('the operator to be ready', READY_MS, isReady, signal, [running]);
  return {
    settled: () => settled(running, ports.metrics, signal),
    stop: async () => void (await running.stop()),
  };
}

async function settled(running: Running, port: number, signal: AbortSignal): Promise<void> {
  let before = '';
  let same = 0;
  const stands = async (): Promise<boolean> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text();
    const lines = text.split('\n').filter((line) => COUNTERS.test(line) && !line.includes('resource="leases"'));
    const now = lines.join('\n');
    same = now === before && lines.includes('llmisvc_queue_depth 0') ? same + 1 : 0;
    before = now;
    return same >= STILL;
  };
  await waitFor('the operator to settle', READY_MS, stands, signal, [running]);
}

const COUNTERS = /^llmisvc_(queue_depth|reconcile_seconds_count|api_requests)/;
