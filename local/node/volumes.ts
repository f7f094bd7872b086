import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src/kube/types.ts';
import { fieldValue, MissingError, readData, resourceValue } from './lookup.ts';
import { type PayloadFile, writePayload } from './payload.ts';
import { requestToken, type Token } from './token.ts';
import type { Container, DownwardItem, ObjectSource, Pod, ProjectedSource, Volume } from './types.ts';

export interface VolumesInput {
  readonly client: Client;
  readonly pod: Pod;
  readonly address: string;
  /** The pod's folder. */
  readonly dir: string;
  /** Folder of all persistent volume claims: one folder for each, which outlives the pod. */
  readonly claimsDir: string;
  /** A model that a new claim holds from the start. */
  readonly modelDir?: string | undefined;
  readonly signal: AbortSignal;
}

/** The folders of a pod's volumes by volume name. */
export interface Volumes {
  readonly folders: ReadonlyMap<string, string>;
  /** Writes changed content and tokens that are due, until the signal is aborted. */
  keepFresh(say: (line: string) => void): Promise<void>;
}

const refreshMs = 20_000;

/** Makes a folder with the content of each volume. Throws `MissingError` for what is not there or not possible here. */
export async function makeVolumes(input: VolumesInput): Promise<Volumes> {
  const folders = new Map<string, string>();
  const tokens = new Map<string, Token>();
  for (const volume of input.pod.spec.volumes ?? []) {
    const folder = volume.persistentVolumeClaim
      ? await claimFolder(input, volume.persistentVolumeClaim.claimName)
      : join(input.dir, 'volumes', volume.name);
    await mkdir(folder, { recursive: true });
    folders.set(volume.name, folder);
    await fill(input, volume, folder, tokens);
  }
  return {
    folders,
    async keepFresh(say) {
      while (!input.signal.aborted) {
        await delay(refreshMs, undefined, { signal: input.signal }).catch(() => undefined);
        for (const volume of input.pod.spec.volumes ?? []) {
          if (input.signal.aborted) return;
          try {
            await fill(input, volume, folders.get(volume.name) ?? '', tokens);
          } catch (error) {
            if (!input.signal.aborted) say(`volume ${volume.name} of pod ${input.pod.metadata.name}: ${String(error)}`);
          }
        }
      }
    },
  };
}

async function fill(input: VolumesInput, volume: Volume, folder: string, tokens: Map<string, Token>): Promise<void> {
  if (volume.emptyDir || volume.persistentVolumeClaim) return;
  const files = new Map<string, PayloadFile>();
  const { configMap, secret, projected, downwardAPI } = volume;
  const mode = (configMap ?? secret ?? projected ?? downwardAPI)?.defaultMode ?? 0o644;
  if (configMap) await addObject(input, 'ConfigMap', configMap, mode, files);
  else if (secret) await addObject(input, 'Secret', { ...secret, name: secret.secretName ?? '' }, mode, files);
  else if (downwardAPI) addDownward(input, downwardAPI.items, mode, files);
  else if (projected) {
    for (const [index, source] of (projected.sources ?? []).entries()) {
      await addProjected(input, source, mode, files, tokens, `${volume.name}/${index}`);
    }
  } else if (Object.keys(volume).length > 1) {
    const kind = Object.keys(volume).find((key) => key !== 'name');
    throw new MissingError(`volume "${volume.name}" is of kind ${kind}, which this node does not have`);
  }
  await writePayload(folder, files);
}

async function addProjected(
  input: VolumesInput,
  source: ProjectedSource,
  mode: number,
  files: Map<string, PayloadFile>,
  tokens: Map<string, Token>,
  key: string,
): Promise<void> {
  if (source.configMap) await addObject(input, 'ConfigMap', source.configMap, mode, files);
  if (source.secret) await addObject(input, 'Secret', source.secret, mode, files);
  if (source.downwardAPI) addDownward(input, source.downwardAPI.items, mode, files);
  const wanted = source.serviceAccountToken;
  if (!wanted) return;
  const known = tokens.get(key);
  const token =
    known && Date.now() < known.renewAt ? known : await requestToken(input.client, input.pod, wanted, input.signal);
  tokens.set(key, token);
  files.set(wanted.path, { content: Buffer.from(token.token), mode });
}

async function addObject(
  { client, pod, signal }: VolumesInput,
  kind: 'ConfigMap' | 'Secret',
  { name = '', items, optional }: ObjectSource,
  mode: number,
  files: Map<string, PayloadFile>,
): Promise<void> {
  const found = await readData(client, kind, pod.metadata.namespace ?? 'default', name, optional, signal);
  if (!found) return;
  if (!items) {
    for (const [key, content] of found.entries) files.set(key, { content, mode });
    return;
  }
  for (const { key, path, mode: own } of items) {
    const content = found.entries.get(key);
    if (content) files.set(path, { content, mode: own ?? mode });
    else if (!optional) throw new MissingError(`references non-existent ${kind.toLowerCase()} key: ${key}`);
  }
}

function addDownward(
  { pod, address }: VolumesInput,
  items: readonly DownwardItem[] | undefined,
  mode: number,
  files: Map<string, PayloadFile>,
): void {
  for (const { path, fieldRef, resourceFieldRef } of items ?? []) {
    const container = pod.spec.containers[0] as Container;
    const value = resourceFieldRef
      ? resourceValue(pod, container, resourceFieldRef)
      : fieldValue(pod, address, fieldRef?.fieldPath ?? '');
    files.set(path, { content: Buffer.from(value), mode });
  }
}

async function claimFolder({ claimsDir, modelDir, pod, client, signal }: VolumesInput, claim: string): Promise<string> {
  const namespace = pod.metadata.namespace ?? 'default';
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim };
  const found = await client.read(ref, signal);
  if (!found) throw new MissingError(`persistentvolumeclaim "${claim}" not found`);
  const folder = join(claimsDir, namespace, `${claim}-${found.metadata.uid}`);
  if (await mkdir(folder, { recursive: true })) {
    if (modelDir) await cp(modelDir, folder, { recursive: true });
  }
  return folder;
}
