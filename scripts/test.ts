/**
 * Runs the test levels and ends with one line: `N passed, N failed, N skipped`. They come one after the other, but for one that
 * mostly waits and runs beside another; its output comes when that has ended.
 *   node scripts/test.ts [level…] [-- jest options]
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../local/programs/programs.ts';

interface Level {
  readonly name: string;
  readonly what: string;
  readonly workers: number;
  /** Starts programs of the local stack. */
  readonly local?: boolean;
  /** The level that it runs beside, if both run. */
  readonly beside?: string;
  /** Why the level cannot run here; its tests then count as skipped. */
  readonly obstacle?: () => string | undefined;
}

const LEVELS: readonly Level[] = [
  { name: 'golden', what: 'input and expected output, offline', workers: 2 },
  { name: 'property', what: 'laws of merge, templates, quantities and names', workers: 2 },
  { name: 'shell', what: 'faults against a scripted API server, and units', workers: 2 },
  { name: 'cli', what: 'the command line, offline', workers: 2 },
  { name: 'cluster', what: 'a real API server with its controllers', workers: 3, local: true },
  { name: 'fuzz', what: 'services and configs at random, right and wrong', workers: 1, local: true },
  {
    name: 'gateway',
    what: 'requests through a real Envoy Gateway and Envoy',
    workers: 1,
    local: true,
    beside: 'cluster',
  },
  { name: 'container', what: 'the image, in Docker', workers: 1, local: true, obstacle: noDocker },
];

const root = join(import.meta.dirname, '..');
const [wanted, jestOptions] = splitArguments(process.argv.slice(2));
const results = mkdtempSync(join(tmpdir(), 'llmisvc-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const notes: string[] = [];

// On a fresh machine this builds them, which takes minutes and says so; a test would do it silently.
if (LEVELS.some(({ name, local }) => local && (wanted.length === 0 || wanted.includes(name)))) await programs();

const chosen = LEVELS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const started = new Map<string, Promise<void>>();
for (const level of chosen) {
  for (const other of chosen.filter(({ beside }) => beside === level.name))
    started.set(other.name, report(other, true));
  await (started.get(level.name) ?? report(level, false));
}
rmSync(results, { recursive: true, force: true });
console.log(`\n${notes.join('\n')}\n\n${line(total)}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Runs a level and takes its results. When `later`, its output is held back until the end. */
async function report(level: Level, later: boolean): Promise<void> {
  const obstacle = level.obstacle?.();
  const start = Date.now();
  const title = `\n${level.name}: ${level.what}${obstacle ? ` (skipped: ${obstacle})` : ''}`;
  console.log(
    later ? `\n${level.name} runs beside ${level.beside}, and says what came of it when it has ended.` : title,
  );
  const { counted, text, remarks } = await runLevel(level, obstacle, later);
  if (later) console.log(`${title}\n${text}`);
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  notes.push(`${level.name}: ${line(counted)} in ${Math.round((Date.now() - start) / 1000)} s`, ...remarks);
  if (obstacle) notes.push(`  skipped because ${obstacle}`);
}

interface Ran {
  readonly counted: typeof total;
  readonly text: string;
  /** What was skipped. */
  readonly remarks: readonly string[];
}

async function runLevel(level: Level, obstacle: string | undefined, later: boolean): Promise<Ran> {
  const output = join(results, `${level.name}.json`);
  const pattern = level.name === 'golden' ? 'test/golden\\.test\\.ts$' : `test/${level.name}/`;
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    `--maxWorkers=${level.workers}`,
    '--json',
    `--outputFile=${output}`,
    // A pattern that no test has: jest counts every test of the level as pending.
    ...(obstacle ? ['--testNamePattern=^nothing matches this$', '--silent'] : []),
    ...jestOptions,
    pattern,
  ];
  let text = '';
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', later ? 'pipe' : 'inherit'] });
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  if (!existsSync(output)) return { counted: { passed: 0, failed: 1, skipped: 0 }, text, remarks: [] };
  const json = JSON.parse(readFileSync(output, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    numRuntimeErrorTestSuites: number;
    testResults: { assertionResults: { status: string; fullName: string }[] }[];
  };
  const skipped = json.testResults
    .flatMap((file) => file.assertionResults)
    .filter(({ status }) => status === 'pending' || status === 'todo');
  const failed = json.numFailedTests + json.numRuntimeErrorTestSuites;
  return {
    counted: {
      passed: json.numPassedTests,
      // A run that ended badly without a failed test, such as a leaked handle or a crash, is a failure as well.
      failed: code !== 0 && failed === 0 ? 1 : failed,
      skipped: json.numPendingTests + json.numTodoTests,
    },
    text,
    remarks: obstacle ? [] : skipped.map(({ fullName }) => `  skipped: ${fullName}`),
  };
}

function noDocker(): string | undefined {
  const answer = spawnSync('docker', ['info'], { encoding: 'utf8' });
  if (answer.error) return 'there is no docker command';
  return answer.status === 0 ? undefined : 'no Docker daemon answers';
}

function splitArguments(args: readonly string[]): [readonly string[], readonly string[]] {
  const dashes = args.indexOf('--');
  return dashes < 0 ? [args, []] : [args.slice(0, dashes), args.slice(dashes + 1)];
}

function line(counted: typeof total): string {
  return `${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped`;
}
