import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { OUR_CRDS, untilEstablished } from './crds.ts';
import type { ControlPlane } from './controlplane/controlplane.ts';
import type { Say } from './step.ts';

const root = new URL('../', import.meta.url);
const BUNDLE = fileURLToPath(new URL('dist/main.js', root));
const CRDS = fileURLToPath(new URL('crds', root));
const MANIFESTS = fileURLToPath(new URL('local/manifests', root));

const HTTPS_PROGRAMMED = '{.status.listeners[?(@.name=="https")].conditions[?(@.type=="Programmed")].status}';

/** Rejects when the operator's bundle has not been built, and says how to build it. */
export async function checkBundle(): Promise<void> {
  await access(BUNDLE).catch(() => {
    throw new Error(`${BUNDLE} does not exist: run \`make build\` first`);
  });
}

/**
 * Installs our software with the Gateway as a user would: the CRDs, then everything else, once the API server serves the
 * kinds of the presets. Resolves when the operator is available and the Gateway is programmed; rejects with what
 * kubectl said and the state of the pods.
 */
export async function install(controlPlane: ControlPlane, say: Say, signal: AbortSignal): Promise<void> {
  const kubectl = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await controlPlane.kubectl(args, { signal });
    if (code === 0) return;
    const pods = await controlPlane.kubectl(['get', 'pods', '--all-namespaces', '-o', 'wide'], { signal });
    throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || stdout.trim()}\n${pods.stdout.trimEnd()}`);
  };
  say('CRDs');
  await kubectl('apply', '--server-side', '-k', CRDS);
  await untilEstablished(controlPlane, OUR_CRDS, signal);
  say('operator, RBAC, settings, presets, Gateway');
  await kubectl('apply', '--server-side', '-k', MANIFESTS);
  say('waiting for the operator');
  await kubectl('wait', '-n', 'kserve', '--for=condition=Available', '--timeout=90s', 'deployment/llmisvc-controller');
  say('waiting for the Gateway and its HTTPS listener, whose certificate the operator makes');
  const gateway = ['-n', 'kserve', '--timeout=90s', 'gateway/kserve-ingress-gateway'];
  await kubectl('wait', '--for=condition=Programmed', ...gateway);
  await kubectl('wait', `--for=jsonpath=${HTTPS_PROGRAMMED}=True`, ...gateway);
}
