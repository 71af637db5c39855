// Reading YAML that people wrote: a text in, its JSON value and a way to find each part's line and column out; or a Problem that says what is wrong where.
import { isMap, isScalar, isSeq, Lexer, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import type { Json } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import { deepest } from './yaml-emit.ts';

/** Characters that a reviewer does not see or that steer a terminal; they may stand in a file only as an escape (trust.md 2.1, 2.5). */
const RAW =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/u;
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$/m;
/** Words that YAML 1.1 takes for booleans and YAML 1.2 for texts: whoever writes one bare must say which he means. */
const AMBIGUOUS = /^(?:y|n|yes|no|on|off)$/i;
const INTEGER = /^[-+]?\d+$|^0[xo]/;

/** What one part of a file is called by: member names and item numbers from the top. */
export type Where = readonly (string | number)[];

export interface StrictYaml {
  readonly value: Json;
  /** Throws the Problem that this part of the file is wrong: why, and what to do. */
  refuse(where: Where, detail: string): never;
}

/**
 * Reads one YAML 1.2 document (core schema) as JSON. Problem `usage` with `path:line:column` for all that is not plain data: anchors,
 * aliases, tags, directives, merge keys, several documents, duplicate keys, too deep nesting, integers beyond 2^53, raw control and bidi
 * characters, conflict markers, bare words that YAML versions disagree on.
 */
export function readStrict(text: string, path: string): StrictYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const refuseAt = (offset: number, detail: string): never => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    throw brokenFile(`${path}:${Math.max(line, 1)}:${Math.max(col, 1)}`, detail);
  };
  refuseText(text, refuseAt);
  const top = compose(text, refuseAt);
  const value = toJson(top, 0, refuseAt);
  return { value, refuse: (where, detail) => refuseAt(offsetOf(top, where), detail) };
}

/** The Problem that a state file is not valid. */
export function brokenFile(subject: string, detail: string): Problem {
  return new Problem({ kind: 'usage', summary: 'A state file is not valid', detail, subject });
}

type Refuse = (offset: number, detail: string) => never;

/** What can be told from characters and tokens alone, before anything is built from them. */
function refuseText(text: string, refuse: Refuse): void {
  const raw = RAW.exec(text);
  if (raw !== null) {
    const code = raw[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    if (code === '000D')
      refuse(
        raw.index,
        'The line ends in CR LF. Save the file with LF line ends (`.gitattributes`: `*.yaml text eol=lf`).',
      );
    refuse(
      raw.index,
      `The character U+${code} stands in the file as it is. Write it as an escape in a double-quoted text, or remove it.`,
    );
  }
  const conflict = CONFLICT.exec(text);
  if (conflict !== null) refuse(conflict.index, 'A merge conflict was left in the file. Resolve it.');
  let at = 0;
  let flow = 0;
  let onLine = 0;
  let documents = 0;
  for (const token of new Lexer().lex(text)) {
    const first = token[0];
    if (first === '&' || first === '*')
      refuse(at, 'Anchors and aliases are not read. Write the value out where it is meant.');
    if (first === '!') refuse(at, 'Tags are not read. Remove the tag.');
    if (first === '%') refuse(at, 'Directives are not read. Remove the line.');
    if (token === '---') documents += 1;
    if (documents > 1) refuse(at, 'The file holds several documents. Leave one: a file is one object.');
    if (token === '[' || token === '{') flow += 1;
    if (token === ']' || token === '}') flow -= 1;
    if (token.includes('\n')) onLine = 0;
    if (token === '-' || token === '?' || token === ':') onLine += 1;
    if (flow > deepest || onLine > deepest) refuse(at, `The file is nested deeper than ${deepest}.`);
    // The lexer marks scalars, documents and flow errors with control characters of its own, which are not in the text.
    if (first !== '\x1f' && first !== '\x02' && first !== '\x18') at += token.length;
  }
}

function compose(text: string, refuse: Refuse): Node {
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
    });
    const wrong = document.errors[0] ?? document.warnings[0];
    if (wrong !== undefined) refuse(wrong.pos[0], `${wrong.message.replace(/\.$/, '')}.`);
    if (document.contents === null)
      return refuse(0, 'The file is empty. Restore it, or delete it if the object shall be deleted.');
    return document.contents as Node;
  } catch (error) {
    if (error instanceof Problem) throw error;
    // CVE-2026-33532 and its like: deep nesting ends the parser's stack, which is no error of ours.
    if (error instanceof RangeError) return refuse(0, `The file is nested deeper than ${deepest}.`);
    throw error;
  }
}

function toJson(node: unknown, depth: number, refuse: Refuse): Json {
  const offset = offsetOfNode(node);
  if (depth > deepest) refuse(offset, `The file is nested deeper than ${deepest}.`);
  if (isSeq(node)) return node.items.map((item) => toJson(item, depth + 1, refuse));
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map((pair) => [memberName(pair, refuse), toJson(pair.value, depth + 1, refuse)]),
    );
  }
  if (node === null) return null;
  if (isScalar(node)) return scalarValue(node, offset, refuse);
  return refuse(offset, 'Only mappings, lists and plain values are read.');
}

function memberName(pair: Pair, refuse: Refuse): string {
  const { key } = pair;
  if (!isScalar(key) || typeof key.value !== 'string')
    return refuse(offsetOfNode(key), "A member's name must be a text. Put it in double quotes.");
  if (key.type === 'PLAIN' && key.value === '<<')
    return refuse(offsetOfNode(key), 'Merge keys are not read. Write the members out.');
  return key.value;
}

function scalarValue(node: Scalar, offset: number, refuse: Refuse): Json {
  const { value } = node;
  const source = node.source ?? '';
  if (typeof value === 'string') {
    if (node.type === 'PLAIN' && AMBIGUOUS.test(value)) {
      refuse(
        offset,
        `\`${value}\` is a text to some readers and a truth value to others. Write "${value}" in quotes, or true or false.`,
      );
    }
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(offset, `\`${source}\` is no number that JSON has.`);
    if (INTEGER.test(source) && !Number.isSafeInteger(value))
      refuse(offset, `\`${source}\` is beyond 2^53 and would be rounded. Put it in quotes if it is a text.`);
    return value === 0 ? 0 : value;
  }
  if (value === null || typeof value === 'boolean') return value;
  return refuse(offset, 'Only texts, numbers, true, false and null are read.');
}

function offsetOfNode(node: unknown): number {
  return (node as { range?: readonly number[] } | null)?.range?.[0] ?? 0;
}

/** Where a part of the file begins: at its key, if it is a member; at the nearest part above it that there is, if there is none such. */
function offsetOf(top: Node, where: Where): number {
  let node: unknown = top;
  let offset = offsetOfNode(top);
  for (const step of where) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) break;
      offset = offsetOfNode(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      offset = offsetOfNode(node);
    } else break;
  }
  return offset;
}
