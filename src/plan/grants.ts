// Grants: what the goal of a plan gives access to and the tenant does not, one by one; and whether the object gave it as it was then.
import { type Entity, type Link, linkText } from '../model/entity.ts';
import { equal } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import type { Since } from '../model/plan.ts';
import { keyOf, type Ref } from '../model/ref.ts';
import { accessOfLink, accessOfValue } from './access.ts';
import type { Pair } from './input.ts';

/** One attribute or link of the goal that gives access. */
export interface Grant {
  readonly ref: Ref;
  /** The attribute or link. */
  readonly path: string;
  readonly link?: Link;
}

/** A grant, and since when the history of the goal shows it. */
export type AgedGrant = Grant & { readonly since: Since };

/** Every grant that making the object like the goal would give. */
export function grantsOf(kind: Kind, { ref, live, goal }: Pair): Grant[] {
  if (goal === undefined) return [];
  const paths = Object.keys(goal.attributes).filter((path) => givesMore(kind, path, live, goal));
  const links = Object.entries(goal.links).flatMap(([path, all]) => {
    if (accessOfLink(kind, path, goal.attributes).length === 0) return [];
    const there = new Set((live?.links[path] ?? []).map(linkText));
    return all.filter((link) => !there.has(linkText(link))).map((link) => ({ ref, path, link }));
  });
  return [...paths.map((path) => ({ ref, path })), ...links];
}

/** Does the attribute give access as the goal has it, beyond what it gave as the object was? */
function givesMore(kind: Kind, path: string, was: Entity | undefined, goal: Entity): boolean {
  const [before, after] = [was?.attributes[path], goal.attributes[path]];
  if (equal(before, after)) return false;
  const sides = { objectBefore: was?.attributes ?? {}, object: goal.attributes, exists: true };
  return accessOfValue({ kind, path, before, after, ...sides }).length > 0;
}

/** Did the object, as it was then, give all that the grant gives? */
export function gaveThen({ path, link }: Grant, kind: Kind, goal: Entity, then: Entity): boolean {
  if (link === undefined) return !givesMore(kind, path, then, goal);
  return (then.links[path] ?? []).some((other) => linkText(other) === linkText(link));
}

/** Which grants are meant: those of some paths of an object, to one target; without paths, all that come with the object. */
export interface Sought {
  readonly ref: Ref;
  readonly paths?: readonly string[];
  readonly target?: Ref;
}

/** Since when the youngest of the grants has been there; undefined where nobody looked. */
export function youngest(grants: readonly AgedGrant[], { ref, paths, target }: Sought): Since | undefined {
  const meant = grants.filter((grant) =>
    paths === undefined
      ? grant.ref === ref || grant.link?.target === ref || keyOf(grant.ref).includes(keyOf(ref))
      : grant.ref === ref &&
        paths.some((path) => grant.path === path.split('[')[0]) &&
        (target === undefined || grant.link?.target === target),
  );
  return meant.map(({ since }) => since).reduce<Since | undefined>((a, b) => (a && a.at >= b.at ? a : b), undefined);
}
