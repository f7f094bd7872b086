import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import { readFlags } from './operator/flags.ts';
import { operate } from './operator/operator.ts';
import { createTelemetry } from './operator/telemetry.ts';

/** Milliseconds that running passes and the Lease get to end in. */
const SHUTDOWN = 4_500;

const command = readFlags(process.argv.slice(2), process.env, packageJson.version);
if ('print' in command) {
  process.stdout.write(command.print);
} else if ('refuse' in command) {
  process.stderr.write(command.refuse);
  process.exitCode = 2;
} else {
  const flags = command.run;
  const telemetry = createTelemetry(flags.logLevel);
  const { log } = telemetry;
  const stop = new AbortController();

  const fail = (error: unknown): never => {
    log.error({ error }, 'The operator failed and ends.');
    process.exit(1);
  };
  const endSoon = (): void =>
    void setTimeout(() => fail(new Error(`not ended within ${SHUTDOWN} ms`)), SHUTDOWN).unref();
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      log.info({ signal: name }, 'The operator was asked to end.');
      stop.abort();
      endSoon();
    });
  }

  log.info({ version: packageJson.version }, 'The operator starts.');
  const identity = `${process.env['POD_NAME'] ?? hostname()}_${randomUUID()}`;
  const end = await operate({ flags, telemetry, identity, onLost: endSoon }, stop.signal).catch(fail);
  log.info({ end }, 'The operator ended.');
  // What is left, such as an idle connection, must not keep the process.
  process.exit(end === 'lost' ? 1 : 0);
}
