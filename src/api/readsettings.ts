import { z } from 'zod';
import { CONFIG_MAP } from './children.ts';
import { compact, DEEPEST, isPlainObject, type KubeObject, tooDeep } from './object.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';

export const SETTINGS_CONFIG_MAP = { ...CONFIG_MAP, name: 'inferenceservice-config' } as const;

/** What the ConfigMap came to. */
export interface SettingsReading {
  readonly settings: Settings;
  /** What is wrong, one sentence each; empty when everything was understood. */
  readonly complaints: readonly string[];
}

/**
 * Reads the ConfigMap `inferenceservice-config`: the keys `ingress` and `storageInitializer`, JSON each (of a duplicated
 * key the last one counts); everything else in it belongs to others.
 *
 * @param base what holds where the ConfigMap says nothing
 * @param last the last good settings, kept for a key that cannot be used
 */
export function readSettings(
  configMap: KubeObject | undefined,
  base: Settings,
  last: Settings = base,
): SettingsReading {
  if (!configMap) {
    const where = `${base.systemNamespace}/${SETTINGS_CONFIG_MAP.name}`;
    return {
      settings: base,
      complaints: [`ConfigMap ${where} does not exist; built-in settings are used. Create it.`],
    };
  }
  const data = (configMap as KubeObject & { readonly data?: unknown }).data;
  const values = isPlainObject(data) ? data : {};
  const complaints: string[] = [];
  const ingress = section('ingress', INGRESS, values['ingress'], complaints);
  const storage = section('storageInitializer', STORAGE_INITIALIZER, values['storageInitializer'], complaints);
  return {
    settings: {
      ...base,
      ...(ingress === 'bad' ? ingressOf(last) : ingress === undefined ? {} : ingressSettings(ingress, base)),
      storageInitializer:
        storage === 'bad' ? last.storageInitializer : { ...base.storageInitializer, ...compact(storage ?? {}) },
    },
    complaints,
  };
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NAME_PARTS = 2;

const INGRESS = z.object({
  enableGatewayApi: z.boolean().optional(),
  kserveIngressGateway: z
    .string()
    .refine((text) => text.split('/').every((part) => label.test(part)), 'must be <namespace>/<name> in lower case')
    .optional(),
  urlScheme: z.enum(['http', 'https']).optional(),
  enableLLMInferenceServiceTLS: z.boolean().optional(),
  modelBasedRoutingHeaderName: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of an HTTP header')
    .optional(),
  modelBasedRoutingMode: z.string().optional(),
});

const quantity = z
  .string()
  .regex(/^[+]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/, 'must be a quantity such as 100m, 1 or 1Gi');

const STORAGE_INITIALIZER = z.object({
  image: z.string().min(1).optional(),
  cpuRequest: quantity.optional(),
  cpuLimit: quantity.optional(),
  memoryRequest: quantity.optional(),
  memoryLimit: quantity.optional(),
});

/** The parsed section, undefined when the key is absent, `bad` when it cannot be used. */
function section<T extends object>(
  key: string,
  schema: z.ZodType<T>,
  text: unknown,
  complaints: string[],
): T | undefined | 'bad' {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch (error) {
    complaints.push(`Key ${key} is not JSON (${(error as Error).message}); the last good value is kept.`);
    return 'bad';
  }
  if (tooDeep(value)) {
    complaints.push(`Key ${key} is nested deeper than ${DEEPEST} levels; the last good value is kept.`);
    return 'bad';
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [key, ...issue.path].join('.');
    const found = JSON.stringify(
      issue.path.reduce<unknown>((at, part) => (isPlainObject(at) ? at[String(part)] : undefined), value),
    );
    complaints.push(`Key ${path} is ${found ?? 'absent'}: ${issue.message}; the last good value is kept.`);
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

/** `<namespace>/<name>`; any other shape is a name in the system namespace, as KServe reads it. */
function gatewayOf(text: string, { systemNamespace }: Settings): Settings['ingressGateway'] {
  const parts = text.split('/');
  const [namespace, name] = parts;
  if (parts.length === NAME_PARTS && namespace && name) return { namespace, name };
  return { namespace: systemNamespace, name: text };
}

function modeOf(text: string | undefined): Settings['modelBasedRoutingMode'] {
  const mode = text?.toLowerCase();
  return mode === 'forced' || mode === 'disabled' ? mode : DEFAULT_SETTINGS.modelBasedRoutingMode;
}

function ingressOf(settings: Settings): Partial<Settings> {
  const { ingressGateway, urlScheme, enableTLS, modelBasedRoutingHeaderName, modelBasedRoutingMode } = settings;
  return { ingressGateway, urlScheme, enableTLS, modelBasedRoutingHeaderName, modelBasedRoutingMode };
}
