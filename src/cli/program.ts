import { types } from 'node:util';
import { Argument, Command, CommanderError, Help, Option } from 'commander';
import { DEFAULT_SETTINGS } from '../api/settings.ts';
import { Trouble } from './complaint.ts';
import type { Io } from './io.ts';
import type { Shell } from './completion.ts';

/** Exit code for a command line that cannot be used, or work that cannot be done. */
const TROUBLE = 2;

/**
 * Runs one command line.
 *
 * @param args without the names of Node.js and of the program
 * @param name how the user calls the program: `llmisvc` or `kubectl llmisvc`
 * @returns the exit code: that of the command, or 2 when it cannot do its work
 */
export async function run(args: readonly string[], name: string, version: string, io: Io): Promise<number> {
  let code = 0;
  const program = createProgram(name, version, io, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : TROUBLE;
    const message = troubleOf(error);
    if (message !== undefined) {
      io.err(`error: ${message}\n`);
      return TROUBLE;
    }
    throw error;
  }
}

/** The commands with their options, descriptions and examples. */
export function createProgram(name: string, version: string, io: Io, ended: (code: number) => void): Command {
  const program = new Command(name)
    .description('Shows what the operator for LLMInferenceService does with a service, without doing it.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .configureHelp({ optionDescription })
    .showSuggestionAfterError()
    .exitOverride();

  const render = session(program.command('render').argument('[service...]', 'names; default: all of the input'))
    .description('Print the children of services, and the status that they would get.')
    .addOption(new Option('-o, --output <format>', 'format').choices(['yaml', 'json']).default('yaml'))
    .option('--no-status', 'print the children only')
    .option('--effective', 'print the effective specs instead: presets, configs and services combined', false)
    .action(async (names: string[]) => {
      const { renderCommand } = await import('./render.ts');
      ended(await renderCommand(names, render.opts(), io));
    });
  examples(render, name, [
    ['render -f examples/', 'all services of a folder'],
    ['render -f service.yaml --no-status | kubectl diff -f -', 'the children against a cluster'],
    ['kubectl kustomize overlays/prod | NAME render -f -', 'what kustomize builds'],
    ['render -f service.yaml --effective', 'what presets, base configs and the service come to'],
    ['render qwen2-7b --from-cluster -n team-a', 'a service as it is in the cluster'],
  ]);
  const diff = session(program.command('diff').argument('[service...]', 'names; default: all of the input'), 'cluster')
    .description('Show what the operator would change, and which pods that restarts.')
    .option('--from <path>', 'compare with these files instead of the cluster; may be repeated', several, [])
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'yaml']).default('text'))
    .option('--no-patch', 'name the objects and fields only')
    .action(async (names: string[]) => {
      const { diffCommand } = await import('./diff/diff.ts');
      ended(await diffCommand(names, diff.opts(), io));
    })
    .addHelpText('after', DIFF_CODES);
  examples(diff, name, [
    ['diff -f service.yaml', 'what an apply of this file would make the operator do'],
    ['diff -f new/ --from old/ --no-patch', 'two versions of a folder, without a cluster'],
    ['diff qwen2-7b -n team-a', 'whether the operator has still something to do for a service'],
  ]);

  const impact = session(program.command('impact'), 'cluster')
    .description('Show which services of a cluster a changed config, or changed settings, would change.')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'yaml']).default('text'))
    .option('--patch', 'print the patches of the children, too', false)
    .option('--services-in <namespace>', 'only the services of this namespace')
    .action(async () => {
      const { impactCommand } = await import('./diff/impact.ts');
      ended(await impactCommand(impact.opts(), io));
    })
    .addHelpText('after', DIFF_CODES);
  examples(impact, name, [
    ['impact -f team-defaults.yaml -n team-a', 'a shared config'],
    ['impact -f inferenceservice-config.yaml -n kserve', 'the settings'],
    ['kubectl kustomize manifests/base/presets | NAME impact -f - --patch', 'the presets of another version'],
  ]);

  const explain = session(
    program
      .command('explain')
      .argument('<service>', 'name of the service')
      .argument('[path]', 'field of the effective spec, or of a child after its kind'),
  )
    .description('Tell where a value of a service or of its children came from, and what it overrode.')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'yaml']).default('text'))
    .action(async (service: string, path: string | undefined) => {
      const { explainCommand } = await import('./explain/explain.ts');
      ended(await explainCommand(service, path, explain.opts(), io));
    });
  examples(explain, name, [
    ['explain qwen2-7b -f examples/', 'the layers of a service, its children, conditions and what was read'],
    ["explain qwen2-7b 'spec.template.containers[name=main].resources' -f examples/", 'a field of the effective spec'],
    ['explain qwen2-7b deployment.spec.template.spec.terminationGracePeriodSeconds -f examples/', 'a field of a child'],
    ['explain qwen2-7b httproute --from-cluster -n team-a', 'every field of a child, in the cluster'],
  ]);

  const lint = session(program.command('lint'))
    .description('Say what is wrong with services and configs before they are applied, and what could be better.')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'sarif']).default('text'))
    .addOption(
      new Option('--fail-on <severity>', 'least severity that gives exit code 1')
        .choices(['error', 'warning', 'advice'])
        .default('error'),
    )
    .action(async () => {
      const { lintCommand } = await import('./lint/lint.ts');
      ended(await lintCommand(lint.opts(), version, io));
    });
  examples(lint, name, [
    ['lint -f deploy/ -R', 'all files below a folder'],
    ['lint -f service.yaml --fail-on warning', 'for a hook before a commit'],
    ['lint -f deploy/ -o sarif > lint.sarif', 'for the code review'],
  ]);

  const completion = program
    .command('completion')
    .description('Print the script by which a shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => {
      const { completionCommand } = await import('./completion.ts');
      ended(completionCommand(shell, program, io));
    });
  examples(completion, name, [
    ['source <(NAME completion bash)', 'for this bash'],
    ['NAME completion zsh > "${fpath[1]}/_llmisvc"', 'for each zsh'],
    ['NAME completion fish > ~/.config/fish/completions/llmisvc.fish', 'for each fish'],
  ]);
  return program;
}

/** As usual, without the defaults that say nothing. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: (\[\]|false)\)$/, '');
}

const DIFF_CODES = `
Exit codes: 0 nothing differs, 1 something differs, 2 it cannot be told.`;

const several = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** The options by which a command finds its services. */
function session(command: Command, reads: 'files' | 'cluster' = 'files'): Command {
  const cluster = new Option('--from-cluster', 'read what the input lacks from the cluster').default(false);
  const closed = new Option('--closed', 'take the input for everything that exists, presets included').default(false);
  return command
    .option('-f, --filename <path>', 'file, folder, or - for standard input; may be repeated', several, [])
    .option('-R, --recursive', 'read the folders in folders, too', false)
    .option('-n, --namespace <name>', 'namespace of objects that name none', 'default')
    .addOption(cluster.hideHelp(reads === 'cluster'))
    .addOption(closed.hideHelp(reads === 'cluster'))
    .option('--kubeconfig <file>', 'default: KUBECONFIG, then ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--system-namespace <name>', 'namespace of presets and settings', DEFAULT_SETTINGS.systemNamespace)
    .option('--config-prefix <prefix>', 'prefix of the presets', DEFAULT_SETTINGS.configPrefix);
}

/** Adds examples to the help of a command. `NAME` stands for the program inside of a pipeline. */
function examples(command: Command, name: string, lines: readonly (readonly [string, string])[]): void {
  const text = lines.map(([line, what]) => {
    const shown = line.includes('NAME') ? line.replaceAll('NAME', name) : `${name} ${line}`;
    return `  # ${what}\n  ${shown}`;
  });
  command.addHelpText('after', `\nExamples:\n${text.join('\n')}\n`);
}

/** What to tell about an error that is no fault of the program; undefined for one that is. */
function troubleOf(error: unknown): string | undefined {
  if (!types.isNativeError(error)) return undefined;
  if (error instanceof Trouble) return error.message;
  if (error.name === 'ApiError') return `The API server refused: ${error.message}`;
  const { code, path } = error as NodeJS.ErrnoException;
  // Codes of the system and of the HTTP client; those that begin with ERR_ are of Node.js itself.
  if (typeof code !== 'string' || !/^(E(?!RR_)[A-Z]|UND_ERR_|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/.test(code))
    return undefined;
  if (path !== undefined) return error.message;
  return `The API server cannot be reached: ${error.message}. Check the cluster, --kubeconfig and --context.`;
}
