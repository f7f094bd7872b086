/** Escaping for HTML, JavaScript and URLs, as the functions of Go's `text/template` of the same names do. */
import { isPrintable } from './quote.ts';

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/** For the text and the attributes of HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => HTML[character] as string);
}

/** For a string inside a script. */
export function escapeJs(text: string): string {
  return text.replace(/[\\'"]|[<>&=]|[^\x20-\x7f]/gu, (character) => {
    if (/[\\'"]/.test(character)) return `\\${character}`;
    if (character > '\x7f' && isPrintable(character)) return character;
    return `\\u${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** For a value in the query of a URL. */
export function escapeQuery(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/gu, (character) =>
    character === ' '
      ? '+'
      : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
