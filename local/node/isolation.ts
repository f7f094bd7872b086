import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../run.ts';
import { layout, type Mount, type Step } from './layout.ts';

/** How volumes get to the paths where a container expects them. */
export type Isolation = 'mount namespace' | 'bubblewrap' | 'substituted paths';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Enclosure {
  readonly mounts: readonly Mount[];
  /** Folders that the process needs although a volume may lie over them. */
  readonly keep: readonly string[];
  readonly workingDir: string;
  /** An empty folder, on which the file tree is made; the mounts are seen by the process only and end with it. */
  readonly root: string;
}

/**
 * Tries what this machine allows, best first, and says so; with paths substituted it also says how to allow more.
 */
export async function probeIsolation(say: (line: string) => void, dir: string): Promise<Isolation> {
  const source = join(dir, 'source');
  const root = join(dir, 'root');
  for (const folder of [source, root]) mkdirSync(folder, { recursive: true });
  const mounts = [{ source, target: '/mnt/models/probe', readOnly: true }];
  const enclosure: Enclosure = { mounts, keep: [], workingDir: '/', root };
  const test: Command = { command: '/bin/sh', args: ['-c', 'test -d /mnt/models/probe'], env: { PATH: pathOfHost() } };
  for (const isolation of ['mount namespace', 'bubblewrap'] as const) {
    if (isolation === 'bubblewrap' && !bubblewrap()) continue;
    const wrapped = enclose(isolation, test, enclosure);
    const result = await run(wrapped.command, wrapped.args, { env: wrapped.env }).catch(() => undefined);
    if (result?.code !== 0) continue;
    say(`Volumes are mounted for each container by ${isolation === 'bubblewrap' ? 'bubblewrap' : 'unshare'}.`);
    return isolation;
  }
  say(
    'Volumes cannot be mounted here; their paths are replaced in commands and variables instead. To allow mounts, install ' +
      'bubblewrap, or set the sysctls kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0.',
  );
  return 'substituted paths';
}

/** The command that runs another one where its volumes are. The process keeps its id (bubblewrap: its group's). */
export function enclose(isolation: Isolation, inner: Command, enclosure: Enclosure): Command {
  if (isolation === 'substituted paths') return substitute(inner, enclosure.mounts);
  const steps = layout(enclosure.mounts, enclosure.keep);
  const outer = (args: readonly string[]): Command => ({ command: '/usr/bin/env', args, env: inner.env });
  if (isolation === 'bubblewrap') {
    const program = bubblewrap() ?? 'bwrap';
    const dir = ['--chdir', enclosure.workingDir];
    // Bubblewrap waits for the process and must outlive the signal that the process is to handle.
    const keepSignal = ['/usr/bin/env', '--default-signal=TERM', inner.command, ...inner.args];
    const wrapped = [program, '--die-with-parent', ...steps.flatMap(bubblewrapArgs), ...dir, '--', ...keepSignal];
    return outer(['--ignore-signal=TERM', ...wrapped]);
  }
  const script = [
    'set -e',
    'root=$1 dir=$2; shift 2',
    'mount --make-rprivate /',
    'mount -t tmpfs -o mode=755 tmpfs "$root"',
    ...steps.flatMap(mountCommands),
    `exec ${deathSignal()}chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$dir" "$@"`,
  ].join('\n');
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-r', '-m'];
  const own = [enclosure.root, enclosure.workingDir, inner.command, ...inner.args];
  return outer(['unshare', ...flags, '/bin/sh', '-c', script, 'container', ...own]);
}

// Entering a user namespace clears the signal that ends a process with its parent, so it is set again.
function deathSignal(): string {
  return existsSync('/usr/bin/setpriv') ? '/usr/bin/setpriv --pdeathsig KILL -- ' : '';
}

function mountCommands(step: Step): string[] {
  const path = `"$root"${quoted(step.path)}`;
  switch (step.op) {
    case 'dir':
      return [`mkdir -p ${path}`];
    case 'tmpfs':
      return [`mount -t tmpfs -o mode=755 tmpfs ${path}`];
    case 'link':
      return [`ln -s ${quoted(step.to)} ${path}`];
    case 'bind': {
      const from = quoted(step.from);
      const bound = `mount --rbind ${from} ${path}`;
      // Something in a shared folder may disappear between its listing and here.
      if (step.from === step.path)
        return step.file ? [`{ : > ${path} && ${bound}; } 2>/dev/null || :`] : [`${bound} || :`];
      const lines = step.file ? [`: > ${path}`, bound] : [bound];
      return step.readOnly ? [...lines, `mount -o remount,bind,ro ${path}`] : lines;
    }
  }
}

function bubblewrapArgs(step: Step): string[] {
  switch (step.op) {
    case 'dir':
      return ['--dir', step.path];
    case 'tmpfs':
      return ['--tmpfs', step.path];
    case 'link':
      return ['--symlink', step.to, step.path];
    case 'bind':
      return [step.readOnly ? '--ro-bind' : '--dev-bind-try', step.from, step.path];
  }
}

function substitute(inner: Command, mounts: readonly Mount[]): Command {
  // These exist on every machine and need no folder of their own.
  const moved = mounts.filter(({ target }) => !['/tmp', '/dev/shm'].includes(target));
  const change = (text: string): string =>
    moved.reduce((changed, { source, target }) => {
      const name = target.replace(/\/+$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return changed.replace(new RegExp(`(?<![\\w./-])${name}(?![\\w.-])`, 'g'), () => source);
    }, text);
  return {
    command: change(inner.command),
    args: inner.args.map(change),
    env: Object.fromEntries(Object.entries(inner.env).map(([name, value]) => [name, change(value)])),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bubblewrap(): string | undefined {
  return pathOfHost()
    .split(delimiter)
    .map((dir) => join(dir, 'bwrap'))
    .find((path) => existsSync(path));
}

function pathOfHost(): string {
  return process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
}
