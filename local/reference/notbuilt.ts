import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';

const FIELD = /Field (\S+)(?: of \w+ \S+)? (?:is set, but|asks for)/g;
/** The schemes that KServe knows beside those that are built; others it refuses as well. */
const SCHEME = /Field spec\.model\.uri (?:of \w+ \S+ )?is "((?:s3|oci|oci\+native):\/\/)/;

/**
 * What services ask for that the operator does not act on yet, as its conditions say: the fields that it refuses with the
 * reason `UnsupportedField`, and the schemes of model URIs that it refuses. Empty for services that it acts on.
 */
export function notBuilt(objects: readonly KubeObject[]): readonly string[] {
  const features = objects.flatMap((object) => {
    const conditions = (object as LLMInferenceService).status?.conditions ?? [];
    return conditions.flatMap(({ type, reason, message = '' }) => {
      const [, scheme] = SCHEME.exec(message) ?? [];
      if (scheme) return [`spec.model.uri ${scheme}`];
      if (reason !== 'UnsupportedField') return [];
      const fields = [...message.matchAll(FIELD)].map(([, path = '']) => path);
      return fields.length > 0 ? fields : [type];
    });
  });
  return [...new Set(features)].sort();
}
