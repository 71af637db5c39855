// A change applied to the state before it gives the state after it: how a part of a change becomes a state of its own.

import { canonicalEntity } from '../model/canonical.ts';
import type { AttributeChange, Change } from '../model/change.ts';
import { type Entity, type Link, linkText, sortLinks } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { itemLabel, keyAt, memberPath, pathSteps, quotedName, type Step } from '../model/path.ts';

/**
 * The object after the change, in canonical form; undefined where the change deletes it. A change from which paths or links were left
 * out gives the state in which those stay as they were.
 */
export function applyChange(kind: Kind, before: Entity | undefined, change: Change): Entity | undefined {
  if (change.operation === 'delete') return undefined;
  let type = before?.type;
  let attributes: Json | undefined = before?.attributes ?? {};
  for (const attribute of change.attributes) {
    if (attribute.path === '@odata.type') type = attribute.after as string | undefined;
    else attributes = put(kind, attributes, '', pathSteps(attribute.path), attribute);
  }
  const links = applyLinks(before?.links ?? {}, change);
  return canonicalEntity(kind, {
    ref: change.ref,
    ...(type === undefined ? {} : { type }),
    attributes: (attributes ?? {}) as JsonObject,
    links,
  });
}

function put(
  kind: Kind,
  value: Json | undefined,
  path: string,
  steps: readonly Step[],
  change: AttributeChange,
): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return change.after;
  if (step.bracketed && isArray(value)) return putItem(kind, value, path, step.text, rest, change);
  const object = isObject(value) ? value : {};
  const name = step.bracketed ? quotedName(step.text) : step.text;
  const member = put(
    kind,
    Object.hasOwn(object, name) ? object[name] : undefined,
    memberPath(path, name),
    rest,
    change,
  );
  const others = Object.entries(object).filter(([other]) => other !== name);
  return Object.fromEntries(member === undefined ? others : [...others, [name, member]]);
}

function putItem(
  kind: Kind,
  value: readonly Json[],
  path: string,
  label: string,
  rest: readonly Step[],
  change: AttributeChange,
): Json {
  const key = keyAt(kind, path) ?? [];
  const at = value.findIndex((item) => isObject(item) && itemLabel(item, key) === label);
  const item = put(kind, value[at], `${path}[${label}]`, rest, change);
  const others = value.filter((_, index) => index !== at);
  return item === undefined ? others : [...others, item];
}

function applyLinks(before: Entity['links'], change: Change): Entity['links'] {
  const links: Record<string, readonly Link[]> = { ...before };
  for (const name of new Set(change.links.map(({ link }) => link))) {
    const byText = new Map((before[name] ?? []).map((link) => [linkText(link), link]));
    for (const { link, operation, target, properties } of change.links) {
      if (link !== name) continue;
      const end: Link = properties === undefined ? { target } : { target, properties };
      if (operation === 'add') byText.set(linkText(end), end);
      else byText.delete(linkText(end));
    }
    links[name] = sortLinks([...byText.values()]);
  }
  return links;
}
