import { type DocumentOptions, parseAllDocuments, type ParseOptions, type SchemaOptions, stringify } from 'yaml';

/** Scalars as the API server's clients read them: YAML 1.1 without numbers of base 60 and without dates. */
const READ: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  customTags: (tags) =>
    tags.filter((tag) => {
      if (typeof tag === 'string') return tag !== 'timestamp' && tag !== 'intTime' && tag !== 'floatTime';
      return tag.tag !== 'tag:yaml.org,2002:timestamp' && (tag as { format?: string }).format !== 'TIME';
    }),
};

/** The documents of a YAML text, empty ones left out. Throws with file, line and column. */
export function readDocuments(text: string, file: string): readonly unknown[] {
  const documents = parseAllDocuments(text, READ);
  if (!Array.isArray(documents)) return [];
  return documents
    .map((document) => {
      const [error] = document.errors;
      if (error) throw new Error(`${file}: ${error.message}`);
      return document.toJS() as unknown;
    })
    .filter((value) => value !== null);
}

/** YAML that readers of version 1.1 and 1.2 understand alike, keys sorted, lines not folded. */
export function writeDocuments(documents: readonly unknown[]): string {
  return documents
    .map((document) =>
      stringify(document, { version: '1.1', lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false }),
    )
    .join('---\n');
}
