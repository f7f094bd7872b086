import { fileURLToPath } from 'node:url';
import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { Client } from '../../src/kube/types.ts';
import type { ControlPlane } from '../controlplane/controlplane.ts';
import { conditionOf, createTeller, followService, isReady } from './follow.ts';
import type { Report } from './report.ts';
import { shell } from './shell.ts';

export interface TroublesOptions {
  readonly controlPlane: ControlPlane;
  readonly client: Client;
  readonly report: Report;
  /** How long a model may take to load. */
  readonly loadMs: number;
  readonly signal: AbortSignal;
}

interface Trouble {
  readonly title: string;
  /** File below `manifests/`; the service in it has the same name. */
  readonly name: string;
  /** A word that the message of condition Ready must contain. */
  readonly names: RegExp;
  readonly remedy: string;
}

const TROUBLES: readonly Trouble[] = [
  {
    title: 'A model that asks for more GPUs than any node has',
    name: 'too-many-gpus',
    names: /nvidia\.com\/gpu/,
    remedy: `kubectl patch llmisvc too-many-gpus --type merge -p '{"spec":{"parallelism":{"tensor":1}}}'`,
  },
  {
    title: 'A base config that does not exist',
    name: 'missing-config',
    names: /team-defaults/,
    remedy: 'kubectl apply -f local/demo/manifests/team-defaults.yaml',
  },
  {
    title: 'A Gateway that does not exist',
    name: 'missing-gateway',
    names: /team-gateway/,
    remedy: 'kubectl apply -f local/demo/manifests/team-gateway.yaml',
  },
];

const SAID_WITHIN_MS = 30_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Shows three services that go wrong: what the status says, the remedy, and the recovery without any further help, up to an
 * answer of the model. Rejects when a status does not name the cause, or when a service does not recover.
 */
export async function showTroubles(options: TroublesOptions): Promise<void> {
  for (const trouble of TROUBLES) {
    options.report.title(trouble.title);
    await showTrouble(trouble, options);
  }
}

async function showTrouble(trouble: Trouble, options: TroublesOptions): Promise<void> {
  const { client, report, loadMs, signal } = options;
  const { name, names } = trouble;
  const follow = { client, namespace: 'default', name, signal };

  await report.step(`${name}: the status says why`, async (say) => {
    await type(`kubectl apply -f local/demo/manifests/${name}.yaml`, options);
    await followService({
      ...follow,
      what: `a status that names ${names.source.replaceAll('\\', '')}`,
      until: (service) => namesCause(service, names),
      tell: createTeller(say),
      deadlineMs: SAID_WITHIN_MS,
    });
    await type(`kubectl get llmisvc ${name}`, options);
  });
  await report.step(`${name}: recovers after the remedy`, async (say) => {
    await type(trouble.remedy, options);
    await followService({ ...follow, what: 'Ready', until: isReady, tell: createTeller(say), deadlineMs: loadMs });
    await type(`curl -sk $(kubectl get llmisvc ${name} -o jsonpath='{.status.url}')/v1/models`, options);
    await type(`kubectl delete llmisvc ${name}`, options);
  });
}

function namesCause(service: LLMInferenceService, names: RegExp): boolean {
  const ready = conditionOf(service, 'Ready');
  return ready !== undefined && ready.status !== 'True' && names.test(ready.message ?? '');
}

/** Runs a command in the repository's folder, prints it with its answer, and rejects when it fails or answers nothing. */
async function type(command: string, { controlPlane, report, signal }: TroublesOptions): Promise<void> {
  report.command(command);
  const { code, stdout, stderr } = await shell(`cd '${ROOT}' && ${command}`, { controlPlane, signal });
  if (code !== 0 || stdout.trim() === '') throw new Error(`${command}: exit code ${code} ${stderr.trim()}`);
  report.output(stdout);
}
