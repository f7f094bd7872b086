import type { Container } from '../api/children.ts';
import { ANNOTATION_DEVICE, MAIN_CONTAINER } from '../api/wellknown.ts';
import type { Complaint } from './complaint.ts';
import type { Evaluated } from './evaluate.ts';
import { flagFaults, shellWords, VLLM_VERSION, valueOfFlag } from './vllm/flags.ts';

/** Advice on a field of the effective spec. */
export interface Advice extends Pick<Complaint, 'severity' | 'message'> {
  readonly rule: string;
  /** From `spec` on. */
  readonly path: string;
  /** The fields whose absence it is about. */
  readonly absent?: readonly string[];
}

const MAIN = `spec.template.containers[name=${MAIN_CONTAINER}]`;
const ADDITIONAL_ARGS = 'VLLM_ADDITIONAL_ARGS';
/** Fields of a pod spec that have another name by now. */
const DEPRECATED = { serviceAccount: 'serviceAccountName' } as const;

/** What a service would better do otherwise, although the operator accepts it. Nothing for a spec that is not certain. */
export function adviceFor({ effective }: Evaluated): readonly Advice[] {
  const { combined, stopped, spec } = effective;
  if (!combined || stopped) return [];
  const containers: readonly Container[] = spec.template?.containers ?? [];
  const main = containers.find(({ name }) => name === MAIN_CONTAINER);
  return [
    ...containers.flatMap(memoryAdvice),
    ...(main ? [...flagAdvice(main), ...parallelismAdvice(main, effective.spec)] : []),
    ...deprecatedAdvice(spec.template ?? {}),
  ];
}

function memoryAdvice({ name, resources }: Container): readonly Advice[] {
  // One without a name is refused, and has no path.
  if (!name || resources?.requests?.['memory'] !== undefined || resources?.limits?.['memory'] !== undefined) return [];
  const path = `spec.template.containers[name=${name}].resources`;
  const message = `Container ${name} asks for no memory, so it is among the first to be evicted from a node that runs short. Set requests.memory and limits.memory.`;
  const absent = [`${path}.requests.memory`, `${path}.limits.memory`];
  return [{ severity: 'advice', rule: 'MemoryNotRequested', path, absent, message }];
}

/** Where words of vLLM's command line stand. */
interface Words {
  readonly path: string;
  readonly words: readonly string[];
}

/** The command line after `vllm serve`; empty where the container runs something else. */
function commandLine({ command = [], args = [], env = [], image = '' }: Container): readonly Words[] {
  const script = command.findIndex((text) => /\bvllm\b.*\bserve\b/s.test(text));
  const direct = command.findIndex((text) => /(^|\/)vllm$/.test(text));
  if (command.length > 0 ? script < 0 && direct < 0 : !/\bvllm\b/.test(image)) return [];
  const ownWords =
    script >= 0 ? shellWords((command[script] ?? '').replace(/^.*?\bserve\b/s, '')) : command.slice(direct + 1);
  const additional = env.findIndex(({ name }) => name === ADDITIONAL_ARGS);
  // The script of a preset reads its arguments as words of a shell once more.
  const read = (text: string): readonly string[] => (script >= 0 ? shellWords(text) : [text]);
  const placed = args.map((text, index) => ({ path: `${MAIN}.args[${index}]`, words: read(text) }));
  const own = { path: `${MAIN}.command`, words: ownWords };
  const more = { path: `${MAIN}.env[name=${ADDITIONAL_ARGS}].value`, words: shellWords(env[additional]?.value ?? '') };
  return [own, ...(script >= 0 ? [more] : []), ...placed];
}

function flagAdvice(main: Container): readonly Advice[] {
  // Another version or another build of vLLM may know other flags.
  const severity = main.image === `vllm/vllm-openai:v${VLLM_VERSION}` ? 'error' : 'warning';
  const line = commandLine(main);
  return line.flatMap(({ path, words }, index) => {
    const next = line[index + 1]?.words ?? [];
    // A flag and its value may be two arguments.
    const last = words.at(-1);
    const followed = last?.startsWith('--')
      ? [...words, ...next.slice(0, 1).filter((word) => !word.startsWith('-'))]
      : words;
    return flagFaults(followed).map(({ message }) => ({ severity, rule: 'VLLMFlag', path, message }) as const);
  });
}

function parallelismAdvice(main: Container, spec: Evaluated['effective']['spec']): readonly Advice[] {
  const { tensor = 1, dataLocal = 1 } = spec.parallelism ?? {};
  const own = commandLine(main).filter(({ path }) => !path.endsWith('.command'));
  const given = valueOfFlag(
    own.flatMap(({ words }) => words),
    '--tensor-parallel-size',
  );
  const advice: Advice[] = [];
  const path = own.find(({ words }) =>
    words.some((word) => /^(--tensor[-_]parallel[-_]size|-tp)(=|$)/.test(word)),
  )?.path;
  if (path !== undefined && given !== undefined && /^\d+$/.test(given) && Number(given) !== tensor) {
    const message = `--tensor-parallel-size is ${given}, but the devices of a pod follow from spec.parallelism.tensor, which is ${tensor}. Remove the flag and set spec.parallelism.tensor.`;
    advice.push({ severity: 'warning', rule: 'ParallelismFlag', path, absent: ['spec.parallelism'], message });
  }
  const named = Object.keys({ ...main.resources?.requests, ...main.resources?.limits }).some((name) =>
    name.includes('/'),
  );
  const claims = (main.resources?.claims ?? []).length > 0;
  if (tensor * dataLocal > 1 && !named && !claims && spec.annotations?.[ANNOTATION_DEVICE] !== undefined) {
    const message = `The parallelism of the service uses ${tensor * dataLocal} devices in each pod, but container ${MAIN_CONTAINER} asks for none. Remove its own request: it is then derived.`;
    const at = `${MAIN}.resources`;
    advice.push({ severity: 'warning', rule: 'NoDevices', path: at, absent: [at], message });
  }
  return advice;
}

function deprecatedAdvice(template: object): readonly Advice[] {
  return Object.entries(DEPRECATED).flatMap(([field, instead]) => {
    if (!Object.hasOwn(template, field)) return [];
    const message = `Field ${field} is deprecated in Kubernetes. Write ${instead}.`;
    return [{ severity: 'advice', rule: 'DeprecatedField', path: `spec.template.${field}`, message } as const];
  });
}
