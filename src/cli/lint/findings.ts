import { type Complaint, sortedComplaints } from '../complaint.ts';
import { configFindings } from './configfindings.ts';
import { doubledFindings } from './listkeys.ts';
import { objectFindings } from './objectfindings.ts';
import { schemas } from './schema.ts';
import { type Named, serviceFindings } from './servicefindings.ts';
import type { Session } from '../session.ts';
import { settingFindings } from './settingfindings.ts';
import { shapesOf } from './shapes.ts';

/** A complaint with the name of the rule that it breaks. */
export interface Finding extends Complaint {
  readonly rule: string;
}

/** Everything that is to be said about the input, in the order of files and positions, each once. */
export async function findingsOf(session: Session): Promise<readonly Finding[]> {
  const { complaints, inputs, services, world } = session;
  const { objects } = inputs;
  const shapes = schemas();
  const shaped = objects.flatMap((object) => shapesOf(object, shapes));
  const doubled = objects.flatMap(doubledFindings);
  const known: Named = { schemas: shapes, shaped, doubled };

  const ofServices: Finding[] = [];
  const said = new Set<string>();
  for (const service of services) {
    const judged = await serviceFindings(service, session, known);
    ofServices.push(...judged.findings);
    for (const spot of judged.spots) said.add(spot);
  }
  const configs = objects.map((object) => configFindings(object, world.settings, shapes));
  for (const spot of configs.flatMap(({ spots }) => spots)) said.add(spot);
  return sortedComplaints([
    ...complaints.map((complaint) => ({ ...complaint, rule: 'Input' })),
    ...objects.flatMap(objectFindings),
    ...objects.flatMap((object) => settingFindings(object, world.settings)),
    ...doubled,
    ...ofServices,
    ...configs
      .flatMap(({ findings }) => findings)
      .filter((finding) => !ofServices.some((other) => isSame(finding, other))),
    ...shaped.filter(({ spot }) => !said.has(spot)).map(({ finding }) => finding),
  ]) as readonly Finding[];
}

/** Whether a service has the same said about its config, perhaps with more words. */
function isSame(one: Finding, other: Finding): boolean {
  return (
    one.rule === other.rule &&
    one.file === other.file &&
    one.line === other.line &&
    one.column === other.column &&
    other.message.startsWith(one.message)
  );
}
