/** What a command has of the world besides its arguments: texts in and out, and how the output is looked at. */
export interface Io {
  /** Writes to standard output, for programs and people. */
  readonly out: (text: string) => void;
  /** Writes to standard error: problems, warnings and notes. */
  readonly err: (text: string) => void;
  /** All of standard input. */
  readonly stdin: () => Promise<string>;
  /** Whether a person looks at standard output. */
  readonly terminal: boolean;
  /** Whether colours may be used on standard output; `NO_COLOR` and `FORCE_COLOR` are honoured. */
  readonly colours: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  /** Aborts when the user ends the command. */
  readonly signal: AbortSignal;
}

/** Narrower terminals are written to as if they had this width. */
const NARROWEST = 60;
const USUAL = 100;

/** The streams of this process. A reader that goes away early, such as `head`, ends the process without a complaint. */
export function processIo(signal: AbortSignal): Io {
  const { stdout, stderr, stdin, env } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const terminal = stdout.isTTY;
  return {
    out: (text) => void stdout.write(terminal ? printable(text) : text),
    err: (text) => void stderr.write(stderr.isTTY ? printable(text) : text),
    stdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
    terminal,
    colours: env['NO_COLOR'] ? false : env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : terminal,
    columns: Math.max(NARROWEST, stdout.columns ?? USUAL),
    signal,
  };
}

/** A control character other than line end and tab, and not the beginning of a style that the commands print. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /(?!\u001b\[(?:1|2|22|31|32|33|36|39)m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The text with control characters spelled out: names and values of files shall not steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
