import { build } from 'esbuild';

/** CommonJS packages within an ES module ask for `require`. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const root = new URL('..', import.meta.url).pathname;

const result = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  banner: { js: REQUIRE },
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  process.stdout.write(`${file} ${Math.round(bytes / 1024)} KiB\n`);
}
