import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Refused } from './folder.ts';

/** What became here of an object that KServe's admission refused. */
export interface RefusedHere {
  readonly kind: string;
  readonly name: string;
  /** The sentence with which it is refused here; undefined when it is not. */
  readonly here?: string;
}

/**
 * How the objects that KServe's admission refused are refused here: at admission too, or by a condition of the service,
 * of a config by one that names the config, and then without children.
 *
 * @param admission what our admission refused
 */
export function refusedHere(
  theirs: readonly Refused[],
  admission: readonly Refused[],
  status: readonly KubeObject[],
  children: readonly KubeObject[],
): readonly RefusedHere[] {
  return theirs.map(({ kind, name }) => {
    const atAdmission = admission.find((refused) => refused.kind === kind && refused.name === name);
    const here = atAdmission
      ? `admission: ${atAdmission.message}`
      : children.length === 0
        ? conditionAbout(kind, name, status)
        : undefined;
    return { kind, name, ...(here === undefined ? {} : { here }) };
  });
}

function conditionAbout(kind: string, name: string, status: readonly KubeObject[]): string | undefined {
  for (const object of status) {
    const conditions = (object as LLMInferenceService).status?.conditions ?? [];
    const ready = conditions.find(({ type, status: value }) => type === 'Ready' && value === 'False');
    const concerned = object.kind === kind ? object.metadata.name === name : ready?.message?.includes(`/${name} `);
    const refusing = conditions.find((one) => one.status === 'False' && one.type !== 'Ready') ?? ready;
    if (ready && concerned) return `condition ${refusing?.type} ${refusing?.reason}: ${ready.message}`;
  }
  return undefined;
}
