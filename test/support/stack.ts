import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { logTail, waitFor } from '../../local/process.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { silentStep } from '../../local/step.ts';
import type { Condition, LLMInferenceService } from '../../src/api/llmisvc.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client } from '../../src/kube/types.ts';

export { waitFor } from '../../local/process.ts';

/** A whole local stack with the operator installed, and what tests do with it. */
export interface TestStack {
  readonly stack: Stack;
  readonly client: Client;
  /** Applies YAML as a user; throws with kubectl's words. */
  apply(yaml: string): Promise<void>;
  /** Runs kubectl; throws with its words when it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Waits for a state of a service, and says the last one when it does not come. */
  serviceUntil(
    name: string,
    what: string,
    until: (service: LLMInferenceService) => boolean,
  ): Promise<LLMInferenceService>;
  /** Waits until the service is Ready for its current spec; its URL. */
  readyUrl(name: string): Promise<string>;
}

const START_MS = 30 * 60_000;
const STATE_MS = 60_000;

/**
 * One stack for the tests of a file: started before them in a temporary folder, ended and removed after them. All services
 * are in the namespace `default`. Returns a function that gives the stack; calling that outside of a test throws.
 */
export function useStack(): () => TestStack {
  let running: TestStack | undefined;
  let stateDir: string | undefined;
  const interrupt = new AbortController();

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'llmisvc-stack-'));
    running = await start(stateDir, interrupt.signal).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logTails(stateDir ?? '')}`);
    });
  }, START_MS);

  afterAll(async () => {
    interrupt.abort();
    await running?.client.close();
    await running?.stack.stop();
    if (stateDir !== undefined) rmSync(stateDir, { recursive: true, force: true });
  }, 60_000);

  return () => {
    if (running === undefined) throw new Error('the stack runs during tests only: call this inside of it(…)');
    return running;
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const anyCertificate = new Agent({ connect: { rejectUnauthorized: false } });

/** One request, whoever signed the certificate. */
export async function call(url: string, options: { method?: 'GET' | 'POST'; body?: unknown } = {}): Promise<Answer> {
  const { method = 'GET', body } = options;
  const {
    statusCode,
    headers,
    body: answer,
  } = await request(url, {
    method,
    dispatcher: anyCertificate,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: statusCode, headers, text: await answer.text() };
}

export function conditionOf(service: LLMInferenceService, type: string): Condition | undefined {
  return service.status?.conditions?.find((condition) => condition.type === type);
}

async function start(stateDir: string, signal: AbortSignal): Promise<TestStack> {
  const stack = await startStack({ stateDir, purpose: 'the gateway tests', step: silentStep, signal });
  const { controlPlane } = stack;
  const client = await createClient({ kubeconfig: controlPlane.kubeconfig });
  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await controlPlane.kubectl(args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  };
  const serviceUntil: TestStack['serviceUntil'] = async (name, what, until) => {
    let last: LLMInferenceService | undefined;
    const look = async (): Promise<LLMInferenceService | undefined> => {
      last = await client.read<LLMInferenceService>({ ...LLMISVC, namespace: 'default', name });
      return last && until(last) ? last : undefined;
    };
    return waitFor(`${name}: ${what}`, STATE_MS, look, signal).catch((error: unknown) => {
      throw new Error(`${String(error)}; last status: ${JSON.stringify(last?.status?.conditions, null, 1)}`);
    });
  };
  return {
    stack,
    client,
    apply: async (yaml) => void (await kubectl(['apply', '--server-side', '-f', '-'], yaml)),
    kubectl: (...args) => kubectl(args),
    serviceUntil,
    readyUrl: async (name) => {
      const service = await serviceUntil(name, 'Ready for its current spec', isReady);
      if (!service.status?.url) throw new Error(`${name} is Ready and has no URL`);
      return service.status.url;
    },
  };
}

function isReady(service: LLMInferenceService): boolean {
  const current = service.status?.observedGeneration === service.metadata.generation;
  return current && conditionOf(service, 'Ready')?.status === 'True';
}

function logTails(stateDir: string): string {
  const dir = join(stateDir, 'logs');
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  return files.map((name) => `--- ${name}\n${logTail(join(dir, name), 5)}`).join('\n');
}
