// Two states of one object in, the change between them out: attributes by path, links by their other end.
import type { AttributeChange, Change, LinkChange, Operation } from '../model/change.ts';
import { displayNameOf, type Entity, isSynced, type Link, linkText } from '../model/entity.ts';
import { compareText } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { diffAttributes, wholeChange } from './attributes.ts';

/**
 * What differs in one object between two commits, or undefined where nothing does. Both states in canonical form; undefined: the object
 * was not there. A derived type that changed is the attribute path `@odata.type`.
 */
export function diffEntities(kind: Kind, before: Entity | undefined, after: Entity | undefined): Change | undefined {
  const newest = after ?? before;
  if (newest === undefined) return undefined;
  const operation: Operation = before === undefined ? 'create' : after === undefined ? 'delete' : 'update';
  const attributes = [
    ...diffType(before?.type, after?.type),
    ...diffAttributes(kind, before?.attributes ?? {}, after?.attributes ?? {}),
  ];
  const links = diffLinks(before?.links ?? {}, after?.links ?? {});
  if (operation === 'update' && attributes.length === 0 && links.length === 0) return undefined;
  const formerName = before === undefined ? undefined : displayNameOf(kind, before);
  const displayName = displayNameOf(kind, newest);
  return {
    ref: newest.ref,
    operation,
    displayName,
    ...(formerName === undefined || formerName === displayName ? {} : { formerName }),
    synced: isSynced(newest),
    attributes,
    links,
  };
}

function diffType(before: string | undefined, after: string | undefined): AttributeChange[] {
  return before === after ? [] : [wholeChange('@odata.type', before, after)];
}

/** Set difference by {@link linkText}: linear, for a group may have a hundred thousand members. */
function diffLinks(before: Entity['links'], after: Entity['links']): LinkChange[] {
  const changes: LinkChange[] = [];
  for (const link of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText)) {
    const left = byText(Object.hasOwn(before, link) ? before[link] : []);
    const right = byText(Object.hasOwn(after, link) ? after[link] : []);
    for (const [text, { target, properties }] of right)
      if (!left.has(text)) changes.push(linkChange(link, 'add', target, properties));
    for (const [text, { target, properties }] of left)
      if (!right.has(text)) changes.push(linkChange(link, 'remove', target, properties));
  }
  return changes;
}

function byText(links: readonly Link[] = []): Map<string, Link> {
  return new Map(links.map((link) => [linkText(link), link]));
}

function linkChange(
  link: string,
  operation: LinkChange['operation'],
  target: Link['target'],
  properties: Link['properties'],
): LinkChange {
  return { link, operation, target, ...(properties === undefined ? {} : { properties }) };
}
