// What planning needs: a pair of whole objects in; the same pair out with what differs, and of what is equal only that which planning looks at.
import { type Entity, type Link, linkText } from '../model/entity.ts';
import { equal } from '../model/json.ts';
import { type Condition, type Kind, nameAttributes, requiredReferences } from '../model/kind.ts';
import { together } from './attributes.ts';
import type { Pair } from './input.ts';
import { digestOf, hasUnknownValue } from './values.ts';

/** Attributes that planning asks for by their names, whatever the row says of them. */
const askedFor = [
  'accountEnabled',
  'appId',
  'appOwnerOrganizationId',
  'clientId',
  'onPremisesSyncEnabled',
  ...together.flat(),
];

const looked = new WeakMap<Kind, ReadonlySet<string>>();

/** The attributes of a kind that planning looks at even where they do not differ: names, references, conditions, contained objects. */
function lookedAt(kind: Kind): ReadonlySet<string> {
  const known = looked.get(kind);
  if (known !== undefined) return known;
  const attributes = Object.values(kind.attributes);
  const links = Object.values(kind.links);
  const conditions = [
    ...(kind.readOnlyWhen ?? []),
    ...(kind.notCreatedWhen ?? []),
    ...attributes.flatMap(({ noiseWhen = [] }) => noiseWhen),
    ...links.flatMap(({ existsWhen = [] }) => existsWhen),
    ...[...attributes, ...links].map(({ accessWhen }) => accessWhen),
    ...links.flatMap(({ computedWhen, hiddenWhen }) => [computedWhen, hiddenWhen]),
    ...(kind.contained ?? []).map(({ when }) => when),
  ];
  const found = new Set<string>([
    ...askedFor,
    ...nameAttributes(kind),
    ...(kind.key === 'id' ? [] : kind.key),
    ...(kind.contained ?? []).map(({ attribute }) => attribute),
    ...conditions.flatMap(namesIn),
    ...Object.entries(kind.attributes).flatMap(([path, { refersTo }]) =>
      refersTo === undefined ? [] : [path.split('.')[0]!],
    ),
  ]);
  looked.set(kind, found);
  return found;
}

function namesIn(condition: Condition | undefined): string[] {
  return condition === undefined ? [] : [condition.attribute, ...namesIn(condition.and)];
}

/**
 * The pair without what planning does not look at: of a user whose title differs, the title and a few attributes more. The plan of it is the
 * same, and many can be kept. Of an object that lies in the bin what gives access stays, too, for it comes back with it. An object that is on one
 * side only stays whole, for its step bears all of it, but holds on to nothing of the text of the file that it was read from; and so does one of a
 * kind of which there are few, such as the policies that decide over a lock-out.
 */
export function needed(kind: Kind, pair: Pair): Pair {
  if (!kind.sharded) return pair;
  const { ref, live, goal, bin } = pair;
  const looks = lookedAt(kind);
  const attributes = (left: Entity, right: Entity, more: ReadonlySet<string> = none): [Entity, Entity] => {
    const [one, other] = halves(left.attributes, right.attributes, equal, (name, value) => {
      return looks.has(name) || more.has(name) || hasUnknownValue(value);
    });
    return [
      { ...left, attributes: one },
      { ...right, attributes: other },
    ];
  };
  if (live !== undefined && goal !== undefined) {
    const [now, wanted] = attributes(live, goal);
    const links = halves(live.links, goal.links, equalLinks, (name) => kind.links[name]?.single !== true);
    const digest = digestOf(kind, live);
    return { ref, live: { ...now, links: links[0] }, goal: { ...wanted, links: links[1] }, digest };
  }
  // What cannot be without another object may have to be made anew all the same.
  if (goal === undefined || bin === undefined || requiredReferences(kind).length > 0) return copied(pair);
  // What links come back with it nobody knows, so that all of the goal's are looked at.
  const [lying, wanted] = attributes(bin, goal, accessGiving(kind));
  return copied({ ref, bin: lying, goal: wanted });
}

const none: ReadonlySet<string> = new Set();

function accessGiving(kind: Kind): ReadonlySet<string> {
  const giving = Object.entries(kind.attributes).filter(([, { access }]) => access !== undefined);
  return new Set(giving.map(([path]) => path.split('.')[0]!));
}

/** Of both sides the members that differ, and of those that are equal the ones that are looked at. */
function halves<Value>(
  left: Readonly<Record<string, Value>>,
  right: Readonly<Record<string, Value>>,
  same: (one: Value, other: Value) => boolean,
  looksAt: (name: string, value: Value) => boolean,
): [Record<string, Value>, Record<string, Value>] {
  const half = (own: Readonly<Record<string, Value>>, other: Readonly<Record<string, Value>>) => {
    const members = Object.entries(own).filter(([name, value]) => {
      const opposite = Object.hasOwn(other, name) ? other[name] : undefined;
      return opposite === undefined || !same(value, opposite) || looksAt(name, value);
    });
    return Object.fromEntries(members);
  };
  return [half(left, right), half(right, left)];
}

/** A text that was cut out of a file keeps all of that file in memory; a copy does not. */
function copied<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

function equalLinks(left: readonly Link[], right: readonly Link[]): boolean {
  return left.length === right.length && left.every((link, at) => linkText(link) === linkText(right[at]!));
}
