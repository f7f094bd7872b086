import { styleText } from 'node:util';
import { describe, type KubeObject } from '../api/object.ts';
import { type Change, disturbsPods, type ServiceChanges } from './changes.ts';
import type { Io } from './io.ts';
import { writeYaml } from './yaml.ts';

export type ChangeOutput = 'text' | 'json' | 'yaml';

/** What the two sides of a difference are called. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

/**
 * Prints differences: for people grouped by service, with what happens to pods and a patch of each object, or as data.
 *
 * @param patches whether the patches are printed
 */
export async function printChanges(
  services: readonly ServiceChanges[],
  options: { readonly output: ChangeOutput; readonly patches: boolean; readonly sides: Sides },
  io: Io,
): Promise<void> {
  const { output, patches, sides } = options;
  const patch = patches ? await patcher(sides) : () => undefined;
  if (output !== 'text') {
    const data = { services: services.map((one) => asData(one, patch)), summary: countsOf(services) };
    io.out(output === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : writeYaml([data]));
    return;
  }
  const paint = painter(io);
  for (const one of services.filter(differs)) io.out(textOf(one, patch, paint));
  io.out(`${summaryOf(services)}\n`);
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

function rowOf({ action, ref, pods, fields, before }: Change, paint: Paint): string {
  const causes = fields.filter((field) => pods !== 'restart' || field.startsWith('spec.template'));
  const shown = causes.length > 0 ? ` (${causes.join(', ')})` : '';
  return `${paint(SIGN_COLOURS[action], SIGNS[action])} ${describe(ref)}: ${effectText(pods, action, before)}${shown}`;
}

function effectText(pods: Change['pods'], action: Change['action'], before: KubeObject | undefined): string {
  const verb = { create: 'is created', change: 'changes', delete: 'is deleted' }[action];
  const count = (before as (KubeObject & { readonly spec?: { readonly replicas?: number } }) | undefined)?.spec
    ?.replicas;
  const all = count === undefined ? 'its pods' : count === 1 ? 'its pod' : `its ${count} pods`;
  switch (pods) {
    case 'restart':
      return `${verb} and RESTARTS ${all}`;
    case 'stop':
      return `${verb} and STOPS ${all}`;
    case 'start':
      return `${verb} and starts pods`;
    case 'scale':
      return `${verb} the number of pods, restarting none`;
    case 'none':
      return verb;
  }
}

function headline(one: ServiceChanges): string {
  const { create, change, delete: gone } = countsOf([one]);
  const parts = [`${create} to create`, `${change} to change`, `${gone} to delete`, `${one.unchanged} unchanged`];
  return `${parts.filter((part) => !part.startsWith('0 ')).join(', ')}; ${disturbsPods(one) ? 'pods restart or stop' : 'no pod restarts'}`;
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
    create: by('create'),
    change: by('change'),
    delete: by('delete'),
    unchanged: services.reduce((sum, { unchanged }) => sum + unchanged, 0),
  };
}

function summaryOf(services: readonly ServiceChanges[]): string {
  const counts = countsOf(services);
  const total = `${counts['services']} ${counts['services'] === 1 ? 'service' : 'services'}`;
  if (counts['servicesChanged'] === 0) return `${total}: nothing changes.`;
  const disturbed = counts['servicesWithPodsDisturbed'] ?? 0;
  const pods = disturbed === 0 ? 'pods restart for none' : `pods restart or stop for ${disturbed}`;
  return `${total}: ${counts['servicesChanged']} changed (${counts['create']} created, ${counts['change']} changed, ${counts['delete']} deleted, ${counts['unchanged']} unchanged); ${pods}.`;
}

function asData(one: ServiceChanges, patch: Patch): object {
  const { service, changes, unchanged, problems = [] } = one;
  return {
    service: { namespace: service.namespace, name: service.name },
    restartsOrStopsPods: disturbsPods(one),
    unchanged,
    problems,
    changes: changes.map((change) => {
      const { ref, action, pods, fields } = change;
      const text = patch(change);
      return { object: ref, action, pods, fields, ...(text === undefined ? {} : { patch: text }) };
    }),
  };
}
