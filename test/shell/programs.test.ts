import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '../../local/controlplane/certificates.ts';
import { cachedPath, cacheDir, findProgram } from '../../local/programs/cache.ts';
import { goPrograms, goProgramVersion, linkerFlags, neededGoVersion } from '../../local/programs/catalog.ts';
import { goVersionProblem, preflight } from '../../local/programs/preflight.ts';
import { envoyGatewayModuleDir } from '../../local/programs/programs.ts';
import { duration } from '../../local/programs/progress.ts';
import { downloadRelease } from '../../local/programs/release.ts';
import { run, runOrThrow } from '../../local/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'llmisvc-programs-'));
const original = { ...process.env };

afterEach(() => {
  for (const name of ['LLMISVC_CACHE', 'XDG_CACHE_HOME', 'KUBEBUILDER_ASSETS', 'PATH', 'CURL_HOME']) {
    if (original[name] === undefined) delete process.env[name];
    else process.env[name] = original[name];
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the cache', () => {
  it('lies where LLMISVC_CACHE says, else in XDG_CACHE_HOME', () => {
    process.env['XDG_CACHE_HOME'] = '/xdg';
    process.env['LLMISVC_CACHE'] = '';
    expect(cacheDir()).toBe('/xdg/llmisvc');
    process.env['LLMISVC_CACHE'] = '/own';
    expect(cacheDir()).toBe('/own');
    expect(cachedPath('kubectl')).toMatch(/^\/own\/kubernetes-[0-9a-f]{16}\/kubectl$/);
  });

  it('gives way to KUBEBUILDER_ASSETS for the programs that it has', () => {
    const assets = join(folder, 'assets');
    mkdirSync(assets);
    for (const name of ['kubectl', 'kube-scheduler']) writeFileSync(join(assets, name), '');
    process.env['LLMISVC_CACHE'] = join(folder, 'empty');
    process.env['KUBEBUILDER_ASSETS'] = assets;
    expect(findProgram('kubectl')).toBe(join(assets, 'kubectl'));
    expect(findProgram('etcd')).toBeUndefined();
    expect(findProgram('kube-scheduler')).toBeUndefined();
  });
});

describe('the catalogue', () => {
  it('takes versions from go.mod, and gives them to the linker where the program asks for it', () => {
    const kubectl = goPrograms.find(({ name }) => name === 'kubectl');
    const version = kubectl && goProgramVersion(kubectl);
    expect(version).toMatch(/^v1\.\d+\.\d+$/);
    expect(kubectl && linkerFlags(kubectl)).toContain(`-X k8s.io/client-go/pkg/version.gitVersion=${version}`);
    expect(goPrograms.map(goProgramVersion)).not.toContain(undefined);
  });

  it('knows the newest Go that any module needs', () => {
    expect(neededGoVersion(goPrograms)).toBe('1.26.6');
    expect(neededGoVersion(goPrograms.filter(({ name }) => name === 'etcd'))).toBe('1.26.0');
  });
});

describe('the check before the build', () => {
  it('names everything that is missing and what to do', async () => {
    process.env['PATH'] = join(folder, 'no-programs');
    process.env['LLMISVC_CACHE'] = join(folder, 'preflight');
    const message = await preflight({ builds: goPrograms, envoy: true }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).toContain('- Go is not installed: etcd, kube-apiserver');
    expect(message).toContain('which needs Go 1.26.6 or newer');
    expect(message).toContain('- python3 is not installed');
    expect(message).toContain('- curl is not installed');
  });

  it('finds a python3 without pip and ensurepip', async () => {
    const bin = join(folder, 'debian');
    mkdirSync(bin);
    writeFileSync(join(bin, 'python3'), '#!/bin/sh\n[ "$1" = --version ]\n');
    chmodSync(join(bin, 'python3'), 0o755);
    process.env['PATH'] = `${bin}:${original['PATH']}`;
    await expect(preflight({ builds: [], envoy: true })).rejects.toThrow('apt-get install python3-venv');
  });

  it.each([
    ['go1.26.8', 'local', undefined],
    ['go1.26.6', 'local', undefined],
    ['go1.24.3', 'auto', undefined],
    ['go1.26.5', 'local', /^Go is 1\.26\.5, 1\.26\.6 or newer is needed, and GOTOOLCHAIN=local forbids/],
  ])('judges %s with GOTOOLCHAIN=%s', (version, toolchain, problem) => {
    const found = goVersionProblem('1.26.6', [version, toolchain]);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});

describe('downloadRelease', () => {
  const answers = new Map<string, Buffer>();
  const asked: string[] = [];
  let server: Server;

  beforeAll(async () => {
    const authority = await createAuthority('release test');
    const pair = await authority.serving('release', ['dl.k8s.io', 'github.com'], []);
    server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
      asked.push(request.url ?? '');
      const body = answers.get(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    writeFileSync(join(folder, 'ca.crt'), authority.certificate);
    // curl is sent to this server instead of the real ones; nothing else differs.
    curlTo((server.address() as AddressInfo).port);
  });
  beforeEach(() => {
    process.env['CURL_HOME'] = folder;
    answers.clear();
    asked.length = 0;
  });
  afterAll(() => server.close());

  const curlTo = (port: number): void => {
    const connect = ['dl.k8s.io', 'github.com'].map((host) => `connect-to = "${host}:443:127.0.0.1:${port}"`);
    writeFileSync(join(folder, '.curlrc'), [...connect, `cacert = "${join(folder, 'ca.crt')}"`, ''].join('\n'));
  };
  const program = (name: string): (typeof goPrograms)[number] => {
    const found = goPrograms.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no program ${name}`);
    return found;
  };
  const options = () => ({ say: () => undefined, unreachable: new Set<string>() });
  const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
  const kubectlPath = `/release/${goProgramVersion(program('kubectl'))}/bin/linux/amd64/kubectl`;

  it('takes a binary with the right checksum and makes it executable', async () => {
    const content = Buffer.from('#!/bin/sh\necho kubectl\n');
    answers.set(kubectlPath, content).set(`${kubectlPath}.sha256`, Buffer.from(sha256(content)));
    const target = join(folder, 'right', 'kubectl');
    expect(await downloadRelease(program('kubectl'), target, options())).toBe(true);
    expect(await runOrThrow(target, [])).toBe('kubectl\n');
  });

  it('refuses one with a wrong checksum, and leaves nothing behind', async () => {
    answers
      .set(kubectlPath, Buffer.from('evil'))
      .set(`${kubectlPath}.sha256`, Buffer.from(sha256(Buffer.from('good'))));
    const said: string[] = [];
    const target = join(folder, 'wrong', 'kubectl');
    const result = await downloadRelease(program('kubectl'), target, { ...options(), say: (line) => said.push(line) });
    expect(result).toBe(false);
    expect(said.at(-1)).toBe('kubectl: the checksum of the download is wrong, so it is not used');
    expect((await runOrThrow('ls', ['-A', join(folder, 'wrong')])).trim()).toBe('');
  });

  it('takes etcd out of its archive', async () => {
    const version = goProgramVersion(program('etcd'));
    const name = `etcd-${version}-linux-amd64`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'etcd'), '#!/bin/sh\necho etcd\n');
    await runOrThrow('tar', ['-czf', `${name}.tar.gz`, name], { cwd: folder });
    const archive = readFileSync(join(folder, `${name}.tar.gz`));
    const base = `/etcd-io/etcd/releases/download/${version}`;
    const sums = `${'0'.repeat(64)}  other.tar.gz\n${sha256(archive)}  ${name}.tar.gz\n`;
    answers.set(`${base}/${name}.tar.gz`, archive).set(`${base}/SHA256SUMS`, Buffer.from(sums));
    const target = join(folder, 'archive', 'etcd');
    expect(await downloadRelease(program('etcd'), target, options())).toBe(true);
    expect(await runOrThrow(target, [])).toBe('etcd\n');
  });

  it('asks a host only once when it does not answer', async () => {
    const shared = options();
    curlTo(1);
    expect(await downloadRelease(program('kubectl'), join(folder, 'none', 'kubectl'), shared)).toBe(false);
    curlTo((server.address() as AddressInfo).port);
    expect(await downloadRelease(program('kube-scheduler'), join(folder, 'none', 'kube-scheduler'), shared)).toBe(
      false,
    );
    expect(asked).toEqual([]);
  });
});

describe('programs', () => {
  it('builds once for two programs that start together, and finds it at once afterwards', async () => {
    const main = fileURLToPath(new URL('../../local/programs/main.ts', import.meta.url));
    const env = { ...original, LLMISVC_CACHE: join(folder, 'build') };
    const results = await Promise.all([0, 1].map(() => run(process.execPath, [main, 'etcd'], { env })));
    expect(results.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', '']);
    const built = results.filter(({ stderr }) => /etcd v[\d.]+: (building|downloading)/.test(stderr));
    expect(built).toHaveLength(1);
    const path = results[0]?.stdout.trim().split(' ')[1] ?? '';
    expect(statSync(path).mode & 0o111).not.toBe(0);
    expect((await run(process.execPath, [main, 'etcd'], { env })).stderr).toBe('');
  }, 600_000);

  it('refuses a program that it does not know', async () => {
    const main = fileURLToPath(new URL('../../local/programs/main.ts', import.meta.url));
    const { code, stderr } = await run(process.execPath, [main, 'docker'], { env: original });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^unknown program docker: choose from etcd, kube-apiserver, /);
  });

  it('finds the custom resource definitions in the pinned Envoy Gateway module', async () => {
    const dir = await envoyGatewayModuleDir();
    expect(existsSync(join(dir, 'charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml'))).toBe(true);
  }, 120_000);
});

describe('duration', () => {
  it.each([
    [0.4, '0 s'],
    [42, '42 s'],
    [100, '1 min 40 s'],
    [420, '7 min'],
  ])('writes %d seconds as %s', (seconds, written) => {
    expect(duration(seconds)).toBe(written);
  });
});
