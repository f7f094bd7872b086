import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expand as expandVariables } from '../../local/node/environment.ts';
import type { Container, PartialPodSpec } from '../../src/api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceConfig, LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/api/settings.ts';
import type { Effective } from '../../src/config/effective.ts';
import { merge } from '../../src/config/merge.ts';
import { resolve } from '../../src/config/resolve.ts';
import { expand } from '../../src/template/expand.ts';
import { templateData } from '../../src/template/goview.ts';
import { installedPresets } from '../support/presets.ts';
import { service, snapshotOf } from './configinput.ts';

const PREFIX = 'llmisvc-config-llm-';
const INSTALLED = installedPresets();

/** The installed preset of a name without its prefix. */
export function preset(name: string): LLMInferenceServiceSpec {
  const found = INSTALLED.find(({ metadata }) => metadata.name === PREFIX + name);
  if (!found?.spec) throw new Error(`there is no preset ${PREFIX}${name}`);
  return found.spec;
}

/** What a service means beside the installed presets and the given configs. */
export function resolvedWithPresets(
  own: LLMInferenceService,
  configs: readonly LLMInferenceServiceConfig[] = [],
  settings: Partial<Settings> = {},
): Effective {
  return resolve(own, snapshotOf([...INSTALLED, ...configs]), { ...DEFAULT_SETTINGS, ...settings });
}

/** The presets with a service's own spec on top, its templates evaluated. */
export function specWith(
  names: readonly string[],
  own: object = {},
  settings: Partial<Settings> = {},
): LLMInferenceServiceSpec {
  const named = service({ model: { uri: 'hf://org/m', name: 'm' }, ...own }, { name: 'svc', namespace: 'ns' });
  const merged = [...names.map(preset), named.spec ?? {}].reduce(merge);
  const result = expand(merged, templateData(named, merged, { ...DEFAULT_SETTINGS, ...settings }));
  if ('error' in result) throw new Error(result.error.message);
  return result.value as LLMInferenceServiceSpec;
}

/** Container `main` of a pod template. */
export function mainOf(template: PartialPodSpec | undefined): Container {
  const main = template?.containers?.find(({ name }) => name === 'main');
  if (!main) throw new Error('there is no container main');
  return main;
}

/** What a container did that was started as a kubelet starts it. */
export interface Launch {
  readonly code: number | null;
  readonly stderr: string;
  /** The words that `vllm` was given; absent when it was not started. */
  readonly argv?: readonly string[];
  readonly folder: string;
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** How often the leader's name does not resolve before it does. */
  readonly unresolved?: number;
}

const STAND_INS = {
  // Words may hold any character but NUL.
  vllm: `#!/bin/sh\nprintf '%s\\0' "$@" > "$TRIED/argv"\n`,
  getent: `#!/bin/sh
echo "$*" >> "$TRIED/lookups"
[ "$(wc -l < "$TRIED/lookups")" -gt "$UNRESOLVED" ] || exit 2
echo "10.0.0.7        $2"
`,
  sleep: `#!/bin/sh\nexit 0\n`,
};

/**
 * Runs the command and the arguments of a container, with a `vllm` that notes its arguments, a `getent` that knows
 * 10.0.0.7 and a `sleep` that does not. The folder in which it ran is gone at the end of `use`.
 */
export function launched<T>(container: Container, { env, unresolved = 0 }: LaunchOptions, use: (run: Launch) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'preset-'));
  try {
    for (const [name, text] of Object.entries(STAND_INS)) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
    const own = Object.fromEntries((container.env ?? []).map(({ name, value = '' }) => [name, value]));
    const all = { ...own, ...env };
    const [program = '', ...words] = [...(container.command ?? []), ...(container.args ?? [])].map((word) =>
      expandVariables(word, all),
    );
    const { status, stderr } = spawnSync(program, words, {
      cwd: folder,
      env: { PATH: `${folder}:${process.env['PATH']}`, TRIED: folder, UNRESOLVED: String(unresolved), ...all },
      encoding: 'utf8',
      timeout: 20_000,
    });
    const noted = join(folder, 'argv');
    const argv = existsSync(noted) ? readFileSync(noted, 'utf8').split('\0').slice(0, -1) : undefined;
    return use({ code: status, stderr, folder, ...(argv && { argv }) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
