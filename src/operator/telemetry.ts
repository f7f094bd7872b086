import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { pino } from 'pino';
import type { LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import { ApiError } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import { readiness as readinessOf } from '../status/conditions.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One answer of the API server. */
export interface ApiAnswer {
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
  readonly seconds: number;
}

/** Values that are read when somebody asks for the metrics. */
export interface Gauges {
  readonly queueDepth: () => number;
  readonly settingsValid: () => boolean;
  readonly watchRestarts: () => ReadonlyMap<string, number>;
  readonly leading: () => boolean;
  readonly paused: () => boolean;
}

/** Logs and metrics: what the operator tells about itself. */
export interface Telemetry {
  readonly log: Log;
  /** A logger whose lines carry these fields. */
  logFor(fields: Readonly<Record<string, string>>): Log;
  /** A key waited so many milliseconds in the queue. */
  waited(milliseconds: number): void;
  /** A pass took so many milliseconds. */
  reconciled(milliseconds: number, result: 'settled' | 'again' | 'error'): void;
  answered(answer: ApiAnswer): void;
  /** The status of a service after a pass. */
  service(key: string, status: LLMInferenceServiceStatus | undefined): void;
  gone(key: string): void;
  watch(gauges: Gauges): void;
  /** All metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Telemetry with a registry of its own. Logs are JSON lines on standard output. */
export function createTelemetry(level: LogLevel): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  const logger = pino({
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'message',
    serializers: { error: describeError },
  });
  collectDefaultMetrics({ register: registry });

  const passes = new Histogram({
    name: 'llmisvc_reconcile_seconds',
    help: 'Time of one pass over a service, by what it came to.',
    labelNames: ['result'],
    buckets: SECONDS,
    registers,
  });
  const waits = new Histogram({
    name: 'llmisvc_queue_wait_seconds',
    help: 'Time that services waited for a worker.',
    buckets: SECONDS,
    registers,
  });
  const requests = new Counter({
    name: 'llmisvc_api_requests_total',
    help: 'Requests to the API server by verb, resource and status code; code 0 for those without an answer.',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  });
  const readiness = new Map<string, string>();
  const services = new Gauge({
    name: 'llmisvc_services',
    help: 'Services by the status of their condition Ready.',
    labelNames: ['ready'],
    registers: [],
    collect() {
      for (const ready of ['True', 'False', 'Unknown']) this.set({ ready }, 0);
      for (const ready of readiness.values()) this.inc({ ready });
    },
  });
  registry.registerMetric(services);

  return {
    log: logger,
    logFor: (fields) => logger.child(fields),
    waited: (milliseconds) => waits.observe(milliseconds / 1_000),
    reconciled: (milliseconds, result) => passes.observe({ result }, milliseconds / 1_000),
    answered: ({ verb, resource, code }) => requests.inc({ verb, resource, code: String(code) }),
    service(key, status) {
      readiness.set(key, readinessOf(status));
    },
    gone: (key) => void readiness.delete(key),
    watch: (gauges) => addGauges(registry, gauges),
    metrics: () => registry.metrics(),
  };
}

function addGauges(registry: Registry, gauges: Gauges): void {
  const registers: [] = [];
  const simple = (name: string, help: string, value: () => number): void => {
    const gauge = new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
    registry.registerMetric(gauge);
  };
  simple('llmisvc_queue_depth', 'Services that wait for a worker.', gauges.queueDepth);
  simple('llmisvc_settings_valid', '1 when the settings ConfigMap exists and all of it was understood.', () =>
    gauges.settingsValid() ? 1 : 0,
  );
  simple('llmisvc_leader', '1 while this process holds the Lease.', () => (gauges.leading() ? 1 : 0));
  simple('llmisvc_paused', "1 while KServe's controller is at work and this one stands back.", () =>
    gauges.paused() ? 1 : 0,
  );
  const restarts = new Gauge({
    name: 'llmisvc_watch_restarts',
    help: 'Watches that were opened again since the start, by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of gauges.watchRestarts()) this.set({ kind }, count);
    },
  });
  registry.registerMetric(restarts);
}

/** An error without what may hold values of others: of an answer of the API server its sentence, of others the stack. */
function describeError(error: unknown): unknown {
  if (error instanceof ApiError) return { message: error.message, code: error.code, reason: error.reason };
  if (error instanceof Error)
    return { message: error.message, stack: error.stack, code: (error as { code?: unknown }).code };
  return String(error);
}
