/** The tree of a parsed template, and its nodes as Go prints them in error messages. */

import { quote } from './quote.ts';

export interface Command {
  readonly kind: 'command';
  readonly offset: number;
  readonly words: readonly Word[];
}

export interface Pipeline {
  readonly kind: 'pipeline';
  readonly offset: number;
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Word =
  | { readonly kind: 'field'; readonly offset: number; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly offset: number; readonly variable: string; readonly names: readonly string[] }
  | { readonly kind: 'chain'; readonly offset: number; readonly of: Word; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly offset: number; readonly name: string }
  | { readonly kind: 'string'; readonly offset: number; readonly text: string; readonly value: string }
  | {
      readonly kind: 'number';
      readonly offset: number;
      readonly text: string;
      readonly value: number;
      readonly float: boolean;
    }
  | { readonly kind: 'bool'; readonly offset: number; readonly value: boolean }
  | { readonly kind: 'dot' | 'nil'; readonly offset: number }
  | Pipeline;

export interface Branch {
  readonly kind: 'if' | 'with' | 'range';
  readonly offset: number;
  readonly pipeline: Pipeline;
  readonly list: readonly Node[];
  readonly otherwise: readonly Node[];
}

export type Node =
  | { readonly kind: 'text'; readonly offset: number; readonly text: string }
  | { readonly kind: 'action'; readonly offset: number; readonly pipeline: Pipeline }
  | { readonly kind: 'break' | 'continue'; readonly offset: number }
  | { readonly kind: 'template'; readonly offset: number; readonly name: string; readonly pipeline?: Pipeline }
  | Branch;

export interface Template {
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly definitions: ReadonlyMap<string, readonly Node[]>;
}

/** The source of a node in Go's normal form, as `executing "config" at <…>` shows it. */
export function nodeText(node: Node | Word | Command): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'action':
      return `{{${nodeText(node.pipeline)}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'template':
      return `{{template ${quote(node.name)}${node.pipeline ? ` ${nodeText(node.pipeline)}` : ''}}}`;
    case 'if':
    case 'with':
    case 'range': {
      const otherwise = node.otherwise.length > 0 ? `{{else}}${node.otherwise.map(nodeText).join('')}` : '';
      return `{{${node.kind} ${nodeText(node.pipeline)}}}${node.list.map(nodeText).join('')}${otherwise}{{end}}`;
    }
    case 'pipeline': {
      const declared = node.variables.length > 0 ? `${node.variables.join(', ')} ${node.assigns ? '=' : ':='} ` : '';
      return declared + node.commands.map(nodeText).join(' | ');
    }
    case 'command':
      return node.words.map(wordText).join(' ');
    case 'field':
      return `.${node.names.join('.')}`;
    case 'variable':
      return [node.variable, ...node.names].join('.');
    case 'chain':
      return [wordText(node.of), ...node.names].join('.');
    case 'function':
      return node.name;
    case 'string':
    case 'number':
      return node.text;
    case 'bool':
      return String(node.value);
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
  }
}

function wordText(word: Word): string {
  return word.kind === 'pipeline' ? `(${nodeText(word)})` : nodeText(word);
}
