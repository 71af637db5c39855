// Values: before and after as lines of words, the same for every renderer; what each piece is, is said beside it so that it can be coloured.
import { diffWordsWithSpace } from 'diff';
import { canonicalText, isArray, type Json } from '../model/json.ts';
import type { ReportAttribute, ReportLink } from '../model/report.ts';

/** A piece of a line; `same` is neither added nor removed. */
export interface Piece {
  readonly mark: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** One line below an object: what it is of, how it changed, and the text. */
export interface DetailLine {
  /** Attribute path, or name of a link. */
  readonly path: string;
  readonly sign: '+' | '~' | '-';
  readonly pieces: readonly Piece[];
}

/** Longest texts that are compared word by word, and most words that may differ: beyond it they are said whole. */
const wordDiff = { shortest: 40, longest: 20_000, maxEditLength: 60 };

/** Longest stretch of unchanged words around a changed one. */
const context = 40;

/** The lines that say an attribute change: a set by what was added and removed, a long text by its changed words, others by before and after. */
function attributeLines(change: ReportAttribute): DetailLine[] {
  const { path, before, after, names, added, removed } = change;
  const line = (sign: DetailLine['sign'], ...pieces: Piece[]): DetailLine => ({ path, sign, pieces });
  const text = (value: Json) => valueText(value, names);
  if (added !== undefined && removed !== undefined && added.length + removed.length > 0)
    return [
      ...removed.map((item) => line('-', { mark: 'removed', text: text(item) })),
      ...added.map((item) => line('+', { mark: 'added', text: text(item) })),
    ];
  if (before === undefined && after !== undefined) return [line('+', { mark: 'added', text: text(after) })];
  if (after === undefined && before !== undefined) return [line('-', { mark: 'removed', text: text(before) })];
  if (before === undefined || after === undefined) return [];
  const words = changedWords(before, after);
  if (words !== undefined) return [line('~', ...words)];
  return [
    line(
      '~',
      { mark: 'removed', text: text(before) },
      { mark: 'same', text: ' → ' },
      { mark: 'added', text: text(after) },
    ),
  ];
}

/** All lines of one object, by attribute path or link, in the order they come. */
export function detailGroups(item: {
  readonly attributes: readonly ReportAttribute[];
  readonly links: readonly ReportLink[];
}): Map<string, DetailLine[]> {
  const groups = new Map<string, DetailLine[]>();
  for (const line of [...item.attributes.flatMap(attributeLines), ...item.links.map(linkLine)]) {
    const group = groups.get(line.path);
    if (group === undefined) groups.set(line.path, [line]);
    else group.push(line);
  }
  return groups;
}

/** The line that says a link change. */
function linkLine({ link, operation, target, targetName, targetType, properties, names }: ReportLink): DetailLine {
  const key = target.slice(target.indexOf('/') + 1);
  const said = Object.entries(properties ?? {}).map(([name, value]) => `${name} ${valueText(value, names)}`);
  const who = targetName === key ? `${targetType} ${key}` : `${targetName} (${targetType} ${key})`;
  return {
    path: link,
    sign: operation === 'add' ? '+' : '-',
    pieces: [{ mark: operation === 'add' ? 'added' : 'removed', text: [who, ...said].join(', ') }],
  };
}

/** A value in words: an id with the name of what it points to; other texts as they are, unless they would read as something else. */
export function valueText(value: Json, names: ReportAttribute['names']): string {
  if (typeof value === 'string') {
    const name = names !== undefined && Object.hasOwn(names, value) ? names[value] : undefined;
    if (name !== undefined) return `${name} (${value})`;
    return (readsAsItself(value) ? value : JSON.stringify(value)) + meanings(value, names);
  }
  const text =
    isArray(value) && value.every((item) => typeof item === 'string') ? listText(value) : canonicalText(value);
  return text + meanings(text, names);
}

function listText(items: readonly Json[]): string {
  return `[${items.map((item) => valueText(item, undefined)).join(', ')}]`;
}

function readsAsItself(text: string): boolean {
  return text !== '' && text === text.trim() && !/^(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?|["[{].*)$/s.test(text);
}

/** ` (7c1e… is Finance)` for the ids that stand somewhere in a longer text. */
function meanings(text: string, names: ReportAttribute['names']): string {
  const said = Object.entries(names ?? {}).filter(([id]) => text.includes(id));
  return said.length === 0 ? '' : ` (${said.map(([id, name]) => `${id} is ${name}`).join(', ')})`;
}

/** Two long texts as the words that differ, or undefined where they are short, or differ so much that this would say nothing. */
function changedWords(before: Json, after: Json): Piece[] | undefined {
  if (typeof before !== 'string' || typeof after !== 'string') return undefined;
  const [shorter, longer] = [before.length, after.length].sort((left, right) => left - right) as [number, number];
  if (shorter < wordDiff.shortest || longer > wordDiff.longest) return undefined;
  const parts = diffWordsWithSpace(before, after, { maxEditLength: wordDiff.maxEditLength });
  const kept = parts
    ?.filter(({ added, removed }) => !added && !removed)
    .reduce((sum, { value }) => sum + value.length, 0);
  if (parts === undefined || kept! * 2 < shorter) return undefined;
  return parts.map(({ value, added, removed }, at) =>
    added || removed
      ? { mark: added ? 'added' : 'removed', text: value }
      : { mark: 'same', text: shortened(value, at > 0, at < parts.length - 1) },
  );
}

/** An unchanged stretch, of which only what stands beside a change is said. */
function shortened(text: string, changedBefore: boolean, changedAfter: boolean): string {
  const head = changedBefore ? context : 0;
  const tail = changedAfter ? context : 0;
  if (text.length <= head + tail + 3) return text;
  const before = text.slice(0, head).replace(/\S*$/, '');
  const after = tail === 0 ? '' : text.slice(-tail).replace(/^\S*/, '');
  return `${before}…${after}`;
}
