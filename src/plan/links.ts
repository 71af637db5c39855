// Link steps: the links of an object as they are and as the goal has them in, links to make and to take away out.
import { isSynced, linkText } from '../model/entity.ts';
import { holds } from '../model/kind.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import { accessOfLink } from './access.ts';
import type { Draft } from './input.ts';
import { accessRefused, addDraft, reachable, refuse, type Work } from './steps.ts';

export interface LinkOptions {
  /** What links there are is not known, though the object is. */
  readonly unknown?: boolean;
  /** Steps that decide whether the links may be written at all. */
  readonly needs?: readonly Draft[];
}

/**
 * The steps for one link of an object. Where its links are not known (it comes back from the bin, it was dynamic) all of the goal's are made,
 * those there are already being left, and a last step takes away the others.
 */
export function linkSteps(work: Work, name: string, { unknown = false, needs = [] }: LinkOptions = {}): void {
  const { kind, now, goal, context } = work;
  const row = kind.links[name]!;
  const known = work.fully && !unknown ? (now?.links[name] ?? []) : [];
  const wanted = goal.links[name] ?? [];
  const before = new Map(known.map((link) => [linkText(link), link]));
  const after = new Map(wanted.map((link) => [linkText(link), link]));
  const added = [...after].filter(([text]) => !before.has(text)).map(([, link]) => link);
  const removed = [...before].filter(([text]) => !after.has(text)).map(([, link]) => link);
  const open = (!work.fully || unknown) && now !== undefined;
  if (added.length === 0 && removed.length === 0 && !open) return;
  if (row.write === 'never') {
    refuse(work, 'readOnly', `${name} is read-only in Graph.`, { path: name });
    return;
  }
  if (row.computedWhen !== undefined && holds(row.computedWhen, goal.attributes)) {
    if (added.length + removed.length > 0)
      refuse(work, 'dynamic', `${name} of ${work.displayName} follow from its rule.`, { path: name });
    return;
  }
  const synced = now !== undefined ? isSynced(now) : work.synced;
  if (synced && row.write === 'ref' && row.cloudOnly !== false) {
    if (added.length + removed.length > 0)
      refuse(work, 'synced', `${name} of ${work.displayName} are mastered on-premises.`, { path: name });
    return;
  }
  const { identity, nameOf } = context.input;
  const own = (target: Ref) =>
    identity.servicePrincipalId !== undefined && keyOf(target) === identity.servicePrincipalId;
  const access = accessOfLink(kind, name, goal.attributes);
  for (const { target, properties } of added) {
    const who = nameOf(target) ?? target;
    const named = nameOf(target) === undefined ? {} : { targetName: who };
    if (own(target)) {
      refuse(work, 'own', `${who} is what Driftline itself runs as.`, { path: name, target });
      continue;
    }
    if (!reachable(context, target)) {
      refuse(work, 'missing', `${who} is not in the tenant and not in this plan.`, { path: name, target });
      continue;
    }
    if (accessRefused(work, access, name, target)) continue;
    addDraft(
      work,
      { action: 'link', link: name, target, ...named, ...(properties === undefined ? {} : { properties }), access },
      'grow',
      needs,
    );
  }
  // Once a group has an owner that is a user, it keeps one (reference 3.2).
  const users = removed.filter(({ target }) => kindOf(target) === 'users');
  const stays =
    kind.name === 'groups' &&
    name === 'owners' &&
    ![...after.values()].some(({ target }) => kindOf(target) === 'users');
  for (const { target, properties } of removed) {
    if (stays && target === users.at(-1)?.target) {
      refuse(
        work,
        'lastOwner',
        `${nameOf(target) ?? target} is its only owner but for those that go, and Graph lets no group lose its last one.`,
        { path: name, target },
      );
      continue;
    }
    // A single link is replaced by setting it: taking the old one away would take the new one.
    if (row.single && after.size > 0) continue;
    // Whoever makes an object is its owner; a run that was stopped did not get as far as taking itself out again.
    if (own(target) && !(name === 'owners' && Object.values(context.input.ids).includes(keyOf(work.pair.ref)))) {
      refuse(work, 'own', `${nameOf(target) ?? target} is what Driftline itself runs as.`, { path: name, target });
      continue;
    }
    addDraft(
      work,
      {
        action: 'unlink',
        link: name,
        target,
        ...(nameOf(target) === undefined ? {} : { targetName: nameOf(target)! }),
        ...(properties === undefined ? {} : { properties }),
      },
      'shrink',
      needs,
    );
  }
  if (open && row.single !== true)
    addDraft(work, { action: 'prune', of: name, keep: [...after.keys()] }, 'shrink', needs);
  if (open && row.single === true && after.size === 0)
    addDraft(work, { action: 'prune', of: name, keep: [] }, 'shrink', needs);
}
