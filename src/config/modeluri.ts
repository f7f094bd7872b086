/**
 * What is wrong with the text of a URI, by the rules with which KServe reads it: those of Go, whose part between `://` and
 * the next `/` is a host. Answers what to write instead; undefined for a URI that can be read. Which schemes can be used is
 * decided elsewhere.
 */
export function uriFault(uri: string): string | undefined {
  const [address = '', fragment = ''] = cut(uri, '#');
  if (CONTROL.test(address)) return 'a URI without control characters, such as line breaks';
  const [rest = ''] = cut(address.slice(address.indexOf('://') + 3), '?');
  const [authority = '', path = ''] = cut(rest, '/');
  const at = authority.lastIndexOf('@');
  const [user, host] = [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)];
  if (!USER.test(user) || !HOST.test(host.replaceAll(HOST_ESCAPE, ''))) return CHARACTERS;
  if (host.includes('[') !== host.includes(']')) return CHARACTERS;
  if (!PORT.test(host.slice(portIn(host)))) return COLON;
  return [user, path, fragment].every((part) => !STRAY_PERCENT.test(part)) ? undefined : PERCENT;
}

const CHARACTERS =
  'a URI with letters, digits, "-", "_", "." and "~" between "://" and the next "/", where the organization or claim stands';
const COLON = 'a URI without ":" between "://" and the next "/": the organization or claim has none';
const PERCENT =
  'a URI in which two hexadecimal digits follow each "%"; names that have the sign itself cannot be written';

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;
const USER = /^[\w.~!$&'()*+,;=:%@-]*$/;
const HOST = /^[\w.~!$&'()*+,;=:[\]<>"\u0080-\u{10ffff}-]*$/u;
/** In a host only bytes outside of ASCII, and the sign itself, may be escaped. */
const HOST_ESCAPE = /%(?:25|[89a-f][\da-f])/gi;
const PORT = /^(?::\d*)?$/;
const STRAY_PERCENT = /%(?![\da-f]{2})/i;

/** Where the port of a host begins: behind an address in brackets, else at the last colon. */
function portIn(host: string): number {
  if (host.includes('[')) return host.lastIndexOf(']') + 1;
  const colon = host.lastIndexOf(':');
  return colon < 0 ? host.length : colon;
}

function cut(text: string, separator: string): readonly string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
