import { allPrograms, type ProgramName, programs } from './programs.ts';

// `node local/programs/main.ts [name…]`: makes sure that programs are at hand and prints where they are.
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(allPrograms as readonly string[]).includes(name));
if (unknown.length > 0) {
  process.stderr.write(`unknown program ${unknown.join(', ')}: choose from ${allPrograms.join(', ')}\n`);
  process.exitCode = 2;
} else {
  try {
    const paths = await programs(names.length > 0 ? (names as ProgramName[]) : allPrograms);
    for (const [name, path] of Object.entries(paths)) process.stdout.write(`${name} ${path}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
