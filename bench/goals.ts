import { type CliTime, type CoreTime, type Figures, type Goal, median } from './figures.ts';
import { writesOf } from './follow.ts';

/** The status of the config says which generation of it was looked at. */
const CONFIG_STATUS = 'patch llminferenceserviceconfigs/status';

/** The goals of the project beside what was measured with the largest number of services. */
export function goalsOf(figures: Figures, core: CoreTime, render: CliTime): readonly Goal[] {
  const { floors, found, rest, countersOfGateway, restart, memory, sharedConfig, services } = figures;
  const children = median(found.readyToChildren) / median(floors.children);
  const settled = median(found.readyToSettled) / median(floors.everything);
  const idle = rest.writes + countersOfGateway.writes + writesOf(restart.requests);
  const { requests } = sharedConfig;
  const meant = (requests['apply deployments'] ?? 0) + (requests[CONFIG_STATUS] ?? 0);
  const unchanged = writesOf(requests) - meant;
  const resident = Math.max(memory.steady, memory.restartedSteady);
  const count = services.toLocaleString('en');
  return [
    atMost(`all children of ${count} new services written, against a bare client`, 1.5, children, '×'),
    atMost('the same until settled, status included, against a bare client', 1.3, settled, '×'),
    atMost('writes when nothing changed, also across a restart', 0, idle, ''),
    atMost(`restart to steady at ${count} services`, 20, restart.startToSteady, 's'),
    atMost(`resident memory at ${count} services`, 200, resident, 'MB'),
    atMost('pure core, one service, median', 1, core.median, 'ms'),
    atMost('`llmisvc render` of one file, process included, median', 250, render.median, 'ms'),
    atMost(`a changed shared config of ${count} services: all children written`, 5, sharedConfig.changeToChildren, 's'),
    atMost('writes after that beside the changed children and the status of the config', 0, unchanged, ''),
  ];
}

function atMost(what: string, most: number, value: number, unit: string): Goal {
  return { what, goal: `≤ ${most} ${unit}`.trim(), measured: `${round(value)} ${unit}`.trim(), met: value <= most };
}

function round(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
