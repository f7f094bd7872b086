import { constants } from 'node:fs';
import { copyFile, link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.ts';

/** A folder that Envoy Gateway takes for the root of the file system. */
export interface Root {
  /** Command and first arguments that run a program inside; the program and its own arguments follow. */
  readonly enter: readonly [string, ...string[]];
  readonly dir: string;
}

export interface RootContent {
  /** Path of the Envoy Gateway binary. */
  readonly program: string;
  /** File names and contents for `/certs`: `tls.crt`, `tls.key`, `ca.crt`. */
  readonly certs: Readonly<Record<string, string>>;
  /** Text of a kubeconfig that refers to no other file. */
  readonly kubeconfig: string;
  /** Text of the EnvoyGateway configuration. */
  readonly config: string;
}

/**
 * Makes a root folder for Envoy Gateway, which reads its xDS certificates from the fixed folder `/certs`: the binary as
 * `/envoy-gateway`, `/certs`, `/kubeconfig`, `/config.yaml` and an empty `/tmp`. The binary is static and needs nothing else.
 * Nothing is mounted. Rejects when this system allows neither `chroot` nor a user namespace, and says how to allow it.
 */
export async function makeRoot(dir: string, content: RootContent): Promise<Root> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(join(dir, 'certs'), { recursive: true, mode: 0o700 });
  await mkdir(join(dir, 'tmp'));
  await place(content.program, join(dir, 'envoy-gateway'));
  for (const [name, text] of Object.entries(content.certs)) {
    await writeFile(join(dir, 'certs', name), text, { mode: 0o600 });
  }
  await writeFile(join(dir, 'kubeconfig'), content.kubeconfig, { mode: 0o600 });
  await writeFile(join(dir, 'config.yaml'), content.config);
  return { enter: await wayIn(dir), dir };
}

/** The first way to change the root that works here: as root plainly, else inside a user namespace of its own. */
async function wayIn(dir: string): Promise<Root['enter']> {
  const ways: Root['enter'][] = [['unshare', '-r', 'chroot', dir]];
  if (process.getuid?.() === 0) ways.unshift(['chroot', dir]);
  const failures: string[] = [];
  for (const [command, ...args] of ways) {
    const said = await run(command, [...args, '/envoy-gateway', 'version']).then(
      ({ code, stderr }) => (code === 0 ? undefined : stderr.trim() || `exit code ${code}`),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const [first = command] = args;
    if (said === undefined) return [command, ...args];
    failures.push(`${command}${first === '-r' ? ' -r chroot' : ''}: ${said}`);
  }
  throw new Error(
    `Envoy Gateway reads its certificates from /certs and needs a root folder of its own, which this system refuses (${failures.join('; ')}). ` +
      'Run as root, or allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), ' +
      'kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), user.max_user_namespaces=10000 (RHEL)',
  );
}

/** A hard link costs nothing; across file systems it must be a copy. */
async function place(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}
