import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { canonicalJson, jsonEqual } from '../../src/api/object.ts';
import type { Difference } from './difference.ts';
import type { ReferenceCase } from './folder.ts';

/** An intended difference. What is left out matches everything. */
export interface Rule {
  /** Regular expressions. */
  readonly case?: string | undefined;
  readonly object?: string | undefined;
  readonly path?: string | undefined;
  /** The values on both sides; null stands for an absent one. */
  readonly kserve?: unknown;
  readonly ours?: unknown;
  /** Regular expressions for the values; what is no text is matched as JSON. */
  readonly kservePattern?: string | undefined;
  readonly oursPattern?: string | undefined;
  /** Regular expressions for what was applied, and for what KServe made of it: lists of objects as JSON with sorted keys. */
  readonly input?: string | undefined;
  readonly recorded?: string | undefined;
  readonly reason: string;
  /** The heading of `docs/differences.md`, as the end of its link. */
  readonly section: string;
}

/** What rules know of a case. */
export type Subject = Pick<ReferenceCase, 'name' | 'input' | 'recorded'>;

/** A difference of a case, with the rule that explains it. */
export interface Judged extends Difference {
  readonly of: Subject;
  readonly rule?: Rule;
}

const expression = z.string().refine(isExpression, 'is no regular expression').optional();
const RULES = z.array(
  z
    .strictObject({
      case: expression,
      object: expression,
      path: expression,
      kserve: z.json().optional(),
      ours: z.json().optional(),
      kservePattern: expression,
      oursPattern: expression,
      input: expression,
      recorded: expression,
      reason: z.string().min(1),
      section: z.string().regex(/^[a-z0-9-]+$/),
    })
    .refine(({ path }) => path !== undefined, 'has no path'),
);

/**
 * Reads the list of intended differences.
 *
 * @throws Error that names the file and the rule that is not one
 */
export function readRules(file: string): readonly Rule[] {
  const { data, error } = RULES.safeParse(parse(readFileSync(file, 'utf8')) ?? []);
  if (data) return data;
  const complaints = error.issues.map(({ path, message }) => `rule ${path.join('.')}: ${message}`);
  throw new Error(`${file}: ${complaints.join('; ')}`);
}

/** The differences of a case, each with the first rule that explains it. */
export function judged(of: Subject, differences: readonly Difference[], rules: readonly Rule[]): readonly Judged[] {
  return differences.map((difference) => {
    const rule = rules.find((candidate) => explains(candidate, of, difference));
    return { ...difference, of, ...(rule ? { rule } : {}) };
  });
}

/** The rules that explain none of the differences: they are mistaken, or what they explain is gone. */
export function unused(rules: readonly Rule[], all: readonly Judged[]): readonly Rule[] {
  return rules.filter((rule) => !all.some((difference) => explains(rule, difference.of, difference)));
}

function explains(rule: Rule, { name, input, recorded }: Subject, { object, path, kserve, ours }: Difference): boolean {
  return (
    matches(rule.case, name) &&
    matches(rule.object, object) &&
    matches(rule.path, path) &&
    equals(rule.kserve, kserve) &&
    equals(rule.ours, ours) &&
    isLike(rule.kservePattern, kserve) &&
    isLike(rule.oursPattern, ours) &&
    isWithin(rule.input, input) &&
    isWithin(rule.recorded, recorded)
  );
}

function matches(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(pattern).test(text);
}

function equals(wanted: unknown, found: unknown): boolean {
  return wanted === undefined || jsonEqual(wanted, found ?? null);
}

function isLike(pattern: string | undefined, found: unknown): boolean {
  const text = typeof found === 'string' ? found : (JSON.stringify(found) ?? '');
  return matches(pattern, text);
}

const texts = new WeakMap<object, string>();

/** Looks for the pattern in objects, whose text is made once. */
function isWithin(pattern: string | undefined, objects: object): boolean {
  if (pattern === undefined) return true;
  const text = texts.get(objects) ?? canonicalJson(objects);
  texts.set(objects, text);
  return matches(pattern, text);
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
