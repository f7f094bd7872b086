import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../api/llmisvc.ts';
import { describe, gvkKey, refKey, refOf } from '../api/object.ts';
import type { Source } from '../api/problem.ts';
import { adviceFor, type Advice } from './advice.ts';
import { type Complaint, lineOf, sortedComplaints } from './complaint.ts';
import { complaintsOf } from './complaints.ts';
import { type Evaluated, evaluate } from './evaluate.ts';
import type { Located } from './input.ts';
import type { Io } from './io.ts';
import { stepsText, named } from './leaves.ts';
import { positionAt, positionOf } from './place.ts';
import { sarifOf } from './sarif.ts';
import { type Schemas, schemas, violations } from './schema.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface LintOptions extends SessionOptions {
  readonly output: 'text' | 'json' | 'sarif';
  readonly failOn: Severity;
}

/** A complaint with the name of the rule that it breaks. */
export interface Finding extends Complaint {
  readonly rule: string;
}

type Severity = Complaint['severity'];
const SEVERITIES: readonly Severity[] = ['advice', 'warning', 'error'];

/**
 * `llmisvc lint`: everything that the API server and the conditions would say about the services and configs of the input,
 * and advice.
 *
 * @returns the exit code: 0, or 1 when something is at least as severe as `failOn`
 */
export async function lintCommand(options: LintOptions, version: string, io: Io): Promise<number> {
  const session = await openSession(options, io);
  try {
    const findings = await findingsOf(session);
    print(findings, session, options.output, version, io);
    for (const note of session.world.notes()) io.err(`note: ${note}\n`);
    const limit = SEVERITIES.indexOf(options.failOn);
    return findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= limit) ? 1 : 0;
  } finally {
    await session.close();
  }
}

async function findingsOf(session: Session): Promise<readonly Finding[]> {
  const { complaints, inputs, services, world, located } = session;
  const found: Finding[] = complaints.map((complaint) => ({ ...complaint, rule: 'Input' }));
  for (const service of services) {
    const evaluated = await evaluate(service, world);
    const problems = { ...evaluated, problems: [...evaluated.problems, ...evaluated.missing] };
    for (const { problem, ...complaint } of complaintsOf(problems, located, world.settings)) {
      found.push({ ...complaint, rule: problem.code });
    }
    found.push(...adviceFor(evaluated).map((advice) => placed(advice, evaluated, session)));
  }
  // A problem says more than the schema about the same place.
  const places = new Set(found.map(placeKey));
  const shapes = schemas();
  const ofSchema = inputs.objects.flatMap((object) => schemaFindings(object, shapes));
  found.push(...ofSchema.filter((finding) => !places.has(placeKey(finding))));
  return sortedComplaints(found) as readonly Finding[];
}

function placeKey({ file, line, column }: Complaint): string {
  return `${file}:${line}:${column}`;
}

/** What the API server would refuse for the schema, embedded pod templates and routes included. */
function schemaFindings({ object, place }: Located, shapes: Schemas): readonly Finding[] {
  const ours = [LLMISVC, LLMISVC_CONFIG].some((gvk) => gvkKey(gvk) === gvkKey(object));
  const schema = ours ? shapes[object.kind] : undefined;
  const { spec } = object as LLMInferenceService;
  if (!schema) return [];
  return violations(spec, schema).map(({ at, message }) => ({
    severity: 'error',
    rule: 'Schema',
    file: place.file,
    ...positionAt(place, ['spec', ...at]),
    path: `spec.${stepsText(named(spec, at))}`.replace('.[', '[').replace(/\.$/, ''),
    message,
  }));
}

/** Advice at the place of the layer that wrote the value, else at the service. */
function placed(
  { path, rule, severity, message }: Advice,
  { effective, service }: Evaluated,
  session: Session,
): Finding {
  const origin = effective.originOf(path);
  const ref = origin && 'layer' in origin ? refOfLayer(origin.layer) : undefined;
  const own = session.located.get(refKey({ ...LLMISVC, ...nameOf(service) }));
  const found = (ref ? session.located.get(refKey(ref)) : undefined) ?? own;
  const where = found
    ? { file: found.place.file, ...positionOf(found.place, path) }
    : { object: describe(refOf(service)) };
  return { severity, rule, ...where, path, message };
}

function refOfLayer({ kind, namespace, name }: Source): Parameters<typeof refKey>[0] {
  return { ...(kind === LLMISVC.kind ? LLMISVC : LLMISVC_CONFIG), namespace, name };
}

function nameOf({ metadata }: LLMInferenceService): { readonly namespace: string; readonly name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
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
    for (const finding of findings) io.out(`${lineOf(finding)} [${finding.rule}]\n`);
    const { errors, warnings, advice } = summary;
    io.out(
      `${counted(services.length, 'service')}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${advice} of advice.\n`,
    );
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
