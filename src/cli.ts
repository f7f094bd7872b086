#!/usr/bin/env node
import { basename } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { processIo } from './cli/io.ts';
import { run } from './cli/program.ts';

const stop = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    stop.abort();
    process.exit(code);
  });
}

const called = basename(process.argv[1] ?? '').replace(/\.[jt]s$/, '');
const name = called.startsWith('kubectl-') ? `kubectl ${called.slice('kubectl-'.length)}` : 'llmisvc';
process.exitCode = await run(process.argv.slice(2), name, packageJson.version, processIo(stop.signal));
