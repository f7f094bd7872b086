import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { build, type BuildOptions } from 'esbuild';
import { readInstalled } from '../src/cli/world/installed.ts';
import { readSchemas } from '../src/cli/lint/schema.ts';

/** CommonJS packages within an ES module ask for `require`. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
/** The folder in `dist` for the parts of the command line that only some commands load. */
const CLI_PARTS = 'cli-parts';

const root = new URL('..', import.meta.url).pathname;

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  banner: { js: REQUIRE },
  legalComments: 'linked',
  // Names stay, for stack traces. A comment of a dependency that is not Latin 1 would make V8 keep the text twice as large.
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

const outputs = { ...(await build({ ...common, entryPoints: { main: 'src/main.ts' } })).metafile.outputs };
// The image of the operator is built without the manifests that the command line carries, and has no command line.
if (existsSync(`${root}manifests`) && existsSync(`${root}crds`)) Object.assign(outputs, await buildCli());

for (const [file, { bytes }] of Object.entries(outputs)) {
  process.stdout.write(`${file} ${Math.round(bytes / 1024)} KiB\n`);
}

async function buildCli(): Promise<typeof outputs> {
  const { metafile } = await build({
    ...common,
    entryPoints: { cli: 'src/cli.ts' },
    splitting: true,
    chunkNames: `${CLI_PARTS}/[name]-[hash]`,
    define: {
      INSTALLED: JSON.stringify(await readInstalled(root)),
      SCHEMAS: JSON.stringify(readSchemas(root)),
    },
  });
  chmodSync(`${root}dist/cli.js`, 0o755);
  // Parts of earlier builds go last, so that a build beside this one finds its own.
  for (const file of readdirSync(`${root}dist/${CLI_PARTS}`)) {
    if (!metafile.outputs[`dist/${CLI_PARTS}/${file}`]) rmSync(`${root}dist/${CLI_PARTS}/${file}`);
  }
  return metafile.outputs;
}
