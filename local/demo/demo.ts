import { fileURLToPath } from 'node:url';
import type { Client } from '../../src/kube/types.ts';
import { createClient } from '../../src/kube/client.ts';
import type { ControlPlane } from '../controlplane/controlplane.ts';
import type { RealVllm } from '../node/node.ts';
import { startStack } from '../stack.ts';
import { checkCompletion, checkStream } from './answer.ts';
import { createTeller, followService, isReady } from './follow.ts';
import type { Report } from './report.ts';
import { shell } from './shell.ts';
import { showTroubles } from './troubles.ts';

export interface DemoOptions {
  readonly stateDir: string;
  /** Real vLLM instead of the model server stand-in. */
  readonly vllm: RealVllm | undefined;
  /** How long a model may take to load. */
  readonly loadMs: number;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const EXAMPLE = fileURLToPath(new URL('../../examples/qwen2-7b.yaml', import.meta.url));

/** The two commands of the product, word for word. */
const ROUTE_URL = `ROUTE_URL=$(kubectl get route -l serving.kserve.io/inferenceservice=qwen2-7b -o jsonpath='{.items[0].status.url}')`;
const COMPLETION = `curl -k $ROUTE_URL/v1/completions -H 'Content-Type: application/json' -d '{"model":"Qwen/Qwen2.5-7B-Instruct","prompt":"Kubernetes is","max_tokens":32}'`;
const STREAM = `curl -kN $ROUTE_URL/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"Qwen/Qwen2.5-7B-Instruct","messages":[{"role":"user","content":"Hello"}],"max_tokens":12,"stream":true}'`;

/**
 * The whole way from one short YAML to an answer of the model, on this machine; then three things that go wrong. Ends
 * everything that it started. Rejects with the reason when anything is not as promised.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { stateDir, vllm, report, signal } = options;
  report.title('A cluster on this machine');
  const stack = await startStack({
    stateDir,
    purpose: `the demo in ${stateDir}`,
    vllm,
    step: report.step,
    signal,
  });
  try {
    const { controlPlane } = stack;
    const client = await createClient({ kubeconfig: controlPlane.kubeconfig });
    try {
      await showAnswer(options, controlPlane, client);
      await showTroubles({ controlPlane, client, report, loadMs: options.loadMs, signal });
    } finally {
      await client.close();
    }
  } finally {
    await report.step('End of all processes', () => stack.stop());
  }
}

async function showAnswer(options: DemoOptions, controlPlane: ControlPlane, client: Client): Promise<void> {
  const { report, loadMs, signal } = options;
  report.title('A service applied');
  report.command('kubectl apply -f examples/qwen2-7b.yaml');
  await report.step('LLMInferenceService qwen2-7b until Ready', async (say) => {
    const { code, stderr } = await controlPlane.kubectl(['apply', '-f', EXAMPLE], { signal });
    if (code !== 0) throw new Error(`kubectl apply -f ${EXAMPLE}: ${stderr.trim()}`);
    const follow = { client, namespace: 'default', name: 'qwen2-7b', deadlineMs: loadMs, signal };
    await followService({ ...follow, what: 'Ready', until: isReady, tell: createTeller(say) });
  });

  report.title('A prompt answered');
  report.command(`${ROUTE_URL}\n${COMPLETION}`);
  await report.step('Completion', async () => {
    const answer = await shell(`${ROUTE_URL}\n${COMPLETION}`, { controlPlane, signal });
    if (answer.code !== 0) throw new Error(`curl ended with exit code ${answer.code}: ${answer.stderr.trim()}`);
    report.output(checkCompletion(answer.stdout));
  });
  report.command(STREAM);
  await report.step('Streamed chat', async (say) => {
    const onOutput = (text: string): void => report.stream(text);
    const answer = await shell(`${ROUTE_URL}\n${STREAM}`, { controlPlane, signal, onOutput });
    if (answer.code !== 0) throw new Error(`curl ended with exit code ${answer.code}: ${answer.stderr.trim()}`);
    say(`${checkStream(answer.stdout)} chunks, then [DONE]`);
  });
}
