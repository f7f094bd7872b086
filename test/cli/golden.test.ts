import { readFileSync } from 'node:fs';
import type { KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { type GoldenCase, goldenCases } from '../support/golden.ts';
import { type GoldenInput, readInput } from '../support/goldeninput.ts';
import { settingsConfigMap } from '../support/settingsmap.ts';
import { readDocuments, writeDocuments } from '../support/yaml.ts';
import { llmisvc, useFolder } from './cliprocess.ts';

const folder = useFolder();

/** What files cannot say: answers of an API server, pins that are switched off, and settings that are missing there. */
function inexpressible({ case: options, services }: GoldenInput): boolean {
  const { dryRun, unserved, forbidden, unknown, settings } = options;
  const pinned = services.some(({ status }) => status?.annotations !== undefined);
  if (settings.unusable !== undefined) return true;
  if (settings.versionedConfigs === false && pinned) return true;
  if (dryRun !== undefined && dryRun !== 'accepted') return true;
  return unserved.length + forbidden.length + unknown.length > 0;
}

const cases = goldenCases().filter((golden) => !inexpressible(readInput(golden.inputFile)));

it('leaves few golden cases out', () => {
  expect(cases.length / goldenCases().length).toBeGreaterThan(0.85);
});

it.each(cases.map((golden) => [golden.name, golden] as const))('renders the children of %s', async (_name, golden) => {
  const { case: options, objects } = readInput(golden.inputFile);
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const file = folder.write('in.yaml', writeDocuments([...objects, settingsConfigMap(settings)]));
  const prefix = ['--config-prefix', settings.configPrefix];
  const { stdout } = await llmisvc(['render', '-f', file, '--closed', '--no-status', ...prefix]);
  expect(stdout).toBe(writeDocuments(expectedChildren(golden)));
});

function expectedChildren(golden: GoldenCase): readonly KubeObject[] {
  const documents = readDocuments(readFileSync(golden.outputFile, 'utf8'), golden.outputFile) as readonly KubeObject[];
  return documents.filter(({ kind }) => kind !== 'LLMInferenceService' && kind !== 'Result');
}
