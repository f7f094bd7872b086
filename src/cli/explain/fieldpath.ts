import type { Step } from '../../config/paths.ts';
import { Trouble } from '../complaint.ts';

/**
 * The steps of a path as a person types it: `spec.template.containers[name=main].env[0]`, keys with dots in brackets, with
 * or without quotes (`labels['example.com/team']`), or behind backslashes as kubectl takes them (`labels.example\.com/team`).
 *
 * @throws Trouble that shows where the text is no path
 */
export function parsePath(text: string): readonly Step[] {
  const found: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const first = found.length === 0;
    const part = (first ? FIRST : NEXT).exec(rest);
    if (!part) throw noPath(text, text.length - rest.length);
    const { key, quoted, single, double, bracket } = part.groups ?? {};
    const literal = quoted === undefined ? undefined : (single ?? double ?? '');
    found.push(literal ?? (bracket === undefined ? (key ?? '').replaceAll(/\\(.)/g, '$1') : bracketed(bracket)));
    rest = rest.slice(part[0].length);
  }
  if (found.length === 0) throw noPath(text, 0);
  return found;
}

const KEY = String.raw`(?<key>(?:[^.[\]\\'"]|\\.)+)`;
const BRACKETS = String.raw`\[(?:(?<quoted>'(?<single>[^']+)'|"(?<double>[^"]+)")|(?<bracket>[^[\]'"]+))\]`;
const FIRST = new RegExp(String.raw`^\.?${KEY}`);
const NEXT = new RegExp(String.raw`^(?:\.${KEY}|${BRACKETS})`);

function bracketed(text: string): Step {
  if (/^\d+$/.test(text)) return Number(text);
  const equals = text.indexOf('=');
  return equals < 0 ? text : { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function noPath(text: string, at: number): Trouble {
  const where = text === '' ? 'It is empty' : `It goes wrong at "${text.slice(at)}", character ${at + 1}`;
  return new Trouble(
    `"${text}" is no path. ${where}. Write keys with dots between them, and items in brackets: spec.template.containers[name=main].args[0].`,
  );
}
