import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';
import { run, type RunResult } from '../../local/run.ts';

export interface ContainerOptions {
  /** Arguments after the image's entrypoint. */
  readonly args: readonly string[];
  /** The entrypoint instead of the image's own: `command` in a pod. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Path in the container → folder of this machine; read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
}

export interface Container {
  /** Standard output and standard error so far, parsed: one JSON object a line. */
  log(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Runs a script by Node.js in the container; what it prints. */
  evaluate(script: string): Promise<string>;
  /** SIGTERM, and SIGKILL when it is not gone after this many milliseconds; the exit code. */
  stop(graceMs: number): Promise<number>;
  /** Removes it, whatever state it is in. */
  remove(): Promise<void>;
}

// The reaper would be an image from a registry; `remove` does its work.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
// Without it, testcontainers inside of a container looks for a bridge network, which a daemon need not have.
process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';

/**
 * Starts an image under the restrictions of Pod Security "restricted": read-only root file system, no capabilities, no new
 * privileges, the image's own user. It shares the network of this machine, so that loopback addresses are the same.
 */
export async function startContainer(tag: string, options: ContainerOptions): Promise<Container> {
  const { args, command, env = {}, mounts = {} } = options;
  const binds = Object.entries(mounts).map(([target, source]) => ({ source, target, mode: 'ro' as const }));
  const container = new RestrictedContainer(tag)
    .withNetworkMode('host')
    .withCommand([...args])
    .withEnvironment({ ...env })
    .withBindMounts(binds)
    .withDroppedCapabilities('ALL')
    .withSecurityOpt('no-new-privileges');
  if (command !== undefined) container.withEntrypoint([...command]);
  return containerOf(await container.start());
}

/** Runs an image to its end under the same restrictions and without network. */
export async function runContainer(tag: string, args: readonly string[]): Promise<RunResult> {
  const restrictions = ['--network=none', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
  return run('docker', ['run', '--rm', ...restrictions, tag, ...args]);
}

/** testcontainers has no option for this; `hostConfig` is there for classes like this one. */
class RestrictedContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    this.hostConfig.ReadonlyRootfs = true;
  }
}

function containerOf(started: StartedTestContainer): Container {
  return {
    async log() {
      // testcontainers follows the log of a running container without end.
      const logged = await run('docker', ['logs', started.getId()]);
      if (logged.code !== 0) throw new Error(`docker logs: ${logged.stderr}`);
      const lines = `${logged.stdout}${logged.stderr}`.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    async evaluate(script) {
      const { exitCode, output } = await started.exec(['node', '--eval', script]);
      if (exitCode !== 0) throw new Error(`node ended with ${exitCode}: ${output}`);
      return output.trim();
    },
    async stop(graceMs) {
      await started.stop({ timeout: graceMs, remove: false });
      const client = await getContainerRuntimeClient();
      const { State } = await client.container.inspect(client.container.getById(started.getId()));
      return State.ExitCode;
    },
    async remove() {
      await run('docker', ['rm', '--force', '--volumes', started.getId()]);
    },
  };
}
