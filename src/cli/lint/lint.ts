import { CONFIG_MAP } from '../../api/children.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../../api/llmisvc.ts';
import { type Complaint, Trouble } from '../complaint.ts';
import { type Finding, findingsOf } from './findings.ts';
import type { Located } from '../input/input.ts';
import type { Io } from '../io.ts';
import { findingLines } from './linttext.ts';
import { sarifOf } from './sarif.ts';
import { openSession, report, type Session, type SessionOptions } from '../session.ts';
import { SETTINGS_CONFIG_MAP } from '../input/settings.ts';
import { isOurs } from './shapes.ts';

export interface LintOptions extends SessionOptions {
  readonly output: 'text' | 'json' | 'sarif';
  readonly failOn: Severity;
}

type Severity = Complaint['severity'];
const SEVERITIES: readonly Severity[] = ['advice', 'warning', 'error'];

/**
 * `llmisvc lint`: everything that the API server and the conditions would say about the services and configs of the input,
 * and advice.
 *
 * @throws Trouble when there is nothing to lint
 * @returns the exit code: 0, or 1 when something is at least as severe as `failOn`
 */
export async function lintCommand(options: LintOptions, version: string, io: Io): Promise<number> {
  const session = await openSession(options, io);
  try {
    const findings = await findingsOf(session);
    if (findings.length === 0 && !session.inputs.objects.some(isLinted)) {
      // They may say why.
      report([], session.world.notes(), io);
      throw new Trouble(NOTHING);
    }
    print(findings, session, options.output, version, io);
    for (const note of session.world.notes()) io.err(`note: ${note}\n`);
    const limit = SEVERITIES.indexOf(options.failOn);
    return findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= limit) ? 1 : 0;
  } finally {
    await session.close();
  }
}

const NOTHING = `The input has nothing to lint: no ${LLMISVC.kind}, no ${LLMISVC_CONFIG.kind} and no ConfigMap ${SETTINGS_CONFIG_MAP}.`;

function isLinted({ object }: Located): boolean {
  return isOurs(object) || (object.kind === CONFIG_MAP.kind && object.metadata.name === SETTINGS_CONFIG_MAP);
}

function print(
  findings: readonly Finding[],
  { services }: Session,
  output: LintOptions['output'],
  version: string,
  io: Io,
): void {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const summary = {
    services: services.length,
    errors: count('error'),
    warnings: count('warning'),
    advice: count('advice'),
  };
  if (output === 'sarif') io.out(`${JSON.stringify(sarifOf(findings, version), undefined, 2)}\n`);
  else if (output === 'json') io.out(`${JSON.stringify({ findings, summary }, undefined, 2)}\n`);
  else {
    for (const line of findingLines(findings, io)) io.out(`${line}\n`);
    if (io.terminal && findings.length > 0) io.out('\n');
    const { errors, warnings, advice } = summary;
    io.out(
      `${counted(services.length, 'service')}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${advice} of advice.\n`,
    );
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
