// Steps of one object: the object as it is and as the goal has it in, drafts of steps and refusals out.

import { displayNameOf, type Entity, linkText } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { type AccessClass, holds, type Kind } from '../model/kind.ts';
import { minuteText } from '../model/moment.ts';
import type { Placeholder, Refusal, Since } from '../model/plan.ts';
import { keyOf, kindOf, mayBeObject, type Ref, toRef } from '../model/ref.ts';
import { accessMeanings, accessOfLink, accessOfObject, accessOfValue } from './access.ts';
import { attributeSteps, itemSteps, newAttributes } from './attributes.ts';
import { type Sought, youngest } from './grants.ts';
import { masteredOnPremises, objectRefusal, refusal } from './guard.ts';
import type { Body, Draft, ObjectPlan, Pair, PlanInput, Stage } from './input.ts';
import { linkSteps } from './links.ts';
import { referencesIn } from './values.ts';

/** What is known while the steps of all objects are made. */
export interface Context {
  readonly input: PlanInput;
  /** Old ids and application ids of the objects that are made anew, and what will stand in their place. */
  readonly renewed: ReadonlyMap<string, Placeholder>;
  /** Objects that the plan brings back or makes. */
  readonly coming: ReadonlySet<Ref>;
  /** The same by kind and application id. */
  readonly comingByAppId: ReadonlyMap<string, Ref>;
  /** What comes back to an object with it, as far as the plan itself knows: consent and application permissions. */
  readonly returning: (ref: Ref) => readonly AccessClass[];
}

/** The work on one object: collects drafts and refusals, and knows what all of them share. */
export interface Work {
  readonly context: Context;
  readonly pair: Pair;
  readonly kind: Kind;
  readonly displayName: string;
  /** The object as it is, or as it will be when it has come back from the bin; absent where it is made anew. */
  readonly now: Entity | undefined;
  readonly goal: Entity;
  /** Links and contained objects of `now` are known: it was read as a living object. */
  readonly fully: boolean;
  readonly synced: boolean;
  /** Drafts that all others need: the one that brings the object. */
  readonly first: readonly Draft[];
  readonly drafts: Draft[];
  readonly refusals: Refusal[];
}

/** One for the many steps that give no access. */
const none: readonly AccessClass[] = [];

export function addDraft(
  work: Work,
  body: Distribute<Body>,
  stage: Stage = 'grow',
  needs: readonly Draft[] = [],
): Draft {
  const { ref } = work.pair;
  const access = body.access?.length ? body.access : none;
  const whole = { ...body, access, ref, displayName: work.displayName } as Body;
  const since = whole.access.length === 0 ? undefined : youngest(work.context.input.grants, soughtBy(whole));
  const draft: Draft = {
    body: since === undefined ? whole : { ...whole, since },
    stage,
    needs: [...work.first, ...needs],
    after: [],
  };
  work.drafts.push(draft);
  return draft;
}
type Distribute<Type> = Type extends unknown
  ? Omit<Type, 'ref' | 'displayName' | 'access'> & { access?: readonly AccessClass[] }
  : never;

/** What a step makes of its object. */
function soughtBy(body: Body): Sought {
  const { ref } = body;
  switch (body.action) {
    case 'link':
      return { ref, paths: [body.link], target: body.target };
    case 'update':
      return { ref, paths: Object.keys(body.after) };
    case 'action':
    case 'createItem':
    case 'updateItem':
      return { ref, paths: [body.attribute] };
    default:
      return { ref };
  }
}

export function refuse(work: Work, ...[reason, because, more]: Tail<Parameters<typeof refusal>>): void {
  work.refusals.push(refusal(work.pair, work.displayName, reason, because, more));
}
type Tail<List extends unknown[]> = List extends [unknown, unknown, ...infer Rest] ? Rest : never;

/** Are there classes that are not allowed among those that a change would give, or is it too young? A refusal is noted for it. */
export function accessRefused(work: Work, classes: readonly AccessClass[], path?: string, target?: Ref): boolean {
  if (classes.length === 0) return false;
  const { options, grants } = work.context.input;
  const where = { ...(path === undefined ? {} : { path }), ...(target === undefined ? {} : { target }) };
  const missing = classes.filter((one) => !options.allowAccess.includes(one));
  const since = youngest(grants, {
    ref: work.pair.ref,
    ...(path === undefined ? {} : { paths: [path] }),
    ...(target === undefined ? {} : { target }),
  });
  const given = (missing.length === 0 ? classes : missing).map((one) => accessMeanings[one]).join('; ');
  const because = `It gives access: ${given}${since === undefined ? '' : `; ${sinceText(since)}`}.`;
  if (options.notAfter !== undefined && (since === undefined || since.at > options.notAfter)) {
    refuse(work, 'young', because, { ...where, flag: '--not-after, with a later time or left out' });
    return true;
  }
  if (missing.length === 0) return false;
  refuse(work, 'access', because, { ...where, flag: missing.map((one) => `--allow-access ${one}`).join(' ') });
  return true;
}

/** Since when there has been what gives access, in words. */
export function sinceText({ commit, at, beginning }: Since): string {
  const when = `${minuteText(at)} (${commit.slice(0, 12)})`;
  return beginning ? `it was there when the history began, ${when}` : `it came by ${when}`;
}

/** The ref that a reference's value names, or undefined where it names none (`All`, a role template). */
export function refOf(context: Context, kind: string, by: 'id' | 'appId', value: string): Ref | undefined {
  if (!mayBeObject(value)) return undefined;
  if (by === 'id') return toRef(kind, value);
  // An application id that nothing here has is a ref to nothing, which says as much.
  return context.comingByAppId.get(`${kind} ${value}`) ?? context.input.byAppId(kind, value) ?? toRef(kind, value);
}

/** Is the object there now, or will it be when its turn in the plan has come? */
export function reachable({ input, coming }: Context, ref: Ref): boolean {
  return coming.has(ref) || input.exists(ref);
}

/**
 * Is what the object cannot be without made anew, so that the one in the bin would belong to something that is no more? (A service principal
 * whose application is gone for good.)
 */
export function outlived(kind: Kind, goal: Entity, renewed: ReadonlyMap<string, Placeholder>): boolean {
  return referencesIn(kind, goal.attributes).some(
    ({ path, value }) => kind.attributes[path]?.required === true && kind.key === 'id' && renewed.has(value),
  );
}

/** The steps that make one object like the goal. */
export function planObject(at: number, pair: Pair, kind: Kind, context: Context): ObjectPlan {
  const { input } = context;
  const inBin = pair.goal !== undefined && outlived(kind, pair.goal, context.renewed) ? undefined : pair.bin;
  const state = pair.live !== undefined ? 'live' : inBin !== undefined ? 'bin' : 'gone';
  const shown = pair.goal ?? pair.live ?? inBin;
  const displayName = shown === undefined ? keyOf(pair.ref) : displayNameOf(kind, shown);
  const refused = objectRefusal(pair, kind, displayName, input);
  const work: Work = {
    context,
    pair,
    kind,
    displayName,
    now: pair.live ?? inBin,
    goal: pair.goal ?? { ref: pair.ref, attributes: {}, links: {} },
    fully: pair.live !== undefined,
    synced: masteredOnPremises(pair),
    first: [],
    drafts: [],
    refusals: [],
  };
  if (refused !== undefined) {
    // Role assignments on a resource that is not ours to write are objects of their own, and stay ours.
    if (refused.reason === 'notWritable' && state === 'live' && pair.goal !== undefined) assignments(work, refused);
    else work.refusals.push(refused);
  } else if (pair.goal === undefined) deletion(work);
  else if (state === 'gone') recreation(work);
  else if (state === 'bin') restoration(work);
  else changes(work);
  return { at, pair, state, drafts: work.drafts, refusals: work.refusals };
}

function assignments(work: Work, refused: Refusal): void {
  const { kind, now, goal } = work;
  const names = Object.keys(kind.links).filter((name) => kind.links[name]!.write === 'assignment');
  for (const name of names) linkSteps(work, name);
  const without = (entity: Entity): string => {
    const links = Object.entries(entity.links).filter(([name]) => !names.includes(name));
    return JSON.stringify([entity.attributes, links]);
  };
  if (now !== undefined && without(now) !== without(goal)) work.refusals.push(refused);
}

function changes(work: Work): void {
  const before = work.drafts.length;
  attributeSteps(work);
  for (const contained of work.kind.contained ?? []) itemSteps(work, contained);
  // A group that was dynamic keeps whom its rule had found, and nobody knows whom: only its own step can tell.
  const wasComputed = (name: string) => {
    const { computedWhen } = work.kind.links[name]!;
    return computedWhen !== undefined && work.now !== undefined && holds(computedWhen, work.now.attributes);
  };
  const turned = work.drafts.slice(before).filter(({ body }) => body.action === 'update');
  for (const name of Object.keys(work.kind.links)) linkSteps(work, name, { unknown: wasComputed(name), needs: turned });
}

function restoration(work: Work): void {
  const { kind, now } = work;
  if (work.synced) {
    refuseSynced(work);
    return;
  }
  const comesWithIt = kind.links.appRoleAssignedTo === undefined ? [] : work.context.returning(work.pair.ref);
  const access = [...new Set([...accessOfObject(kind, now!.attributes), ...comesWithIt])];
  if (accessRefused(work, access)) return;
  const draft = addDraft(work, { action: 'restore', access });
  changes({ ...work, first: [draft], fully: false });
}

/** The access that comes back to service principals with them; looked up in all pairs together when it is first asked for. */
export function returning({ pairs, kinds }: PlanInput): Context['returning'] {
  let found: Map<Ref, AccessClass[]> | undefined;
  const look = (): Map<Ref, AccessClass[]> => {
    const all = new Map<Ref, AccessClass[]>();
    const add = (ref: Ref, classes: readonly AccessClass[]) => all.set(ref, [...(all.get(ref) ?? []), ...classes]);
    for (const { ref, goal, live } of pairs) {
      const kind = kinds.get(kindOf(ref));
      if (kind === undefined || goal === undefined) continue;
      const { clientId } = goal.attributes;
      if (live === undefined && typeof clientId === 'string')
        add(toRef('servicePrincipals', clientId), accessOfObject(kind, goal.attributes));
      for (const [name, links] of Object.entries(goal.links)) {
        if (kind.links[name]?.write !== 'assignment') continue;
        const there = new Set((live?.links[name] ?? []).map(({ target }) => target));
        for (const target of new Set(links.map(({ target }) => target)))
          if (!there.has(target)) add(target, accessOfLink(kind, name, goal.attributes));
      }
    }
    return all;
  };
  return (ref) => {
    found ??= look();
    return [...new Set(found.get(ref))];
  };
}

function recreation(work: Work): void {
  const { kind, goal } = work;
  if (work.synced) {
    refuseSynced(work);
    return;
  }
  const forbidden = kind.notCreatedWhen?.find((condition) => holds(condition, goal.attributes));
  if (kind.creation === 'never' || forbidden !== undefined) {
    refuse(
      work,
      'notCreatable',
      `${work.displayName} is not in a bin, and ${forbidden?.because ?? 'Graph makes no new one'}.`,
    );
    return;
  }
  const created = newAttributes(work);
  if (created === undefined) return;
  const { after, later } = created;
  const names = Object.keys(after);
  const access = accessOfObject(kind, goal.attributes, names);
  if (accessRefused(work, access)) return;
  const draft = addDraft(work, {
    action: 'recreate',
    ...(goal.type === undefined ? {} : { type: goal.type }),
    after,
    renews: renewsOf(kind, goal),
    access,
  });
  const rest: Work = { ...work, first: [draft] };
  for (const add of later) add(rest);
  for (const contained of kind.contained ?? []) itemSteps(rest, contained);
  for (const name of Object.keys(kind.links)) {
    linkSteps(rest, name);
    // Graph makes whoever creates an object its owner (reference 3.2, 3.3).
    if (name === 'owners' && kind.links[name]?.write === 'ref')
      addDraft(
        rest,
        {
          action: 'prune',
          of: name,
          keep: (goal.links[name] ?? []).map(linkText),
          because: 'its creator becomes an owner',
        },
        'shrink',
      );
  }
}

/** The old values of what Graph gives anew when it makes such an object. */
export function renewsOf(kind: Kind, goal: Entity): Record<string, string> {
  const renews: Record<string, string> = {};
  if (kind.key === 'id' && kind.creation === 'post') renews.id = keyOf(goal.ref);
  const { appId } = goal.attributes;
  if (typeof appId === 'string' && kind.attributes.appId?.write === 'never') renews.appId = appId;
  return renews;
}

function refuseSynced(work: Work): void {
  refuse(
    work,
    'synced',
    `${work.displayName} is synced from on-premises: bring it back there, and the sync brings it here.`,
  );
}

/** What Graph demands of an object before it lets it be deleted (reference 3.8, 3.10). */
const beforeDelete: Readonly<Record<string, JsonObject>> = {
  namedLocations: { isTrusted: false },
  authenticationContextClassReferences: { isAvailable: false },
};

function deletion(work: Work): void {
  const { kind, context, now } = work;
  const { deleteNew, hardDelete } = context.input.options;
  const name = work.displayName;
  if (kind.deletion.mode === 'never' || kind.singleton) {
    refuse(work, 'notDeletable', `${name} is not in the commit, and Graph does not let it be deleted.`);
    return;
  }
  if (!deleteNew) {
    refuse(work, 'new', `${name} is not in the commit: it came later.`, { flag: '--delete-new' });
    return;
  }
  if (work.synced) {
    refuseSynced(work);
    return;
  }
  const noBin =
    kind.deletion.mode === 'hard' || kind.deletion.binAbsentIn?.includes(context.input.identity.cloud) === true;
  // What has a natural key comes back the same from its file; the rest would come back under another id.
  if (noBin && kind.key === 'id' && kind.creation === 'post' && !hardDelete) {
    refuse(work, 'hardDelete', `${name} would be deleted for good: there is no bin for ${kind.name}.`, {
      flag: '--hard-delete',
    });
    return;
  }
  const attributes = now!.attributes;
  const access = new Set<AccessClass>();
  for (const path of Object.keys(attributes))
    for (const one of accessOfValue({
      kind,
      path,
      before: attributes[path],
      after: undefined,
      objectBefore: attributes,
      object: {},
      exists: true,
    }))
      access.add(one);
  if (accessRefused(work, [...access])) return;
  const demanded = Object.entries(beforeDelete[kind.name] ?? {}).filter(([path, value]) => attributes[path] === !value);
  const readied = demanded.map(([path, value]) =>
    addDraft(
      work,
      {
        action: 'update',
        ...(now!.type === undefined ? {} : { type: now!.type }),
        before: { [path]: attributes[path]! },
        after: { [path]: value },
        because: 'Graph deletes it only then',
      },
      'shrink',
    ),
  );
  addDraft(work, { action: 'delete', before: attributes, access: [...access] }, 'delete', readied);
}
