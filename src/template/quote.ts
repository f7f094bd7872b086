/** Go's quoted strings, read and written as `strconv` does. */

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
const NAMED: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([name, code]) => [code, `\\${name}`]),
);
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))|[^\\]/uy;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** What stands between the quotes of a Go string or character, or undefined when that is no valid syntax. */
export function unquote(inner: string, mark: '"' | "'"): string | undefined {
  const bytes: number[] = [];
  ESCAPE.lastIndex = 0;
  for (let at = 0; at < inner.length; at = ESCAPE.lastIndex) {
    const found = ESCAPE.exec(inner);
    if (!found) return undefined;
    const [all, byte, short, long, octal, simple] = found;
    if (!all.startsWith('\\')) {
      if (all === mark) return undefined;
      bytes.push(...Buffer.from(all));
    } else if (byte !== undefined || octal !== undefined) {
      const code = Number.parseInt(byte ?? (octal as string), byte === undefined ? 8 : 16);
      if (code > 255) return undefined;
      // In a character constant the number is the character.
      bytes.push(...(mark === "'" ? Buffer.from(String.fromCodePoint(code)) : [code]));
    } else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? (long as string), 16);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
      bytes.push(...Buffer.from(String.fromCodePoint(code)));
    } else {
      const code =
        simple === mark
          ? mark.charCodeAt(0)
          : Object.hasOwn(ESCAPES, simple ?? '')
            ? ESCAPES[simple as string]
            : undefined;
      if (code === undefined) return undefined;
      bytes.push(code);
    }
  }
  return Buffer.from(bytes).toString();
}

/** The text in quotes, as `%q` prints it; `ascii` escapes everything that is not ASCII. */
export function quote(text: string, mark: '"' | "'" = '"', ascii = false): string {
  let quoted = mark as string;
  for (const character of text) quoted += escaped(character, mark, ascii);
  return quoted + mark;
}

export function isPrintable(character: string): boolean {
  return PRINTABLE.test(character);
}

function escaped(character: string, mark: string, ascii: boolean): string {
  const code = character.codePointAt(0) as number;
  if (character === mark) return `\\${mark}`;
  if (NAMED[code] !== undefined) return NAMED[code];
  if (isPrintable(character) && (!ascii || code < 128)) return character;
  if (code < 128) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
