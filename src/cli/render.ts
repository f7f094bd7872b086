import { LLMISVC } from '../api/llmisvc.ts';
import type { KubeObject } from '../api/object.ts';
import { type Evaluated, evaluate } from './world/evaluate.ts';
import type { Io } from './io.ts';
import { chosenServices, complaintsAbout, openSession, report, type SessionOptions } from './session.ts';
import { writeYaml } from './input/yaml.ts';

export interface RenderOptions extends SessionOptions {
  readonly output: 'yaml' | 'json';
  /** Whether the services are printed after their children, with the status that they would get. */
  readonly status: boolean;
  /** Whether the effective specs are printed instead: what the children are made from. */
  readonly effective: boolean;
}

/**
 * `llmisvc render`: prints the children of services in the order in which the operator applies them, then the services with
 * their status; or their effective specs.
 *
 * @returns the exit code: 0, or 1 when a problem keeps the operator from acting on all of it
 */
export async function renderCommand(names: readonly string[], options: RenderOptions, io: Io): Promise<number> {
  const session = await openSession(options, io);
  try {
    const services = await chosenServices(session, names, options, io);
    const evaluated: Evaluated[] = [];
    for (const service of services) evaluated.push(await evaluate(service, session.world));
    const objects = options.effective
      ? evaluated.flatMap(effectiveSpecs)
      : [
          ...evaluated.flatMap(({ plan }) => plan.children.map(({ object }) => applicable(object))),
          ...(options.status ? evaluated.map(withStatus) : []),
        ];
    io.out(textOf(objects, options.output));
    const problems = evaluated.flatMap((one) =>
      complaintsAbout({ ...one, problems: [...one.problems, ...one.missing] }, session),
    );
    return report([...session.complaints, ...problems], session.world.notes(), io) ? 1 : 0;
  } finally {
    await session.close();
  }
}

/** The object as `kubectl apply` takes it: an owner that does not exist yet is left out. */
export function applicable(object: KubeObject): KubeObject {
  const { ownerReferences, ...metadata } = object.metadata;
  const owners = (ownerReferences ?? []).filter(({ uid }) => uid !== '');
  return { ...object, metadata: { ...metadata, ...(owners.length > 0 ? { ownerReferences: owners } : {}) } };
}

/** The service with what it means instead of what was written; nothing where that is not certain. */
function effectiveSpecs({ service, effective }: Evaluated): readonly KubeObject[] {
  if (!effective.combined) return [];
  const { name, namespace } = service.metadata;
  return [{ ...LLMISVC, metadata: { name, ...(namespace ? { namespace } : {}) }, spec: effective.spec } as KubeObject];
}

/** The service as it was written, with its status, so that applying the text changes nothing of its spec. */
function withStatus({ service, status }: Evaluated): KubeObject {
  const { generation: _generation, managedFields: _fields, resourceVersion: _version, ...metadata } = service.metadata;
  return { ...service, ...LLMISVC, metadata, status } as KubeObject;
}

function textOf(objects: readonly KubeObject[], output: RenderOptions['output']): string {
  if (output === 'yaml') return objects.length > 0 ? writeYaml(objects) : '';
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2)}\n`;
}
