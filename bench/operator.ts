import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorPorts } from '../local/operatorports.ts';
import { logTail, type Running, start, waitFor } from '../local/process.ts';
import { WORKERS } from './bareclient.ts';
import type { Cluster } from './cluster.ts';

const READY_MS = 60_000;
/** Ticks a second in `/proc/<pid>/stat`, as Linux has them. */
const TICKS = 100;

/** The counters of the operator at one moment. */
export interface Counters {
  /** Requests by `<verb> <resource> <code>`, such as `apply deployments 200`; leases left out. */
  readonly requests: ReadonlyMap<string, number>;
  readonly passes: number;
  readonly queued: number;
}

/** The operator as a process of its own. */
export interface Operator {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly readyAt: number;
  counters(): Promise<Counters>;
  /** Megabytes (10^6 bytes) that are resident now, and the most that ever were. */
  memory(): { readonly now: number; readonly peak: number };
  /** Seconds of processor time since its start. */
  cpu(): number;
  /** Throws, with the end of its log, when it has ended by itself. */
  check(): void;
  stop(): Promise<void>;
}

let operators = 0;

/** Starts the operator's bundle as its ServiceAccount; resolves when `/readyz` says so. */
export async function startOperator(cluster: Cluster, signal: AbortSignal): Promise<Operator> {
  operators += 1;
  const { controlPlane, kubeconfig, bundle, launch } = cluster;
  const startedAt = performance.now();
  const running = await start({
    name: 'operator',
    command: process.execPath,
    args: [
      ...launch.flags,
      ...profiling(),
      bundle,
      ...['--metrics-addr=127.0.0.1:0', '--health-addr=127.0.0.1:0', '--log-level=info'],
      ...[`--workers=${WORKERS}`, `--kubeconfig=${kubeconfig}`],
    ],
    env: { PATH: process.env['PATH'], HOME: controlPlane.stateDir, ...launch.env },
    logFile: join(controlPlane.logDir, `operator-${operators}.log`),
  });
  const ports = await waitFor('the address of the operator', READY_MS, () => operatorPorts(running), signal, [running]);
  await waitFor('the operator to be ready', READY_MS, () => isReady(ports.health), signal, [running]);
  const readyAt = performance.now();
  return {
    startedAt,
    readyAt,
    counters: async () => {
      checkRunning(running);
      const answer = await fetch(`http://127.0.0.1:${ports.metrics}/metrics`, { signal });
      return countersOf(await answer.text());
    },
    memory: () => memoryOf(running.pid),
    cpu: () => cpuOf(running.pid),
    check: () => checkRunning(running),
    stop: async () => void (await running.stop()),
  };
}

/** With BENCH_CPU_PROFILE the operator writes a processor profile into that folder when it ends. */
function profiling(): readonly string[] {
  const folder = process.env['BENCH_CPU_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

function checkRunning(running: Running): void {
  if (running.exit() === undefined) return;
  throw new Error(`the operator ended by itself; the end of its log:\n${logTail(running.logFile)}`);
}

async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
}

/** Reads the text format of Prometheus as far as this benchmark needs it. */
function countersOf(text: string): Counters {
  const requests = new Map<string, number>();
  let passes = 0;
  let queued = 0;
  for (const line of text.split('\n')) {
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    if (line.startsWith('llmisvc_api_requests_total{')) {
      const key = `${labelOf(line, 'verb')} ${labelOf(line, 'resource')} ${labelOf(line, 'code')}`;
      if (!key.includes(' leases ')) requests.set(key, value);
    } else if (line.startsWith('llmisvc_reconcile_seconds_count')) passes += value;
    else if (line.startsWith('llmisvc_queue_depth ')) queued = value;
  }
  return { requests, passes, queued };
}

function labelOf(line: string, name: string): string {
  return new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
}

function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { now: (kib('VmRSS') * 1_024) / 1e6, peak: (kib('VmHWM') * 1_024) / 1e6 };
}

/** User and system time: the 14th and 15th field, counted behind the name, which may contain blanks. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
