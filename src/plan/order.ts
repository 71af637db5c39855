// Order: drafts of all objects in, steps out, each after what it needs; derived from what refers to what, and from nothing else.
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Step } from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import { type Body, type Draft, type ObjectPlan, stages } from './input.ts';
import { blocks, policyKind } from './policies.ts';
import { type Context, refOf } from './steps.ts';
import { referencesIn } from './values.ts';

/** The steps in order, numbered and in waves. Adds to the drafts what they need; cycles of new objects are cut by second updates. */
export function orderSteps(objects: readonly ObjectPlan[], context: Context): Step[] {
  const bringing = new Map<Ref, Draft>();
  for (const { pair, drafts } of objects)
    for (const draft of drafts)
      if (draft.body.action === 'restore' || draft.body.action === 'recreate') bringing.set(pair.ref, draft);
  cutCycles(objects, bringing);
  for (const object of objects) for (const draft of object.drafts) addNeeds(draft, object, bringing, context);
  addSources(objects, context);
  addPolicyNeeds(objects, context);
  addReleases(objects);
  addDeletions(objects, context);
  const blocking = objects.filter(({ pair }) => kindOf(pair.ref) === policyKind && blocks(pair.goal?.attributes ?? {}));
  return number(
    objects.flatMap(({ drafts }) => drafts),
    new Set(blocking.map(({ pair }) => pair.ref)),
  );
}

/** Refs that the placeholders in a value stand for. */
function placeholders(value: Json | undefined, found: Set<Ref> = new Set()): Set<Ref> {
  if (isArray(value)) for (const item of value) placeholders(item, found);
  else if (isObject(value)) {
    if (typeof value.$new === 'string') found.add(value.$new as Ref);
    else for (const member of Object.values(value)) placeholders(member, found);
  }
  return found;
}

/**
 * New objects that name each other (or themselves): the one met again is made without that attribute, which a second update writes.
 * Required attributes are never the ones that are left out.
 */
function cutCycles(objects: readonly ObjectPlan[], bringing: ReadonlyMap<Ref, Draft>): void {
  const byRef = new Map(objects.map((object) => [object.pair.ref, object]));
  const state = new Map<Ref, 'open' | 'done'>();
  const visit = (ref: Ref): void => {
    state.set(ref, 'open');
    const draft = bringing.get(ref);
    if (draft?.body.action === 'recreate') {
      for (const [name, value] of Object.entries(draft.body.after)) {
        for (const target of placeholders(value)) {
          if (state.get(target) === undefined && bringing.has(target)) visit(target);
          if (state.get(target) === 'open') {
            writeLater(byRef.get(ref)!, draft, name);
            break;
          }
        }
      }
    }
    state.set(ref, 'done');
  };
  for (const ref of bringing.keys()) if (state.get(ref) === undefined) visit(ref);
}

function writeLater(object: ObjectPlan, draft: Draft, name: string): void {
  if (draft.body.action !== 'recreate') return;
  const { [name]: value, ...after } = draft.body.after;
  if (value === undefined) return;
  const { type } = draft.body;
  draft.body = { ...draft.body, after };
  object.drafts.push({
    body: {
      action: 'update',
      ref: draft.body.ref,
      displayName: draft.body.displayName,
      access: draft.body.access,
      ...(type === undefined ? {} : { type }),
      before: { [name]: null },
      after: { [name]: value },
      because: 'it names an object that is made only after it',
    },
    stage: draft.stage,
    needs: [draft],
    after: [],
  });
}

function afterOf(body: Body): Json | undefined {
  if (body.action === 'action') return { [body.attribute]: body.after };
  if (body.action === 'createItem' || body.action === 'updateItem') return { [body.attribute]: [body.after ?? {}] };
  return body.action === 'recreate' || body.action === 'update' ? body.after : undefined;
}

/** The value with the old ids in place of what will come: what names a new object by its application id names its service principal too. */
function asBefore(value: Json): Json {
  if (isArray(value)) return value.map(asBefore);
  if (!isObject(value)) return value;
  if (typeof value.$new === 'string') return value.was ?? null;
  if (isArray(value.$text)) return value.$text.map((piece) => String(asBefore(piece))).join('');
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asBefore(member)]));
}

function addNeeds(draft: Draft, { pair }: ObjectPlan, bringing: ReadonlyMap<Ref, Draft>, context: Context): void {
  const { body } = draft;
  const need = (ref: Ref | undefined): void => {
    const other = ref === undefined ? undefined : bringing.get(ref);
    if (other !== undefined && other !== draft && !draft.needs.includes(other)) draft.needs.push(other);
  };
  if (body.action === 'link') need(body.target);
  const kind = context.input.kinds.get(kindOf(pair.ref))!;
  // An application comes back before its service principal, which Graph would not have without it.
  if (body.action === 'restore' && pair.goal !== undefined)
    for (const found of referencesIn(kind, pair.goal.attributes))
      if (kind.attributes[found.path]?.required === true)
        need(refOf(context, found.reference.kind, found.reference.by ?? 'id', found.value));
  const after = afterOf(body);
  if (!isObject(after)) return;
  for (const ref of placeholders(after)) need(ref);
  for (const found of referencesIn(kind, asBefore(after) as JsonObject)) {
    // Graph asks whether it is there where a policy names it, and where an object cannot be without it.
    if (kind.lane === 'directory' && kind.attributes[found.path]?.required !== true) continue;
    need(refOf(context, found.reference.kind, found.reference.by ?? 'id', found.value));
  }
}

/** What cannot be without another object takes values over from it (a service principal from its application): that one goes first. */
function addSources(objects: readonly ObjectPlan[], context: Context): void {
  const byRef = new Map(objects.map((object) => [object.pair.ref, object]));
  for (const { pair, drafts } of objects) {
    const kind = context.input.kinds.get(kindOf(pair.ref))!;
    const attributes = (pair.goal ?? pair.live)?.attributes ?? {};
    for (const { path, reference, value } of referencesIn(kind, attributes)) {
      if (kind.attributes[path]?.required !== true) continue;
      const ref = refOf(context, reference.kind, reference.by ?? 'id', value);
      const sources = (ref === undefined ? undefined : byRef.get(ref))?.drafts ?? [];
      for (const draft of drafts)
        if (draft.body.action === 'update')
          draft.after.push(...sources.filter(({ body, stage }) => body.action === 'update' && stage === draft.stage));
    }
  }
}

/** A policy is written when all that it names is as the goal has it, members of its groups and their members included. */
function addPolicyNeeds(objects: readonly ObjectPlan[], context: Context): void {
  const byRef = new Map(objects.map((object) => [object.pair.ref, object]));
  const kind = context.input.kinds.get(policyKind);
  if (kind === undefined) return;
  for (const { pair, drafts } of objects) {
    if (kindOf(pair.ref) !== policyKind || pair.goal === undefined) continue;
    const reached = new Set<Ref>();
    const queue = referencesIn(kind, pair.goal.attributes).map(({ reference, value }) =>
      refOf(context, reference.kind, reference.by ?? 'id', value),
    );
    for (let ref = queue.pop(); ref !== undefined || queue.length > 0; ref = queue.pop()) {
      if (ref === undefined || reached.has(ref) || kindOf(ref) === policyKind) continue;
      reached.add(ref);
      for (const { target } of byRef.get(ref)?.pair.goal?.links.members ?? []) queue.push(target);
    }
    const grown = [...reached].flatMap((ref) => byRef.get(ref)?.drafts ?? []).filter(({ stage }) => stage === 'grow');
    for (const draft of drafts)
      if (draft.stage === 'policy' || draft.stage === 'enforce')
        for (const other of grown) if (!draft.needs.includes(other)) draft.needs.push(other);
  }
}

/** Values that one object only may have at a time: whoever gives it up comes first, even if that is a deletion. */
const unique = ['userPrincipalName', 'mailNickname', 'identifierUris'];

function addReleases(objects: readonly ObjectPlan[]): void {
  const values = (value: Json | undefined) =>
    (isArray(value) ? value : value === undefined ? [] : [value]).filter((one) => typeof one === 'string');
  const holders = new Map<string, Draft>();
  for (const { pair, drafts } of objects)
    for (const draft of drafts)
      for (const name of unique) {
        const { body } = draft;
        if (body.action !== 'delete' && !(body.action === 'update' && Object.hasOwn(body.after, name))) continue;
        const kept = body.action === 'update' ? values(body.after[name]) : [];
        for (const value of values(pair.live?.attributes[name]))
          if (!kept.includes(value)) holders.set(`${kindOf(pair.ref)} ${name} ${value}`, draft);
      }
  for (const { pair, drafts } of objects)
    for (const draft of drafts) {
      const after = afterOf(draft.body);
      if (!isObject(after)) continue;
      for (const name of unique)
        for (const value of values(after[name])) {
          const holder = holders.get(`${kindOf(pair.ref)} ${name} ${value}`);
          if (holder === undefined || holder === draft) continue;
          draft.after.push(holder);
          holder.stage = draft.stage;
        }
    }
}

/** What names another object goes before it: Graph does not let go of what is in use (reference 3.8, 3.9). */
function addDeletions(objects: readonly ObjectPlan[], context: Context): void {
  const deleting = new Map<Ref, Draft>();
  for (const { pair, drafts } of objects)
    for (const draft of drafts) if (draft.body.action === 'delete') deleting.set(pair.ref, draft);
  for (const [ref, draft] of deleting) {
    const kind = context.input.kinds.get(kindOf(ref))!;
    if (draft.body.action !== 'delete') continue;
    for (const { reference, value } of referencesIn(kind, draft.body.before)) {
      const target = refOf(context, reference.kind, reference.by ?? 'id', value);
      const other = target === undefined ? undefined : deleting.get(target);
      if (other !== undefined && other !== draft) other.after.push(draft);
    }
  }
}

/** Sorts by stage, then topologically; equal ones stay in the order they came in, policies that block last of those that enforce. */
function number(drafts: readonly Draft[], blocking: ReadonlySet<Ref>): Step[] {
  const hardens = ({ body }: Draft) => blocking.has(body.ref);
  const ordered: { draft: Draft; wave: number }[] = [];
  const placed = new Map<Draft, number>();
  let wave = 0;
  for (const stage of stages) {
    let open = drafts.filter((draft) => draft.stage === stage);
    if (stage === 'enforce') open = [...open.filter((one) => !hardens(one)), ...open.filter(hardens)];
    while (open.length > 0) {
      const inStage = new Set(open);
      const free = (softly: boolean) =>
        open.filter(
          ({ needs, after }) =>
            !needs.some((other) => inStage.has(other)) && (!softly || !after.some((other) => inStage.has(other))),
        );
      const best = free(true);
      const ready = best.length > 0 ? best : free(false);
      // Needs are made of creations, which were cut free of cycles: there is always one that is free.
      if (ready.length === 0) throw new RangeError('steps of a plan need each other');
      for (const draft of ready) {
        placed.set(draft, ordered.length);
        ordered.push({ draft, wave });
      }
      wave += 1;
      open = open.filter((draft) => !placed.has(draft));
    }
  }
  return ordered.map(
    ({ draft, wave: at }, index) =>
      ({
        id: String(index + 1),
        ...draft.body,
        needs: [...new Set(draft.needs)]
          .map((other) => String(placed.get(other)! + 1))
          .sort((a, b) => Number(a) - Number(b)),
        wave: at,
      }) as Step,
  );
}
