/** An error may quote a whole template; a condition has no room for that. */
const LONGEST_MESSAGE = 1_000;

/**
 * The only thing that parsing and executing a template throws. `message` has Go's wording and prefix, `offset` is the
 * place in the text of the template, counted in UTF-16 units.
 */
export class TemplateError extends Error {
  readonly stage: 'parse' | 'execute';
  readonly offset: number;

  constructor(stage: 'parse' | 'execute', message: string, offset: number) {
    super(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message);
    this.name = 'TemplateError';
    this.stage = stage;
    this.offset = offset;
  }
}
