/** Tells a person something about the step that runs, one line. */
export type Say = (line: string) => void;

/** Runs one step of something longer, and tells a person about its begin, its end and its time. */
export type Step = <T>(text: string, run: (say: Say) => Promise<T>) => Promise<T>;

/** Steps of which nobody is told, for tests. */
export const silentStep: Step = (_text, run) => run(() => undefined);
