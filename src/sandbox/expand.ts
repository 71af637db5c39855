// The text of an $expand in, the relation it names, checked; an object in, what that relation holds out (reference 1.4).
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import { itemPresenter, parseSelect } from './present.ts';
import {
  badRequest,
  type Context,
  denied,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Item,
} from './types.ts';

export interface Expansion {
  readonly relation: string;
  readonly single: boolean;
  readonly selected: ReadonlySet<string> | undefined;
}

/** Expanded relations are cut here, without a word (reference 1.4). */
const expandCap = 20;

/** One relation, with at most a `$select` of its own (reference 1.4). */
export function parseExpand(
  text: string | undefined,
  rules: EntityType,
  context: Context,
  advanced: boolean,
): Expansion | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (advanced) throw badRequest('$expand is not supported in combination with advanced queries.');
  const match = /^(\w+)(?:\(\$select=([\w,\s]+)\))?$/.exec(text.trim());
  if (!match) throw new GraphError(400, 'Request_UnsupportedQuery', 'Only one relation can be expanded in a request.');
  const [, relation = '', select] = match;
  const items = itemRules(rules, relation, context);
  if (!items) {
    throw badRequest(`Could not find a property named '${relation}' on type 'microsoft.graph.${rules.type}'.`);
  }
  if (rules.related?.[relation] && !allowed(context.caller.permissions, readOf(rules, relation, context)))
    throw denied();
  const single = rules.links?.[relation]?.single === true;
  return { relation, single, selected: parseSelect(select, items, context, false) };
}

/** The rules of what a relation holds, whichever sort of relation it is. */
function itemRules(rules: EntityType, relation: string, context: Context): EntityType | undefined {
  if (rules.links?.[relation]) return context.rules('directoryObject');
  const related = rules.related?.[relation];
  return related ? context.rules(related.type) : childRules(rules, relation);
}

const rulesOfChildren = new WeakMap<EntityType, Map<string, EntityType>>();

/** The rules of a contained collection's items as of objects, so that one code shapes both. */
export function childRules(rules: EntityType, navigation: string): EntityType | undefined {
  const rule = rules.children?.[navigation];
  if (!rule) return undefined;
  const known = rulesOfChildren.get(rules) ?? new Map<string, EntityType>();
  rulesOfChildren.set(rules, known);
  const made: EntityType = known.get(navigation) ?? {
    type: rule.type,
    path: `${rules.path}/${navigation}`,
    methods: ['list', 'get'],
    readOnly: [],
    permissions: rules.permissions,
    ...(rule.derived ? { derived: rule.derived } : {}),
  };
  known.set(navigation, made);
  return made;
}

/** Adds an expanded relation to the answers for objects of a type: a single one whole, a collection's first 20. */
export function expander(
  world: World,
  context: Context,
  rules: EntityType,
  { relation, single, selected }: Expansion,
): (object: GraphObject, shaped: GraphRecord) => void {
  const child = childRules(rules, relation);
  const show = itemPresenter(world, context, (type) => child ?? context.rules(type) ?? rules, {
    single: false,
    selected,
    polymorphic: rules.links?.[relation] !== undefined,
  });
  // What comes with every read of its owner comes whole (reference 1.4).
  const most = rules.children?.[relation]?.inline ? Number.POSITIVE_INFINITY : expandCap;
  return (object, shaped) => {
    const items = child
      ? ((object[relation] ?? []) as GraphObject[]).map((each) => ({ type: child.type, object: each }))
      : relatedItems(context, rules, object, relation);
    const values = items.slice(0, most).map(show);
    if (!single) shaped[relation] = values;
    else if (values[0]) shaped[relation] = values[0];
  };
}

/** Permissions to read a related collection: its own, or its type's. */
export function readOf(rules: EntityType, relation: string, context: Context): EntityType['permissions']['read'] {
  const related = rules.related?.[relation];
  return related?.read ?? (related && context.rules(related.type)?.permissions.read) ?? rules.permissions.read;
}

/** The objects at the other end of a relation, either way round. */
export function relatedItems(context: Context, rules: EntityType, object: GraphObject, relation: string): Item[] {
  const related = rules.related?.[relation];
  if (related) {
    return context.reader
      .find(related.type, related.by, object.id)
      .map((each) => ({ type: related.type, object: each }));
  }
  const link = rules.links?.[relation];
  const ids = link?.inverseOf
    ? context.reader.owners(link.inverseOf, object.id)
    : context.reader.targets(relation, object.id);
  return ids
    .map((id) => context.reader.locate(id))
    .filter((found) => found !== undefined)
    .filter((found) => link?.targets.includes(found.type) ?? true);
}
