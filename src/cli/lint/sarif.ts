import { pathToFileURL } from 'node:url';
import { isAbsolute } from 'node:path';
import type { Finding } from './findings.ts';
import { aboutRule } from './rules.ts';

const LEVELS = { error: 'error', warning: 'warning', advice: 'note' } as const;

/** Findings in the Static Analysis Results Interchange Format, version 2.1.0, which code review tools read. */
export function sarifOf(findings: readonly Finding[], version: string): object {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'llmisvc', version, rules: rules.map(ruleOf) } },
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: rules.indexOf(finding.rule),
          level: LEVELS[finding.severity],
          message: { text: finding.path ? `${finding.path}: ${finding.message}` : finding.message },
          ...locations(finding),
        })),
      },
    ],
  };
}

function ruleOf(id: string): object {
  const text = aboutRule(id);
  return {
    id,
    shortDescription: { text },
    help: { text: `${text} What is wrong, and what is allowed, is said by each result.` },
  };
}

/** The text of standard input has no place of its own. */
const STDIN = 'stdin';

function locations({ file, line, column, object }: Finding): object {
  if (file === undefined) return object ? { locations: [{ logicalLocations: [{ fullyQualifiedName: object }] }] } : {};
  const uri = file === '<stdin>' ? STDIN : isAbsolute(file) ? pathToFileURL(file).href : relative(file);
  const region = line === undefined ? {} : { region: { startLine: line, ...(column ? { startColumn: column } : {}) } };
  return { locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }] };
}

function relative(file: string): string {
  return encodeURI(file.replaceAll('\\', '/'));
}
