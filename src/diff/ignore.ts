// Ignore rules: a change in, the change without its accepted differences out, and how many those were.
import type { Change } from '../model/change.ts';
import type { IgnoreRule } from '../model/config.ts';
import { rowPath } from '../model/path.ts';
import { Problem } from '../model/problem.ts';
import { kindOf } from '../model/ref.ts';

export interface Considered {
  /** What is left; undefined where all of it is ignored. */
  readonly change?: Change;
  /** Differences that were ignored: each attribute path and each link of an update; an object created or deleted is one. */
  readonly ignored: number;
}

/**
 * Leaves out of a change what the rules accept. A rule without an attribute takes the whole object. One with an attribute takes that path
 * or link, and what lies below it, of objects that are on both sides: an object that came or went is told whole. `today` is the day in
 * UTC, `2026-11-23`.
 * Throws Problem `usage`, at the rule's place in the file, for a rule that has expired: an exception must end, not fade into silence.
 */
export function applyIgnore(change: Change, rules: readonly IgnoreRule[], today: string): Considered {
  requireInForce(rules, today);
  const matching = rules.filter(
    (rule) =>
      (rule.kind === undefined || rule.kind === kindOf(change.ref)) &&
      (rule.ref === undefined || rule.ref === change.ref),
  );
  if (matching.length === 0) return { change, ignored: 0 };
  const size = change.attributes.length + change.links.length;
  if (matching.some(({ attribute }) => attribute === undefined))
    return { ignored: change.operation === 'update' ? size : 1 };
  if (change.operation !== 'update') return { change, ignored: 0 };
  const attributes = change.attributes.filter(({ path }) => !matching.some((rule) => covers(rule.attribute!, path)));
  const links = change.links.filter(({ link }) => !matching.some((rule) => rule.attribute === link));
  const ignored = size - attributes.length - links.length;
  if (attributes.length === 0 && links.length === 0) return { ignored };
  return { change: { ...change, attributes, links }, ignored };
}

/** Throws Problem `usage` for the first rule whose last day has passed. */
export function requireInForce(rules: readonly IgnoreRule[], today: string): void {
  const expired = rules.find(({ until }) => until !== undefined && until < today);
  if (expired !== undefined)
    throw new Problem({
      kind: 'usage',
      summary: 'An ignore rule has expired',
      detail: `It held until ${expired.until}, for this reason: ${expired.reason} Take the rule out, or give it a later day if the reason still holds.`,
      subject: expired.at,
    });
}

/** Does a rule for `attribute` take `path`? The rule may name an item by its key, or leave the keys out and mean every item. */
function covers(attribute: string, path: string): boolean {
  return below(attribute, path) || below(attribute, rowPath(path));
}

function below(attribute: string, path: string): boolean {
  return path === attribute || path.startsWith(`${attribute}.`) || path.startsWith(`${attribute}[`);
}
