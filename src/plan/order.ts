// Order: drafts of all objects in, steps out, each after what it needs; derived from what refers to what, and from nothing else.
import { isObject } from '../model/json.ts';
import { merged } from '../model/merged.ts';
import type { Step } from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Scratch } from '../model/scratch.ts';
import { type Alone, type At, byPlace, type LoneBody } from './alone.ts';
import { type Draft, type ObjectPlan, stages } from './input.ts';
import { idsOf, type Numbered, NumberedSteps, type Stretch } from './numbered.ts';
import { Pile } from './pile.ts';
import { blocks, policyKind } from './policies.ts';
import { afterOf, namedBy, placeholders, uniqueValues } from './relations.ts';
import { type Context, refOf } from './steps.ts';
import { referencesIn } from './values.ts';

/**
 * The steps in order, numbered and in waves, of objects that hang together and of those that stand alone. Adds to the drafts what they need; cycles
 * of new objects are cut by second updates.
 */
export function orderSteps(objects: readonly ObjectPlan[], alone: Alone, context: Context): NumberedSteps {
  const bringing = new Map<Ref, Draft>();
  for (const { pair, drafts } of objects)
    for (const draft of drafts)
      if (draft.body.action === 'restore' || draft.body.action === 'recreate') bringing.set(pair.ref, draft);
  cutCycles(objects, bringing);
  for (const { pair, drafts } of objects)
    for (const draft of drafts)
      for (const ref of namedBy(draft.body, pair, context)) {
        const other = bringing.get(ref);
        if (other !== undefined && other !== draft && !draft.needs.includes(other)) draft.needs.push(other);
      }
  addSources(objects, context);
  addPolicyNeeds(objects, context);
  addReleases(objects);
  addDeletions(objects, context);
  const blocking = objects.filter(({ pair }) => kindOf(pair.ref) === policyKind && blocks(pair.goal?.attributes ?? {}));
  return number(objects, alone, new Set(blocking.map(({ pair }) => pair.ref)), context.input.scratch);
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

function addReleases(objects: readonly ObjectPlan[]): void {
  const holders = new Map<string, Draft>();
  for (const { pair, drafts } of objects)
    for (const draft of drafts) {
      const { body } = draft;
      // Of what comes back nobody waits for what it had in the bin.
      if (pair.live === undefined || (body.action !== 'delete' && body.action !== 'update')) continue;
      const kept = new Set(body.action === 'update' ? uniqueValues(kindOf(pair.ref), body.after) : []);
      for (const value of uniqueValues(kindOf(pair.ref), body.before)) if (!kept.has(value)) holders.set(value, draft);
    }
  for (const { pair, drafts } of objects)
    for (const draft of drafts) {
      const after = afterOf(draft.body);
      if (!isObject(after)) continue;
      for (const value of uniqueValues(kindOf(pair.ref), after)) {
        const holder = holders.get(value);
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
function number(
  objects: readonly ObjectPlan[],
  alone: Alone,
  blocking: ReadonlySet<Ref>,
  scratch: Scratch | undefined,
): NumberedSteps {
  const places = new Map(objects.flatMap(({ at, drafts }) => drafts.map((draft) => [draft, at] as const)));
  const placed = new Map<Draft, { readonly number: number; readonly wave: number }>();
  const stretches: Stretch[] = [];
  let next = 1;
  let wave = 0;
  const restoring = new Map<Ref, number>();
  const leading = new Map<number, number>();
  const place = (draft: Draft): void => {
    placed.set(draft, { number: next, wave });
    if (draft.body.action === 'restore') restoring.set(draft.body.ref, next);
    next += 1;
  };
  for (const stage of stages) {
    const drafts = [...places.keys()].filter((draft) => draft.stage === stage);
    const lone = alone.bodies[stage];
    const others = (at: number) => (lone[at]?.length ?? 0) > 0;
    for (const { at: index, ready } of wavesOf(drafts, stage === 'enforce' ? blocking : new Set(), others)) {
      const bodies = lone[index];
      // What stands alone is at the place of its object.
      if (bodies !== undefined && bodies.length > 0) {
        const among = ready.map((draft) => ({ at: places.get(draft)!, item: draft }));
        stretches.push({ bodies, first: next, wave, held: among.map(({ at }) => at), restoring, leading });
        if (among.length === 0 && !alone.leads) next += bodies.length;
        else
          for (const one of merged<At<Draft> | LoneBody>([among, bodies], byPlace)) {
            if ('body' in one.item) place(one.item);
            else {
              if ('leads' in one) leading.set(one.at, next);
              next += 1;
            }
          }
      } else for (const draft of ready) place(draft);
      wave += 1;
    }
  }
  const numbered = (draft: Draft): Numbered => {
    const { number, wave } = placed.get(draft)!;
    const needs = idsOf(draft.needs.map((other) => placed.get(other)!.number));
    const item = { id: String(number), ...draft.body, needs, wave } as Step;
    return { at: places.get(draft)!, number, item };
  };
  const held = new Pile<Numbered>(scratch);
  for (const draft of placed.keys()) held.push(numbered(draft));
  const ofObjects = new Pile<Numbered>(scratch);
  for (const { drafts } of objects)
    for (const one of drafts.map(numbered).sort((left, right) => left.number - right.number)) ofObjects.push(one);
  return new NumberedSteps(held, ofObjects, stretches);
}

/** The drafts of one stage, wave by wave, those of `last` after the others; `others` says of a wave whether it has steps beside these. */
function* wavesOf(
  drafts: readonly Draft[],
  last: ReadonlySet<Ref>,
  others: (at: number) => boolean,
): Generator<{ readonly at: number; readonly ready: readonly Draft[] }> {
  const hardens = ({ body }: Draft) => last.has(body.ref);
  let open = [...drafts.filter((one) => !hardens(one)), ...drafts.filter(hardens)];
  for (let at = 0; open.length > 0 || others(at); at += 1) {
    const inStage = new Set(open);
    const free = (softly: boolean) =>
      open.filter(
        ({ needs, after }) =>
          !needs.some((other) => inStage.has(other)) && (!softly || !after.some((other) => inStage.has(other))),
      );
    const best = free(true);
    const ready = best.length > 0 || others(at) ? best : free(false);
    // Needs are made of creations, which were cut free of cycles: there is always one that is free.
    if (ready.length === 0 && !others(at)) throw new RangeError('steps of a plan need each other');
    yield { at, ready };
    const done = new Set(ready);
    open = open.filter((draft) => !done.has(draft));
  }
}
