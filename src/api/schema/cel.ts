/**
 * That a field is there, with all the objects around it: `has(self.a) && has(self.a.b)` for `self.a.b`. The API server
 * knows the bounds of fields that are reached in this way; behind an optional (`self.?a.?b`) it takes lists and strings
 * as unbounded, and finds the rule too dear.
 */
export function has(path: string): string {
  const names = path.split('.');
  const parts = names.slice(1).map((_, index) => `has(${names.slice(0, index + 2).join('.')})`);
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' && ')})`;
}
