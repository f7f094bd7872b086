import { z } from 'zod';
import { CONFIG_MAP } from './children.ts';
import { compact, DEEPEST, isPlainObject, type KubeObject, tooDeep } from './object.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

export const SETTINGS_CONFIG_MAP = { ...CONFIG_MAP, name: 'inferenceservice-config' } as const;

/** What the ConfigMap came to. */
export interface SettingsReading {
  readonly settings: Settings;
  /** What cannot be used, one sentence each; empty when everything can. */
  readonly complaints: readonly string[];
  /** What is used, but hardly as it was meant, one sentence each. */
  readonly remarks: readonly string[];
  /** False where `base` stands in for what the cluster has not said: nothing may be changed by it. */
  readonly usable: boolean;
}

/**
 * Reads the ConfigMap `inferenceservice-config`: the keys `ingress` and `storageInitializer`, JSON each (of a duplicated
 * key the last one counts); everything else in it belongs to others.
 *
 * @param base what holds where the ConfigMap says nothing
 * @param last the last good settings, kept for a key that cannot be used and without a ConfigMap
 */
export function readSettings(configMap: KubeObject | undefined, base: Settings, last?: Settings): SettingsReading {
  const usable = last !== undefined;
  if (!configMap) {
    const found = `does not exist${usable ? '; the last settings stay in force' : ''}`;
    return { settings: last ?? base, complaints: [`It ${found}. Create it.`], remarks: [], usable };
  }
  const data = (configMap as KubeObject & { readonly data?: unknown }).data;
  const values = isPlainObject(data) ? data : {};
  const complaints: string[] = [];
  const kept = usable ? '; the last good value is kept' : '';
  const ingress = section('ingress', INGRESS, values['ingress'], kept, complaints);
  const storage = section('storageInitializer', STORAGE_INITIALIZER, values['storageInitializer'], kept, complaints);
  const before = last ?? base;
  return {
    settings: {
      ...base,
      ...(ingress === 'bad' ? ingressOf(before) : ingress === undefined ? {} : ingressSettings(ingress, base)),
      storageInitializer:
        storage === 'bad' ? before.storageInitializer : { ...base.storageInitializer, ...compact(storage ?? {}) },
    },
    complaints,
    remarks: typeof ingress === 'object' ? remarksOnMode(ingress.modelBasedRoutingMode) : [],
    usable: usable || (ingress !== 'bad' && storage !== 'bad'),
  };
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME_PARTS = 2;
const MODES = ['enabled', 'forced', 'disabled'];

/** A field of text; empty text says nothing, as in KServe. */
const said = <T>(schema: z.ZodType<T>): z.ZodType<T | undefined> =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const INGRESS = z.object({
  enableGatewayApi: z.boolean().optional(),
  kserveIngressGateway: said(z.string().refine(isGateway, 'must be <namespace>/<name> in lower case')),
  urlScheme: said(
    z
      .string()
      .toLowerCase()
      .pipe(z.enum(['http', 'https'])),
  ),
  enableLLMInferenceServiceTLS: z.boolean().optional(),
  modelBasedRoutingHeaderName: said(
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of an HTTP header'),
  ),
  modelBasedRoutingMode: z.string().optional(),
});

const quantity = z
  .string()
  .regex(/^[+]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/, 'must be a quantity such as 100m, 1 or 1Gi');

const STORAGE_INITIALIZER = z.object({
  image: said(z.string()),
  cpuRequest: said(quantity),
  cpuLimit: said(quantity),
  memoryRequest: said(quantity),
  memoryLimit: said(quantity),
});

/** The parsed section, undefined when the key is absent, `bad` when it cannot be used. */
function section<T extends object>(
  key: string,
  schema: z.ZodType<T>,
  text: unknown,
  kept: string,
  complaints: string[],
): T | undefined | 'bad' {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch (error) {
    complaints.push(`Key ${key} is not JSON (${(error as Error).message})${kept}.`);
    return 'bad';
  }
  if (tooDeep(value)) {
    complaints.push(`Key ${key} is nested deeper than ${DEEPEST} levels${kept}.`);
    return 'bad';
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [key, ...issue.path].join('.');
    const found = JSON.stringify(
      issue.path.reduce<unknown>((at, part) => (isPlainObject(at) ? at[String(part)] : undefined), value),
    );
    complaints.push(`Key ${path} is ${found ?? 'absent'}: ${issue.message}${kept}.`);
  }
  return 'bad';
}

function ingressSettings(ingress: z.infer<typeof INGRESS>, base: Settings): Partial<Settings> {
  return {
    ...(ingress.kserveIngressGateway ? { ingressGateway: gatewayOf(ingress.kserveIngressGateway, base) } : {}),
    urlScheme: ingress.urlScheme ?? base.urlScheme,
    enableTLS: ingress.enableLLMInferenceServiceTLS ?? base.enableTLS,
    modelBasedRoutingHeaderName: ingress.modelBasedRoutingHeaderName ?? base.modelBasedRoutingHeaderName,
    modelBasedRoutingMode: modeOf(ingress.modelBasedRoutingMode),
  };
}

function isGateway(text: string): boolean {
  const parts = text.split('/');
  return parts.length <= NAME_PARTS && parts.every((part) => label.test(part));
}

/** `<namespace>/<name>`; any other shape is a name in the system namespace, as KServe reads it. */
function gatewayOf(text: string, { systemNamespace }: Settings): Settings['ingressGateway'] {
  const parts = text.split('/');
  const [namespace, name] = parts;
  if (parts.length === NAME_PARTS && namespace && name) return { namespace, name };
  return { namespace: systemNamespace, name: text };
}

/** KServe takes any other word for `enabled`. */
function remarksOnMode(mode: string | undefined): readonly string[] {
  if (!mode || MODES.includes(mode.toLowerCase())) return [];
  return [
    `Key ingress.modelBasedRoutingMode is ${JSON.stringify(mode)}: must be one of ${MODES.join(', ')}; it counts as enabled.`,
  ];
}

function modeOf(text: string | undefined): Settings['modelBasedRoutingMode'] {
  const mode = text?.toLowerCase();
  return mode === 'forced' || mode === 'disabled' ? mode : DEFAULT_SETTINGS.modelBasedRoutingMode;
}

function ingressOf(settings: Settings): Partial<Settings> {
  const { ingressGateway, urlScheme, enableTLS, modelBasedRoutingHeaderName, modelBasedRoutingMode } = settings;
  return { ingressGateway, urlScheme, enableTLS, modelBasedRoutingHeaderName, modelBasedRoutingMode };
}
