import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runOrThrow } from '../../local/run.ts';
import { importBaseImage, importBuildImage } from './rootfs.ts';

/** The image that the Dockerfile makes, and what a test asks about it. */
export interface Image {
  readonly tag: string;
  readonly config: ImageConfig;
  /** Bytes that our layers add to the base image. */
  readonly bytes: number;
  /** Paths of the files and links in our layers, sorted. */
  readonly files: readonly string[];
}

export interface ImageConfig {
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Entrypoint: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, object>>;
}

interface Inspected {
  readonly Config: ImageConfig;
  readonly Size: number;
  readonly RootFS: { readonly Layers: readonly string[] };
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD_MS = 10 * 60_000;
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/**
 * Builds the image from the Dockerfile before the tests of a file, on images made of this machine's files, and removes all
 * of them after the tests. Needs a Docker daemon on this machine that builds and runs on the host's network. Returns a
 * function that gives the image; calling that outside of a test throws.
 */
export function useImage(): () => Image {
  const name = `llmisvc-test-${randomUUID().slice(0, 8)}`;
  const tags = { base: `${name}:base`, npm: `${name}:npm`, build: `${name}:build`, image: `${name}:image` };
  let image: Image | undefined;

  beforeAll(async () => {
    await importBaseImage(tags.base);
    await importBuildImage(tags.npm);
    // The first stage gets a tag of its own, so that it can be removed afterwards.
    await build(tags, ['--target=build', `--tag=${tags.build}`]);
    await build(tags, [`--tag=${tags.image}`]);
    image = await look(tags.image, tags.base);
  }, BUILD_MS);

  afterAll(async () => {
    // A tag that a failed build did not make is no second error.
    for (const tag of Object.values(tags).reverse()) await run('docker', ['image', 'rm', '--force', tag]);
  }, 60_000);

  return () => {
    if (image === undefined) throw new Error('the image exists during tests only: call this inside of it(…)');
    return image;
  };
}

async function build(tags: { readonly base: string; readonly npm: string }, args: readonly string[]): Promise<void> {
  const proxies = PROXIES.filter((name) => process.env[name] !== undefined).map((name) => `--build-arg=${name}`);
  const images = [`--build-arg=BUILD_IMAGE=${tags.npm}`, `--build-arg=BASE_IMAGE=${tags.base}`];
  // BuildKit would ask a registry for the base images; the classic builder takes those that the daemon has.
  const env = { ...process.env, DOCKER_BUILDKIT: '0' };
  const built = await run('docker', ['build', '--network=host', '--force-rm', ...images, ...proxies, ...args, ROOT], {
    env,
  });
  if (built.code !== 0) throw new Error(`docker build ${args.join(' ')}: ${lastLines(built.stdout + built.stderr)}`);
}

async function look(tag: string, base: string): Promise<Image> {
  const [ours, below] = await Promise.all([inspect(tag), inspect(base)]);
  return {
    tag,
    config: ours.Config,
    bytes: ours.Size - below.Size,
    files: await filesAbove(tag, below.RootFS.Layers.length),
  };
}

async function inspect(tag: string): Promise<Inspected> {
  return (JSON.parse(await runOrThrow('docker', ['image', 'inspect', tag])) as [Inspected])[0];
}

/** Files in the layers from this number on. */
async function filesAbove(tag: string, layers: number): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'llmisvc-image-'));
  try {
    const archive = join(folder, 'image.tar');
    await runOrThrow('docker', ['image', 'save', '--output', archive, tag]);
    await runOrThrow('tar', ['-xf', archive, '-C', folder]);
    const [manifest] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as [{ Layers: string[] }];
    const lists = manifest.Layers.slice(layers).map((layer) => runOrThrow('tar', ['-tf', join(folder, layer)]));
    const paths = (await Promise.all(lists)).flatMap((list) => list.split('\n'));
    return paths.filter((path) => path !== '' && !path.endsWith('/')).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-100).join('\n');
}
