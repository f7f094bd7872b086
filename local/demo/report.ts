import { styleText } from 'node:util';
import type { Step } from '../step.ts';

/** What the local commands tell a person: steps with their times, and never more than ten seconds of silence. */
export interface Report {
  title(text: string): void;
  /** Runs one step and prints it with its time; what is said meanwhile appears below. A failed step is marked and rethrown. */
  readonly step: Step;
  /** One line within the step that runs. */
  line(text: string): void;
  /** A command as a person would type it. */
  command(text: string): void;
  /** What a command answered, indented. */
  output(text: string): void;
  /** A part of an answer, as it arrives; empty lines are left out. */
  stream(text: string): void;
  failure(text: string): void;
  /** The table of steps and times, with a total. */
  summary(): void;
}

type Style = Parameters<typeof styleText>[0];

const STILL_MS = 8000;

/** A report to a stream; colours only where the stream is a terminal and NO_COLOR is not set. */
export function createReport(out: NodeJS.WriteStream = process.stdout): Report {
  const paint = (style: Style, text: string): string => styleText(style, text, { stream: out });
  const times: { readonly text: string; readonly seconds: number; readonly depth: number }[] = [];
  const began = performance.now();
  let lastSaid = performance.now();
  let depth = 0;
  let midLine = false;

  const write = (text: string): void => {
    lastSaid = performance.now();
    midLine = !text.endsWith('\n');
    out.write(text);
  };
  const print = (text: string): void => write(`${midLine ? '\n' : ''}${text}\n`);
  const indent = (): string => '  '.repeat(depth + 1);

  return {
    title: (text) => print(`\n${paint(['bold'], text)}\n${paint('dim', '─'.repeat(Math.min(text.length, 100)))}`),
    async step(text, run) {
      const start = performance.now();
      const at = times.length;
      print(`${indent()}${paint('cyan', '▸')} ${text}`);
      depth += 1;
      const own = depth;
      const ticker = setInterval(() => {
        const innermost = own === depth;
        if (innermost && performance.now() - lastSaid >= STILL_MS) {
          print(`${indent()}${paint('dim', `… ${text}: ${secondsSince(start)}`)}`);
        }
      }, 1000);
      try {
        const result = await run((line) => {
          for (const part of wrap(line, (out.columns ?? 120) - indent().length))
            print(`${indent()}${paint('dim', part)}`);
        });
        depth -= 1;
        times.splice(at, 0, { text, seconds: (performance.now() - start) / 1000, depth });
        print(`${indent()}${paint('green', '✓')} ${text} ${paint('dim', secondsSince(start))}`);
        return result;
      } catch (error) {
        depth -= 1;
        print(`${indent()}${paint('red', '✗')} ${text} ${paint('dim', secondsSince(start))}`);
        throw error;
      } finally {
        clearInterval(ticker);
      }
    },
    line: (text) => print(`${indent()}${text}`),
    command(text) {
      print('');
      for (const line of text.split('\n')) print(`${indent()}${paint('bold', `$ ${line}`)}`);
    },
    output(text) {
      for (const line of text.trimEnd().split('\n')) print(`${indent()}${paint('yellow', line)}`);
    },
    stream(text) {
      for (const part of text.split(/(?<=\n)/)) {
        if (part === '\n' && !midLine) continue;
        const line = part.replace(/\n$/, '');
        write(`${midLine ? '' : indent()}${paint('yellow', line)}${part.endsWith('\n') ? '\n' : ''}`);
      }
    },
    failure: (text) => print(`${paint(['red', 'bold'], 'Failed:')} ${text}`),
    summary() {
      print(`\n${paint('bold', 'Times')}`);
      for (const { text, seconds, depth: level } of times) {
        const label = `${'  '.repeat(level + 1)}${text}`;
        print(`${label.padEnd(72)} ${seconds.toFixed(1).padStart(7)} s`);
      }
      print(`${'  Total'.padEnd(72)} ${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s`);
    },
  };
}

function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** A text as lines of a width, broken at spaces; what follows the first line is set in by four. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `    ${word}`;
    } else {
      line = line === '' && lines.length === 0 ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
