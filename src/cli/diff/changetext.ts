import { styleText } from 'node:util';
import { describe, type KubeObject } from '../../api/object.ts';
import { type Change, disturbsPods, type ServiceChanges } from './changes.ts';
import type { Io } from '../io.ts';
import { writeYaml } from '../input/yaml.ts';

export type ChangeOutput = 'text' | 'json' | 'yaml';

/** What the two sides of a difference are called. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

export interface ChangeOptions {
  readonly output: ChangeOutput;
  /** Whether the patches are printed. */
  readonly patches: boolean;
  readonly sides: Sides;
  /** Whether something is wrong with the input, so that there may be more services. */
  readonly unread?: boolean;
}

/** Prints differences: for people grouped by service, with what happens to pods and a patch of each object, or as data. */
export async function printChanges(services: readonly ServiceChanges[], options: ChangeOptions, io: Io): Promise<void> {
  const { output, patches, sides } = options;
  const patch = patches ? await patcher(sides) : () => undefined;
  if (output !== 'text') {
    const data = { services: services.map((one) => asData(one, patch)), summary: countsOf(services) };
    io.out(output === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : writeYaml([data]));
    return;
  }
  const paint = painter(io);
  for (const one of services.filter((each) => differs(each) || each.uncertain)) io.out(textOf(one, patch, paint));
  io.out(`${summaryOf(services, options.unread)}\n`);
}

/** Whether the operator does something else for the service, its problems included. */
export function differs({ changes, problems = [] }: ServiceChanges): boolean {
  return changes.length > 0 || problems.length > 0;
}

type Patch = (change: Change) => string | undefined;
type Paint = (style: 'bold' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

function painter({ colours }: Io): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

async function patcher(sides: Sides): Promise<Patch> {
  const { structuredPatch } = await import('diff');
  return ({ ref, before, after }) => {
    const name = describe(ref);
    const text = (object: KubeObject | undefined): string => (object ? writeYaml([object]) : '');
    const { hunks } = structuredPatch(name, name, text(before), text(after), '', '', { context: 3 });
    const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: body }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...body,
    ]);
    return [`--- ${name} (${sides.before})`, `+++ ${name} (${sides.after})`, ...lines].join('\n');
  };
}

function textOf(one: ServiceChanges, patch: Patch, paint: Paint): string {
  const { service, changes, problems = [] } = one;
  const head = `${paint('bold', describe(service))}: ${headline(one)}`;
  const rows = changes.map((change) => `  ${rowOf(change, paint)}`);
  const wrong = problems.map((problem) => `  ${paint('red', '!')} ${problem}`);
  const patches = changes.flatMap(
    (change) =>
      patch(change)
        ?.split('\n')
        .map((line) => coloured(line, paint)) ?? [],
  );
  return [head, ...rows, ...wrong, ...patches, ''].join('\n').concat(patches.length > 0 ? '\n' : '');
}

const SIGNS = { create: '+', change: '~', delete: '-' } as const;
const SIGN_COLOURS = { create: 'green', change: 'yellow', delete: 'red' } as const;

function rowOf(change: Change, paint: Paint): string {
  const { action, ref, fields } = change;
  const shown = fields.length > 0 ? ` (${fields.join(', ')})` : '';
  return `${paint(SIGN_COLOURS[action], SIGNS[action])} ${describe(ref)}: ${effectText(change)}${shown}`;
}

function effectText({ pods, action, replicas = {} }: Change): string {
  const verb = { create: 'is created', change: 'changes', delete: 'is deleted' }[action];
  const { from, to } = replicas;
  const all = from === undefined ? 'its pods' : from === 1 ? 'its pod' : `its ${from} pods`;
  switch (pods) {
    case 'restart':
      return `${verb} and RESTARTS ${all}${from === undefined || to === undefined || from === to ? '' : `, which become ${to}`}`;
    case 'stop':
      return `${verb} and STOPS ${all}`;
    case 'start':
      return `${verb} and starts ${to === undefined ? 'pods' : counted(to, 'pod')}`;
    case 'scaleUp':
      return from === undefined || to === undefined
        ? `${verb} and sets the number of its pods to ${to}, which was left open`
        : `${verb} and adds ${to - from} to ${counted(from, 'pod')}`;
    case 'scaleDown':
      return `${verb} and STOPS ${(from ?? 0) - (to ?? 0)} of ${counted(from ?? 0, 'pod')}`;
    case 'none':
      return verb;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${count === 1 ? what : `${what}s`}`;
}

const UNCERTAIN = 'cannot be told, because of a problem';

function headline(one: ServiceChanges): string {
  const { create, change, delete: gone } = countsOf([one]);
  const parts = [`${create} to create`, `${change} to change`, `${gone} to delete`, `${one.unchanged} unchanged`];
  const counts = parts.filter((part) => !part.startsWith('0 ')).join(', ');
  if (one.uncertain && counts === '') return UNCERTAIN;
  const pods = disturbsPods(one) ? 'pods restart or stop' : 'no pod restarts';
  return `${counts}; ${one.uncertain ? `${disturbsPods(one) ? `${pods}; ` : ''}the rest ${UNCERTAIN}` : pods}`;
}

function coloured(line: string, paint: Paint): string {
  if (/^(---|\+\+\+) /.test(line)) return paint('bold', line);
  if (line.startsWith('@@')) return paint('cyan', line);
  if (line.startsWith('+')) return paint('green', line);
  return line.startsWith('-') ? paint('red', line) : line;
}

/** Services and objects by what happens to them. */
function countsOf(services: readonly ServiceChanges[]): Readonly<Record<string, number>> {
  const changes = services.flatMap((one) => one.changes);
  const by = (action: Change['action']): number => changes.filter((change) => change.action === action).length;
  return {
    services: services.length,
    servicesChanged: services.filter(differs).length,
    servicesWithPodsDisturbed: services.filter(disturbsPods).length,
    servicesUncertain: services.filter(({ uncertain }) => uncertain).length,
    create: by('create'),
    change: by('change'),
    delete: by('delete'),
    unchanged: services.reduce((sum, { unchanged }) => sum + unchanged, 0),
  };
}

function summaryOf(services: readonly ServiceChanges[], unread = false): string {
  const counts = countsOf(services);
  const total = counted(services.length, 'service');
  const uncertain = counts['servicesUncertain'] ?? 0;
  const unknown = uncertain === 0 ? '' : `; for ${uncertain} it ${UNCERTAIN}`;
  if (counts['servicesChanged'] === 0) {
    if (unread && uncertain === services.length) return `${total}: what changes ${UNCERTAIN}.`;
    return `${total}: nothing changes${unknown}.`;
  }
  const disturbed = counts['servicesWithPodsDisturbed'] ?? 0;
  const pods = disturbed === 0 ? 'pods restart for none' : `pods restart or stop for ${disturbed}`;
  return `${total}: ${counts['servicesChanged']} changed (${counts['create']} created, ${counts['change']} changed, ${counts['delete']} deleted, ${counts['unchanged']} unchanged); ${pods}${unknown}.`;
}

function asData(one: ServiceChanges, patch: Patch): object {
  const { service, changes, unchanged, problems = [], uncertain = false } = one;
  return {
    service: { namespace: service.namespace, name: service.name },
    uncertain,
    restartsOrStopsPods: disturbsPods(one),
    unchanged,
    problems,
    changes: changes.map((change) => {
      const { ref, action, pods, replicas, fields } = change;
      const text = patch(change);
      return {
        object: ref,
        action,
        pods,
        ...(replicas ? { replicas } : {}),
        fields,
        ...(text === undefined ? {} : { patch: text }),
      };
    }),
  };
}
