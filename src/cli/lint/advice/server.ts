import type { Container } from '../../../api/children.ts';
import { ROUTING_SIDECAR, WORKLOAD_PORT } from '../../../api/wellknown.ts';
import { type CommandLine, commandLine } from '../../vllm/commandline.ts';
import { flagFaults, lastOf, VLLM_VERSION } from '../../vllm/flags.ts';
import { type Advice, mainOf, type Placed, type Pod } from './pods.ts';

/** What vLLM will say to its command line, and flags that contradict the spec. */
export function serverAdvice(pod: Pod): readonly Advice[] {
  const found = lineOf(pod);
  if (!found) return [];
  return [...flagAdvice(found), ...parallelFlags(pod), ...fixedFlags(pod, found.line)];
}

/** The same of a layer alone, where another layer may bring the command and say how the model is divided. */
export function serverFlagAdvice(pod: Pod): readonly Advice[] {
  const main = pod.server && mainOf(pod);
  if (!main) return [];
  const container = withoutTemplates(main.container);
  const line = commandLine(container, main.path, true);
  // Of the two sides of a condition one will not be there.
  const certain = container === main.container;
  return line ? flagAdvice({ main: { ...main, container }, line }, certain) : [];
}

interface Found {
  readonly main: Placed;
  readonly line: CommandLine;
}

/** The command line of the pod's vLLM; undefined where something else runs. */
export function lineOf(pod: Pod): Found | undefined {
  const main = pod.server && mainOf(pod);
  const line = main && commandLine(main.container, main.path);
  return main && line ? { main, line } : undefined;
}

const textsOf = ({ words }: CommandLine): readonly string[] => words.map(({ text }) => text);
const IMAGE = `vllm/vllm-openai:v${VLLM_VERSION}`;

function flagAdvice({ main: { path, container }, line }: Found, withStray = true): readonly Advice[] {
  const { image } = container;
  // Another version or another build of vLLM may know other flags.
  const known = !image || image.replace(/@sha256:.*$/, '').replace(/^docker\.io\//, '') === IMAGE;
  const caution = known ? '' : ` The vLLM in ${image} may know other flags.`;
  // A script may do with words what only a shell could tell.
  const isCertain = (index: number): boolean => withStray && line.words[index]?.path !== line.script;
  const faults = flagFaults(textsOf(line), line.program).filter(({ index, isStray }) => !isStray || isCertain(index));
  return faults.map(({ index, message }) => ({
    severity: known ? 'error' : 'warning',
    rule: 'VLLMFlag',
    path: line.words[index]?.path ?? path,
    message: message + caution,
  }));
}

/** Flags that divide the model otherwise than `spec.parallelism` does, from which everything else follows. */
export function parallelFlags(pod: Pod): readonly Advice[] {
  const line = lineOf(pod)?.line;
  if (!line || !pod.server) return [];
  const { workload, at, role } = pod.server;
  const { tensor = 1, pipeline = 1, data = 1, dataLocal = 1 } = workload.parallelism ?? {};
  // One pod alone holds the data-local ranks; a group of pods holds all.
  const grouped = role === 'worker' || workload.worker !== undefined;
  const rows = [
    ['--tensor-parallel-size', 'tensor', tensor],
    ['--pipeline-parallel-size', 'pipeline', pipeline],
    ['--data-parallel-size', grouped ? 'data' : 'dataLocal', grouped ? data : dataLocal],
  ] as const;
  return rows.flatMap(([flag, field, said]): readonly Advice[] => {
    const last = lastOf(textsOf(line), flag);
    if (!last || !/^\d+$/.test(last.value) || Number(last.value) === said) return [];
    const { path = '' } = line.words[last.index] ?? {};
    const name = `${at}.parallelism.${field}`;
    const message = `${flag} is ${last.value}, but the devices of a pod follow from ${at}.parallelism, where ${field} is ${said}. Remove the flag and set ${name}.`;
    return [{ severity: 'warning', rule: 'ParallelismFlag', path, absent: [`${at}.parallelism`], message }];
  });
}

/** Flags for what the operator decides. */
function fixedFlags(pod: Pod, line: CommandLine): readonly Advice[] {
  const texts = textsOf(line);
  const advice = (index: number, message: string): Advice => ({
    severity: 'warning',
    rule: 'ServerFlag',
    path: line.words[index]?.path ?? pod.path,
    message,
  });
  // Behind the sidecar vLLM has another port, and a worker listens nowhere.
  const answers =
    pod.server?.role === 'template' && !pod.template.initContainers?.some(({ name }) => name === ROUTING_SIDECAR);
  const port = answers ? lastOf(texts, '--port') : undefined;
  const model = line.program === 'serve' ? lastOf(texts, '--model') : undefined;
  return [
    ...(port && /^\d+$/.test(port.value) && Number(port.value) !== WORKLOAD_PORT
      ? [
          advice(
            port.index,
            `--port is ${port.value}, but the Service, the route and the probes of the preset go to port ${WORKLOAD_PORT}. Remove the flag.`,
          ),
        ]
      : []),
    ...(model
      ? [
          advice(
            model.index,
            `--model is ${model.value}, but the model that is served is that of spec.model. Remove the flag.`,
          ),
        ]
      : []),
  ];
}

/** Conditions of templates are taken for true, and what they print for a variable. */
function withoutTemplates(container: Container): Container {
  const written = JSON.stringify(container);
  if (!written.includes('{{')) return container;
  const text = (item: string): string =>
    item.replaceAll(/\{\{-?\s*(if|else|end|with|range|\/\*)[^]*?\}\}/g, ' ').replaceAll(/\{\{[^]*?\}\}/g, '$TEMPLATE');
  return JSON.parse(written, (_key, item: unknown) => (typeof item === 'string' ? text(item) : item)) as Container;
}
