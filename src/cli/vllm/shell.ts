/** The words of a shell text: quotes and backslashes are undone, variables are left as they are. */
export function shellWords(text: string): readonly string[] {
  const words = text.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/g);
  return [...words].map(([word]) => unquoted(word)).filter((word) => word !== '');
}

/**
 * The commands of a shell text, each as its words: operators, ends of lines and comments divide them, redirections are left
 * out. Substitutions stay in one word as they are written.
 */
export function shellCommands(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let redirected = false;
  for (const [token] of text.matchAll(TOKEN)) {
    if (/^([ \t\r]|\\\n)/.test(token) || token.startsWith('#')) continue;
    if (/^\d*[<>]/.test(token) && !token.startsWith('<(')) redirected = true;
    else if (OPERATOR.test(token)) commands.push([]);
    else if (redirected) redirected = false;
    else commands.at(-1)?.push(unquoted(token));
  }
  return commands.filter((words) => words.length > 0);
}

const SUBSTITUTION = String.raw`[$<]\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\x60[^\x60]*\x60`;
const QUOTED = String.raw`\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*'`;
/** Blanks, a comment, a redirection, an operator or a word. */
const TOKEN = new RegExp(
  String.raw`(?:[ \t\r]|\\\n)+|(?<=^|\s|[;&|()])#[^\n]*|\d*[<>]+&?(?!\()-?|[;&|()\n]+|(?:${SUBSTITUTION}|${QUOTED}|[^\s;&|()<>"'\\])+|[^]`,
  'g',
);
const OPERATOR = /^[;&|()\n]/;

function unquoted(word: string): string {
  return word.replaceAll(/\\\n|\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g, (_all, ...parts: unknown[]) => {
    const [escaped, double, single] = parts as (string | undefined)[];
    return escaped ?? double?.replaceAll(/\\\n/g, '').replaceAll(/\\([$`"\\])/g, '$1') ?? single ?? '';
  });
}
