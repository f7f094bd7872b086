import { llmisvc, SERVICE } from './cliprocess.ts';

export interface Finding {
  readonly severity: string;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** Lints objects together, as one text from standard input. */
export async function lint(objects: readonly string[], ...options: readonly string[]): Promise<readonly Finding[]> {
  const input = objects.join('---\n');
  const { stdout } = await llmisvc(['lint', '-f', '-', '-o', 'json', ...options], { input });
  return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
}

/** Rule and path of each finding. */
export const briefly = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ rule, path }) => `${rule} ${path}`).toSorted();

/** A config. `spec` is YAML in one line. */
export const config = (name: string, spec: string): string =>
  `apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

/** A service of its own name with more fields. `fields` are YAML in one line each. */
export const service = (name: string, ...fields: readonly string[]): string =>
  SERVICE.replace('name: qwen', `name: ${name}`) + fields.map((field) => `  ${field}\n`).join('');
