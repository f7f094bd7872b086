import { type DefinitionsCost, type Figures, type Machine, median, type Requests, type Results } from './figures.ts';
import { writesOf } from './follow.ts';

const CHILDREN_OF_ONE = 3;

/** The results as Markdown: the machine, the goals, and all figures, one column for each number of services. */
export function report({ date, machine, core, render, definitions, figures, goals }: Results): string {
  const columns = figures.map((one) => rowsOf(one));
  const names = columns[0]?.map(([name]) => name) ?? [];
  const goalRows = goals.map(({ what, goal, measured, met }) => [what, goal, measured, met ? 'yes' : '**no**']);
  const figureRows = names.map((name, row) => [name, ...columns.map((column) => column[row]?.[1] ?? '')]);
  return [
    `${date}. ${sentenceOf(machine)}`,
    '',
    table(['goal', 'allowed', 'measured', 'reached'], goalRows),
    '',
    `Pure core: median ${core.median.toFixed(3)} ms, 99th percentile ${core.p99.toFixed(3)} ms of ${core.runs} runs.`,
    `\`llmisvc render -f examples/qwen2-7b.yaml\`: median ${render.median.toFixed(0)} ms of ${render.runs} processes.`,
    '',
    table(['', ...figures.map(({ services }) => `${services.toLocaleString('en')} services`)], figureRows),
    '',
    table(
      ['CRDs of both kinds', 'size', 'until served', 'API server without them', 'with them'],
      definitions.map(costOf),
    ),
  ].join('\n');
}

function costOf(cost: DefinitionsCost): readonly string[] {
  const { folder, bytes, established, without } = cost;
  const mb = (megabytes: number): string => `${megabytes.toFixed(0)} MB`;
  const size = `${Math.round(bytes / 1_000).toLocaleString('en')} kB`;
  return [`\`${folder}/\``, size, `${established.toFixed(1)} s`, mb(without), mb(cost.with)];
}

function sentenceOf({ processor, cores, memory, kernel, node, load }: Machine): string {
  return `${cores} cores (${processor}), ${memory} GB of memory, Linux ${kernel}, Node ${node}; load before the run ${load}.`;
}

function rowsOf(figures: Figures): readonly (readonly [string, string])[] {
  const { services, rounds, floors, found, created, rest, countersOfGateway, sharedConfig, restart, memory } = figures;
  const children = services * CHILDREN_OF_ONE;
  const rate = (seconds: number): string => `${seconds.toFixed(2)} s, ${(children / seconds).toFixed(0)} children/s`;
  const ratio = (ours: readonly number[], floor: readonly number[]): string =>
    `${(median(ours) / median(floor)).toFixed(2)} ×`;
  const s = (seconds: number): string => `${seconds.toFixed(2)} s`;
  const mb = (megabytes: number): string => `${megabytes.toFixed(0)} MB`;
  return [
    ['rounds (times are medians)', String(rounds)],
    ['bare client: children', rate(median(floors.children))],
    ['bare client: all requests of the operator', rate(median(floors.everything))],
    ['services exist, operator starts: start to `/readyz`', s(median(found.startToReady))],
    ['… `/readyz` to all children', rate(median(found.readyToChildren))],
    ['… against the bare client (children)', ratio(found.readyToChildren, floors.children)],
    ['… `/readyz` to settled', s(median(found.readyToSettled))],
    ['… against the bare client (all requests)', ratio(found.readyToSettled, floors.everything)],
    ['… process start to settled', s(median(found.startToSettled))],
    ['… the same against the bare client (all requests)', ratio(found.startToSettled, floors.everything)],
    ['… processor time until settled', s(median(found.cpu))],
    ['… requests', requestsText(found.requests)],
    ['… passes over services', String(found.passes)],
    ['services created while it runs: time of creating', s(created.creating)],
    ['… last create to all children', s(created.lastToChildren)],
    ['… last create to settled', s(created.lastToSettled)],
    ['… first create to all children', s(created.firstToChildren)],
    [`at rest: writes, passes, processor time`, `${rest.writes}, ${rest.passes}, ${s(rest.cpu)} in ${rest.seconds} s`],
    [
      'while the counters of a Gateway move: writes, passes',
      `${countersOfGateway.writes}, ${countersOfGateway.passes} for ${countersOfGateway.changes} changes`,
    ],
    ['changed shared config: to the last child', s(sharedConfig.changeToChildren)],
    ['… requests', requestsText(sharedConfig.requests)],
    ['… the bare client for the same Deployments', s(floors.changedDeployments)],
    ['restart: start to `/readyz`', s(restart.startToReady)],
    ['… start to steady', s(restart.startToSteady)],
    ['… processor time until steady', s(restart.cpu)],
    ['… writes', String(writesOf(restart.requests))],
    ['resident memory: at rest, peak', `${mb(memory.steady)}, ${mb(memory.peak)}`],
    ['… after the restart: at rest, peak', `${mb(memory.restartedSteady)}, ${mb(memory.restartedPeak)}`],
  ];
}

function requestsText(requests: Requests): string {
  const byVerb = Map.groupBy(Object.entries(requests), ([key]) => key.slice(0, key.indexOf(' ')));
  const texts = [...byVerb].map(([verb, all]) => {
    const sum = all.reduce((total, [, count]) => total + count, 0);
    return `${sum.toLocaleString('en')} ${verb}`;
  });
  return texts.length > 0 ? texts.join(', ') : 'none';
}

/** A Markdown table with padded columns, so that it can be read as it is. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
