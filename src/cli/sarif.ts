import { pathToFileURL } from 'node:url';
import { isAbsolute } from 'node:path';
import type { Finding } from './findings.ts';

const LEVELS = { error: 'error', warning: 'warning', advice: 'note' } as const;

/** Findings in the Static Analysis Results Interchange Format, version 2.1.0, which code review tools read. */
export function sarifOf(findings: readonly Finding[], version: string): object {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'llmisvc', version, rules: rules.map((id) => ({ id })) } },
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

function locations({ file, line, column, object }: Finding): object {
  if (file === undefined) return object ? { locations: [{ logicalLocations: [{ fullyQualifiedName: object }] }] } : {};
  const uri = isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll('\\', '/'));
  const region = line === undefined ? {} : { region: { startLine: line, ...(column ? { startColumn: column } : {}) } };
  return { locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }] };
}
