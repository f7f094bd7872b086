import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../run.ts';
import { partialPath } from './cache.ts';
import { type GoProgram, goProgramVersion } from './catalog.ts';

export interface ReleaseOptions {
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Hosts that did not answer; they are not asked again. */
  readonly unreachable: Set<string>;
}

interface Release {
  readonly url: string;
  readonly checksums: string;
  /** The member of the archive, when the file at `url` is one. */
  readonly member?: string;
}

/**
 * Downloads the official binary of the pinned version, checks it against the published SHA-256 and puts it at `target`.
 * False when there is none for this machine, the network does not allow it (known after three seconds), or the
 * checksum differs.
 */
export async function downloadRelease(program: GoProgram, target: string, options: ReleaseOptions): Promise<boolean> {
  const release = releaseOf(program);
  if (release === undefined) return false;
  const { host } = new URL(release.url);
  if (options.unreachable.has(host)) return false;
  const sums = await curl(['--max-time', '6', release.checksums], options.signal);
  if (sums === undefined) {
    options.unreachable.add(host);
    return false;
  }
  const expected = checksumOf(sums, release.url);
  if (expected === undefined) return false;
  options.say(`${program.name} ${goProgramVersion(program)}: downloading ${release.url}`);
  mkdirSync(dirname(target), { recursive: true });
  const partial = partialPath(target);
  try {
    // Given up when it would be slower than building: less than 100 kB a second for ten seconds.
    const limits = ['--speed-limit', '100000', '--speed-time', '10', '-o', partial];
    if ((await curl([...limits, release.url], options.signal)) === undefined) return false;
    if ((await sha256(partial)) !== expected) {
      options.say(`${program.name}: the checksum of the download is wrong, so it is not used`);
      return false;
    }
    if (release.member !== undefined && !(await extract(partial, release.member, options.signal))) return false;
    chmodSync(partial, 0o755);
    renameSync(partial, target);
    return true;
  } finally {
    rmSync(partial, { force: true });
  }
}

function releaseOf(program: GoProgram): Release | undefined {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (process.platform !== 'linux' || architecture === undefined) return undefined;
  const version = goProgramVersion(program);
  if (program.module === 'kubernetes') {
    const url = `https://dl.k8s.io/release/${version}/bin/linux/${architecture}/${program.name}`;
    return { url, checksums: `${url}.sha256` };
  }
  if (program.module === 'etcd') {
    const folder = `https://github.com/etcd-io/etcd/releases/download/${version}`;
    const archive = `etcd-${version}-linux-${architecture}`;
    return { url: `${folder}/${archive}.tar.gz`, checksums: `${folder}/SHA256SUMS`, member: `${archive}/etcd` };
  }
  // Envoy Gateway publishes an image, and no checksum for a binary.
  return undefined;
}

/** The sum for a file, from a bare sum or from lines of `<sum>  <file>`. */
function checksumOf(sums: string, url: string): string | undefined {
  const file = url.slice(url.lastIndexOf('/') + 1);
  const lines = sums
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const found = lines.length === 1 && lines[0]?.length === 1 ? lines[0] : lines.find(([, name]) => name === file);
  return found !== undefined && /^[0-9a-f]{64}$/.test(found[0] ?? '') ? found[0] : undefined;
}

async function curl(args: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
  const options = signal === undefined ? {} : { signal };
  try {
    const all = ['-fsSL', '--proto', '=https', '--connect-timeout', '3', ...args];
    const { code, stdout } = await run('curl', all, options);
    return code === 0 ? stdout : undefined;
  } catch {
    signal?.throwIfAborted();
    // No curl: the check before the build says so.
    return undefined;
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function extract(archive: string, member: string, signal: AbortSignal | undefined): Promise<boolean> {
  const folder = `${archive}-files`;
  mkdirSync(folder, { recursive: true });
  const options = signal === undefined ? {} : { signal };
  const { code } = await run('tar', ['-xzf', archive, '-C', folder, member], options);
  if (code === 0) renameSync(join(folder, member), archive);
  rmSync(folder, { recursive: true, force: true });
  return code === 0;
}
