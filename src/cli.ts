#!/usr/bin/env node
import { basename } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { processIo } from './cli/io.ts';
import { createProgram, run } from './cli/program.ts';

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
const args = process.argv.slice(2);
const io = processIo(stop.signal);
if (called === 'kubectl_complete-llmisvc') {
  const { complete } = await import('./cli/complete.ts');
  complete(
    args,
    createProgram(name, packageJson.version, io, () => {}),
    io,
  );
} else {
  process.exitCode = await run(args, name, packageJson.version, io);
}
