import {
  type Document,
  type DocumentOptions,
  LineCounter,
  parseAllDocuments,
  type ParseOptions,
  type SchemaOptions,
  stringify,
} from 'yaml';

/** One document of a file, which remembers where its values stand. */
export interface YamlDocument {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Scalars as kubectl reads them: YAML 1.1 without numbers of base 60 and without dates. */
const READ: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  prettyErrors: false,
  logLevel: 'error',
  customTags: (tags) =>
    tags.filter((tag) => {
      if (typeof tag === 'string') return tag !== 'timestamp' && tag !== 'intTime' && tag !== 'floatTime';
      return tag.tag !== 'tag:yaml.org,2002:timestamp' && (tag as { format?: string }).format !== 'TIME';
    }),
};

/** The documents of a YAML or JSON text; what is wrong with them is in `document.errors`. */
export function parseYaml(text: string): readonly YamlDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { ...READ, lineCounter: lines });
  return Array.isArray(documents) ? documents.map((document) => ({ document, lines })) : [];
}

/** YAML that readers of version 1.1 and 1.2 understand alike: keys sorted, lines not folded, documents divided by `---`. */
export function writeYaml(documents: readonly unknown[]): string {
  return documents
    .map((document) =>
      stringify(document, { version: '1.1', lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false }),
    )
    .join('---\n');
}
