// Effects: does an object, as it was just read, show what a step wanted? What a step that takes away leaves to be taken is said here too.
import { attributeAt } from '../model/canonical.ts';
import { type Entity, type Link, linkText } from '../model/entity.ts';
import { canonicalText, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Kind, ownItems } from '../model/kind.ts';
import { currentId, currentRef, type IdMap, type Step } from '../model/plan.ts';

/** Does the effect of the step show? Refs and placeholders of the step are those of now. */
export function holds(step: Step, kind: Kind, entity: Entity | undefined): boolean {
  switch (step.action) {
    case 'restore':
    case 'recreate':
      return entity !== undefined;
    case 'delete':
      return entity === undefined;
    case 'update':
      return entity !== undefined && showsAll(kind, entity.attributes, step.after);
    case 'action':
      return (
        entity !== undefined &&
        shows(
          kind,
          step.attribute,
          ownItems(attributeAt(kind, step.attribute), entity.attributes[step.attribute]),
          step.after,
        )
      );
    case 'createItem':
    case 'updateItem': {
      const item = itemsOf(kind, entity, step.attribute).get(step.key);
      return item !== undefined && shows(kind, step.attribute, item, step.after ?? {});
    }
    case 'deleteItem':
      return entity !== undefined && !itemsOf(kind, entity, step.attribute).has(step.key);
    case 'link':
      return linkTexts(entity?.links[step.link]).has(linkText(linkOf(step)));
    case 'unlink':
      return entity !== undefined && !linkTexts(entity.links[step.link]).has(linkText(linkOf(step)));
    case 'prune':
      return entity !== undefined && surplus(step, kind, entity).length === 0;
  }
}

/** The key of an item that shows all that a step wants to make, under whatever key Graph gave it; `taken` are keys of other items. */
export function madeItem(
  step: { readonly attribute: string; readonly after?: JsonObject | undefined },
  kind: Kind,
  entity: Entity | undefined,
  taken: ReadonlySet<string>,
): string | undefined {
  const { id: _id, ...wanted } = step.after ?? {};
  const items = itemsOf(kind, entity, step.attribute);
  return [...items].find(([key, item]) => !taken.has(key) && shows(kind, step.attribute, item, wanted))?.[0];
}

const texts = new WeakMap<readonly Link[], ReadonlySet<string>>();

/** The links as texts, made once for each list: a group of very many members is asked for each of them. */
function linkTexts(links: readonly Link[] = []): ReadonlySet<string> {
  const known = texts.get(links) ?? new Set(links.map(linkText));
  texts.set(links, known);
  return known;
}

function linkOf(step: Step & { action: 'link' | 'unlink' }): Link {
  return step.properties === undefined
    ? { target: step.target }
    : { target: step.target, properties: step.properties as Readonly<Record<string, string>> };
}

/** What a prune step has to take away, as steps of their own, in the order it is to be taken. */
export function surplus(step: Step & { action: 'prune' }, kind: Kind, entity: Entity): Step[] {
  const { action: _action, of, keep: kept, ...common } = step;
  const keep = new Set(kept);
  if (kind.links[of] !== undefined)
    return (entity.links[of] ?? [])
      .filter((link) => !keep.has(linkText(link)))
      .map((link) => ({ ...common, action: 'unlink' as const, link: of, ...link }));
  return [...itemsOf(kind, entity, of)]
    .filter(([key]) => !keep.has(key))
    .map(([key, before]) => ({ ...common, action: 'deleteItem' as const, attribute: of, key, before }));
}

function itemsOf(kind: Kind, entity: Entity | undefined, attribute: string): Map<string, JsonObject> {
  const { key = 'id' } = kind.contained?.find((contained) => contained.attribute === attribute) ?? {};
  const value = entity?.attributes[attribute];
  return new Map((isArray(value) ? value : []).filter(isObject).map((item) => [String(item[key]), item]));
}

/** Do the attributes show these values? Null, [] and {} want nothing there. Exported for the search of what a lost answer made. */
export function showsAll(kind: Kind, attributes: JsonObject, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(([name, value]) => shows(kind, name, attributes[name], value));
}

/** Members that the server adds are no difference; those that were written are. */
function shows(kind: Kind, path: string, actual: Json | undefined, wanted: Json): boolean {
  if (attributeAt(kind, path).noise) return true;
  if (isEmpty(wanted)) return actual === undefined || isEmpty(actual);
  if (isArray(wanted)) {
    if (!isArray(actual)) return false;
    const left = [...actual];
    return (
      wanted.every((item) => {
        const at = left.findIndex((other) => shows(kind, path, other, item));
        if (at >= 0) left.splice(at, 1);
        return at >= 0;
      }) && left.length === 0
    );
  }
  if (isObject(wanted)) {
    const object = isObject(actual) ? actual : {};
    return Object.entries(wanted).every(([name, member]) =>
      name.startsWith('@') ? true : shows(kind, `${path}.${name}`, object[name], member),
    );
  }
  if (actual === undefined) return false;
  // Texts that are sets compare as sets.
  const { flags } = attributeAt(kind, path);
  const form = (value: Json) =>
    flags !== undefined && typeof value === 'string'
      ? value
          .split(flags.trim() || ' ')
          .map((flag) => flag.trim())
          .sort()
          .join()
      : canonicalText(value);
  return form(actual) === form(wanted);
}

function isEmpty(value: Json): boolean {
  return (
    value === null || (isArray(value) && value.length === 0) || (isObject(value) && Object.values(value).every(isEmpty))
  );
}

/** The step under the ids of now; undefined where something that it names has not been made. */
export function resolved(step: Step, resolve: (value: Json) => Json | undefined, ids: IdMap): Step | undefined {
  const now = { ...step, ref: currentRef(ids, step.ref) };
  switch (now.action) {
    case 'recreate':
    case 'update': {
      const after = resolve(now.after);
      return isObject(after) ? { ...now, after } : undefined;
    }
    case 'action': {
      const after = resolve(now.after);
      return after === undefined ? undefined : { ...now, after };
    }
    case 'createItem':
    case 'updateItem':
    case 'deleteItem': {
      const key = currentId(ids, now.key);
      if (now.after === undefined) return { ...now, key };
      const after = resolve(now.after);
      if (!isObject(after)) return undefined;
      return { ...now, key, after: after.id === now.key ? { ...after, id: key } : after };
    }
    case 'link':
    case 'unlink':
      return { ...now, target: currentRef(ids, now.target) };
    case 'prune':
      return { ...now, keep: now.keep.map((text) => text.replace(/[0-9a-f-]{36}/g, (id) => currentId(ids, id))) };
    default:
      return now;
  }
}
