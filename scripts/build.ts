import { existsSync } from 'node:fs';
import { build } from 'esbuild';

/** The bundles and where each begins. */
const ENTRIES: Readonly<Record<string, string>> = {
  main: 'src/main.ts',
  'gateway-certificate': 'src/gateway-certificate.ts',
};

/** CommonJS packages within an ES module ask for `require`. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const root = new URL('..', import.meta.url).pathname;
const entryPoints = Object.fromEntries(Object.entries(ENTRIES).filter(([, file]) => existsSync(`${root}${file}`)));

const result = await build({
  absWorkingDir: root,
  entryPoints,
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
