import {
  accessSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runOrThrow } from '../../local/run.ts';

/** Path in the image → a file or folder of this machine, or `{ text, mode }`. */
type Files = Readonly<Record<string, string | { readonly text: string; readonly mode?: number }>>;

const NODE = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
const NPM = '/usr/local/lib/node_modules/npm';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const USERS = 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';

/**
 * Makes an image with Node.js and nothing else, out of this machine's files: what the Dockerfile wants as BASE_IMAGE, with
 * no registry asked.
 */
export async function importBaseImage(tag: string): Promise<void> {
  await importImage(tag, await nodeFiles(), { PATH: '/usr/local/bin' });
}

/** The same with npm and a shell: BUILD_IMAGE. Its npm asks the registry that npm asks on this machine. */
export async function importBuildImage(tag: string): Promise<void> {
  const npm = await npmFolder();
  const registry = (await runOrThrow('npm', ['config', 'get', 'registry'], { cwd: tmpdir() })).trim();
  const shell = realpathSync('/bin/sh');
  const files: Files = {
    ...(await nodeFiles()),
    ...(await librariesOf(shell)),
    '/bin/sh': shell,
    [NPM]: npm,
    '/usr/local/bin/npm': { text: `#!/bin/sh\nexec node ${NPM}/bin/npm-cli.js "$@"\n`, mode: 0o755 },
  };
  await importImage(tag, files, {
    PATH: '/usr/local/bin:/bin',
    HOME: '/root',
    NPM_CONFIG_REGISTRY: registry,
    NODE_EXTRA_CA_CERTS: CERTIFICATES,
  });
}

async function nodeFiles(): Promise<Files> {
  const certificates = [process.env['SSL_CERT_FILE'], CERTIFICATES, '/etc/pki/tls/certs/ca-bundle.crt'];
  const bundle = certificates.find((file) => file !== undefined && existsSync(file));
  return {
    '/usr/local/bin/node': NODE,
    ...(await librariesOf(NODE)),
    ...(bundle === undefined ? {} : { [CERTIFICATES]: bundle }),
    '/etc/passwd': { text: USERS },
    '/etc/group': { text: 'root:x:0:\nnonroot:x:65532:\n' },
  };
}

/** The shared libraries of a program and its loader, each at its own path. */
async function librariesOf(program: string): Promise<Files> {
  accessSync(program);
  const listed = await runOrThrow('ldd', [program]);
  const paths = [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);
  return Object.fromEntries(paths.map((path) => [path, path]));
}

async function npmFolder(): Promise<string> {
  const command = (await runOrThrow('/bin/sh', ['-c', 'command -v npm'])).trim();
  const folder = dirname(dirname(realpathSync(command)));
  // Some distributions spread npm's own packages over the system; such an npm does not run from a copy of its folder.
  if (existsSync(join(folder, 'bin/npm-cli.js')) && existsSync(join(folder, 'node_modules'))) return folder;
  throw new Error(
    `npm in ${folder} cannot be copied into an image: install npm from nodejs.org, with all it needs in it`,
  );
}

/** Lays links to the files in a folder and packs what they point to, so that nothing is copied before. */
async function importImage(tag: string, files: Files, env: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmisvc-rootfs-'));
  const root = join(folder, 'root');
  const archive = join(folder, 'root.tar');
  try {
    mkdirSync(join(root, 'tmp'), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    for (const [path, content] of Object.entries(files)) lay(join(root, path), content);
    await runOrThrow('tar', ['-chf', archive, '--owner=0', '--group=0', '--numeric-owner', '-C', root, '.']);
    const changes = Object.entries(env).flatMap(([name, value]) => ['--change', `ENV ${name}=${value}`]);
    const imported = await run('docker', ['import', ...changes, archive, tag]);
    if (imported.code !== 0) throw new Error(`docker import ${tag}: ${imported.stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lay(path: string, content: Files[string]): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof content === 'string') {
    symlinkSync(realpathSync(content), path);
  } else {
    writeFileSync(path, content.text, { mode: content.mode ?? 0o644 });
  }
}
