const textById = new Map<number, string>();

/** The tokens of a text, in order; joined they are the text again. A token is a word or a mark with the space before it. */
export function tokenize(text: string): string[] {
  const tokens = text.match(/\s*(?:[\p{L}\p{N}]+|[^\s\p{L}\p{N}])|\s+$/gu) ?? [];
  return [...tokens];
}

/** The number that stands for a token; the same in every process. */
export function tokenId(token: string): number {
  let hash = 2166136261;
  for (const byte of Buffer.from(token)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  const id = hash % 151_643;
  textById.set(id, token);
  return id;
}

/** The text of a token that this process has numbered, or undefined. */
export function tokenText(id: number): string | undefined {
  return textById.get(id);
}
