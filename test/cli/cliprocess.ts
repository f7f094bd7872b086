import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';
import { readDocuments } from '../support/yaml.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line within this process; what it prints is returned. */
export async function llmisvc(
  args: readonly string[],
  io: Partial<Io> & { readonly input?: string } = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const code = await run(args, 'llmisvc', '0.0.0', {
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
    stdin: async () => io.input ?? '',
    terminal: false,
    colours: false,
    columns: 100,
    signal: new AbortController().signal,
    ...io,
  });
  return { code, stdout, stderr };
}

/** The objects of a YAML text that a command printed. */
export function objectsOf<T = { kind: string; metadata: { name: string }; status?: unknown }>(text: string): T[] {
  return readDocuments(text, 'output') as T[];
}

/** A folder for the tests of a file, removed after them. Returns functions that give its path and write a file in it. */
export function useFolder(): {
  readonly path: (name?: string) => string;
  readonly write: (name: string, text: string) => string;
} {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'llmisvc-cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name = ''): string => join(folder, name);
  return {
    path,
    write(name, text) {
      writeFileSync(path(name), text);
      return path(name);
    },
  };
}

export const SERVICE = `apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata:
  name: qwen
spec:
  model:
    uri: hf://org/model
    name: org/model
  router:
    route: {}
    gateway: {}
`;
