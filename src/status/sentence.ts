/** The text with a full stop, unless it ends like a sentence. The first letter stays: it may be that of a name. */
export function ended(text: string): string {
  const trimmed = text.trim();
  return /[.!?\u2026]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
