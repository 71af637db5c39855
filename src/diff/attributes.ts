// Attributes: two objects' attributes into the paths that differ, with what was before and what is after.
import { attributeAt } from '../model/canonical.ts';
import type { AttributeChange } from '../model/change.ts';
import { canonicalText, compareText, equal, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { itemsByLabel, keyAt, memberPath } from '../model/path.ts';

type Value = Json | undefined;

/**
 * The attribute changes between two objects of a kind, both in canonical form, in the order of their paths. Objects are walked member by
 * member; items of keyed sets are matched by key; other sets give one change with what was added and removed (reference 2.4).
 */
export function diffAttributes(kind: Kind, before: JsonObject, after: JsonObject): AttributeChange[] {
  const changes: AttributeChange[] = [];
  compareMembers(kind, '', before, after, changes);
  return changes;
}

/** One change of a path as a whole. */
export function wholeChange(path: string, before: Value, after: Value): AttributeChange {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function compareMembers(
  kind: Kind,
  path: string,
  before: JsonObject,
  after: JsonObject,
  changes: AttributeChange[],
): void {
  for (const name of union(Object.keys(before), Object.keys(after)))
    compare(kind, memberPath(path, name), own(before, name), own(after, name), changes);
}

function compare(kind: Kind, path: string, before: Value, after: Value, changes: AttributeChange[]): void {
  if (equal(before, after)) return;
  const fact = attributeAt(kind, path);
  // Where an empty object means something else than none, an object that comes or goes is a change of its own.
  if (isObject(before ?? after) && isObject(after ?? before) && (fact.empty !== 'kept' || (before && after)))
    compareMembers(kind, path, (before as JsonObject) ?? {}, (after as JsonObject) ?? {}, changes);
  else if (fact.sequence) changes.push(wholeChange(path, before, after));
  else if (isArray(before ?? after) && isArray(after ?? before)) compareArrays(kind, path, before, after, changes);
  else if (fact.flags !== undefined && isText(before) && isText(after)) {
    const flags = (text: string | undefined) =>
      text?.split(fact.flags!.trim() || /\s+/).map((flag) => flag.trim()) ?? [];
    changes.push({ ...wholeChange(path, before, after), ...addedAndRemoved(flags(before), flags(after)) });
  } else changes.push(wholeChange(path, before, after));
}

function compareArrays(kind: Kind, path: string, before: Value, after: Value, changes: AttributeChange[]): void {
  const left = (before ?? []) as readonly Json[];
  const right = (after ?? []) as readonly Json[];
  const key = keyAt(kind, path);
  if (before !== undefined && after !== undefined && key !== undefined) {
    const leftItems = itemsByLabel(left, key);
    const rightItems = itemsByLabel(right, key);
    if (leftItems !== undefined && rightItems !== undefined) {
      for (const label of union([...leftItems.keys()], [...rightItems.keys()])) {
        const [from, to] = [leftItems.get(label), rightItems.get(label)];
        if (from === undefined || to === undefined) changes.push(wholeChange(`${path}[${label}]`, from, to));
        else compareMembers(kind, `${path}[${label}]`, from, to, changes);
      }
      return;
    }
  }
  const { added, removed } = addedAndRemoved(left, right);
  // Two arrays with the same items are one set in two orders; only an absent and an empty one still differ.
  if (added.length === 0 && removed.length === 0 && before !== undefined && after !== undefined) return;
  changes.push({ ...wholeChange(path, before, after), added, removed });
}

function addedAndRemoved(left: readonly Json[], right: readonly Json[]): { added: Json[]; removed: Json[] } {
  const leftTexts = new Set(left.map(canonicalText));
  const rightTexts = new Set(right.map(canonicalText));
  return {
    added: right.filter((item) => !leftTexts.has(canonicalText(item))),
    removed: left.filter((item) => !rightTexts.has(canonicalText(item))),
  };
}

function isText(value: Value): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** The member itself, never one of the prototype: a hostile file may name anything. */
function own(value: JsonObject, name: string): Value {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])].sort(compareText);
}
