// One step: reads the object, writes if it is still as the plan found it, and reads until the write shows; ambiguous answers are looked up.
import { createHash } from 'node:crypto';
import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import { canonicalText, isObject, type Json } from '../model/json.ts';
import { type Kind, requiredReferences } from '../model/kind.ts';
import { currentRef, type Step } from '../model/plan.ts';
import { isGuid, keyOf } from '../model/ref.ts';
import type { Outcome } from '../model/run.ts';
import type { GraphAnswer, GraphRequest } from '../model/tenant.ts';
import { meaningOf } from './answers.ts';
import { holds, madeItem, showsAll, surplus } from './effects.ts';
import type { Walk } from './walk.ts';

/** Why a step that was done wrote nothing. */
export const alreadySo = 'it was so already';

/** What came of it, and the object as it was last read. */
interface End {
  readonly outcome: Outcome;
  readonly because?: string;
  readonly entity?: Entity | undefined;
}

/** Carries out one step and notes its outcome. */
export async function carryOut(walk: Walk, step: Step): Promise<void> {
  const end = await attempt(walk, step).catch((error): End => {
    // One object that cannot be read stops nothing but the steps that need it.
    if (!(error instanceof NotComplete)) throw error;
    return { outcome: 'skipped', because: `it could not be read: ${error.detail}` };
  });
  if (end !== undefined) await walk.finish(step, end.outcome, end.because, end.entity);
}

async function attempt(walk: Walk, step: Step): Promise<End | undefined> {
  const hindrance = walk.hindrance(step);
  if (hindrance !== undefined) return { outcome: 'skipped', because: hindrance };
  const now = walk.resolve(step);
  if (now === undefined) return { outcome: 'skipped', because: 'something that it names was not made' };
  const kind = walk.kindOf(step);
  const found = await walk.read(kind, [keyOf(now.ref)]);
  const entity = found.get(keyOf(now.ref));
  const early = await beforeWriting(walk, step, now, kind, entity);
  if (early !== undefined) return early;
  if (now.action === 'prune') return prune(walk, step, now, kind, entity!);
  return write(walk, step, updateInstead(now, kind, entity), kind);
}

/** What ends a step before anything is written: it is so already, or the object is not as the plan found it. */
async function beforeWriting(
  walk: Walk,
  step: Step,
  now: Step,
  kind: Kind,
  entity: Entity | undefined,
): Promise<End | undefined> {
  const begun = walk.begun.has(step.id);
  if (now.action === 'restore')
    return entity === undefined
      ? undefined
      : begun
        ? { outcome: 'done', because: 'it was found done', entity }
        : { outcome: 'skipped', because: 'somebody brought it back since the plan was made' };
  if (now.action === 'recreate') {
    if (entity !== undefined) {
      if (showsAll(kind, entity.attributes, now.after)) return { outcome: 'done', because: alreadySo, entity };
      return begun || broughtAlong(walk, step)
        ? undefined
        : { outcome: 'skipped', because: 'somebody made it since the plan was made' };
    }
    if (!begun) return undefined;
    const adopted = await findMade(walk, step, now, kind);
    return adopted === undefined ? undefined : { outcome: 'done', because: 'it was found done', entity: adopted };
  }
  if (await adoptItem(walk, step, now, kind, entity)) return { outcome: 'done', because: 'it was found done', entity };
  if (holds(now, kind, entity)) return { outcome: 'done', because: begun ? 'it was found done' : alreadySo, entity };
  if (entity === undefined) return { outcome: 'skipped', because: 'it is not there any more' };
  const bound = ['update', 'action', 'createItem', 'updateItem', 'deleteItem', 'delete'].includes(now.action);
  const expected = walk.expected.get(step.ref);
  if (!bound || expected === undefined || walk.made.has(step.ref)) return undefined;
  if (walk.options.digestOf(kind, entity) === expected || asPlanned(walk, now, kind, entity)) return undefined;
  return { outcome: 'skipped', because: 'somebody changed it since the plan was made; plan again' };
}

/**
 * Is an object that takes values over from another one (a service principal from its application, reference 3.4) as this run's own writes to
 * that one may have left it? Then what the step writes is as it was, or as it shall be; and what it deletes differs only in such values.
 */
function asPlanned(walk: Walk, now: Step, kind: Kind, entity: Entity): boolean {
  const source = requiredReferences(kind).find(({ by }) => by === 'appId');
  if (source === undefined || !walk.written.has(source.kind)) return false;
  const shows = (name: string, value: Json | undefined) => showsAll(kind, entity.attributes, { [name]: value ?? null });
  if (now.action === 'update')
    return Object.keys(now.after).every((name) => shows(name, now.before[name]) || shows(name, now.after[name]));
  if (now.action !== 'delete') return false;
  const inherited = walk.options.kinds.get(source.kind)?.attributes ?? {};
  const names = new Set([...Object.keys(now.before), ...Object.keys(entity.attributes)]);
  // What nobody can write there (replyUrls) has changed with the application alone, under whatever name that has it.
  const follows = (name: string) => inherited[name] !== undefined || kind.attributes[name]?.write === 'never';
  return [...names].every((name) => shows(name, now.before[name]) || follows(name));
}

/** Objects with a natural key come back by themselves with what they belong to (the grants of a service principal). */
function broughtAlong(walk: Walk, step: Step): boolean {
  return step.needs.some((id) => walk.restoring.has(id));
}

/** What came back by itself, and differs, is updated rather than made. */
function updateInstead(now: Step, kind: Kind, entity: Entity | undefined): Step {
  if (now.action !== 'recreate' || entity === undefined) return now;
  const writable = Object.entries(now.after).filter(
    ([name]) => (kind.attributes[name]?.write ?? 'always') === 'always',
  );
  const { action: _action, renews: _renews, ...common } = now;
  return { ...common, action: 'update', before: entity.attributes, after: Object.fromEntries(writable) };
}

async function prune(
  walk: Walk,
  step: Step,
  now: Step & { action: 'prune' },
  kind: Kind,
  entity: Entity,
): Promise<End | undefined> {
  for (const part of surplus(now, kind, entity)) {
    if (walk.stopped) return undefined;
    const end = await write(walk, step, part, kind);
    if (end === undefined || end.outcome !== 'done') return end;
  }
  return { outcome: 'done' };
}

/** Sends the call of a step until its outcome is known or the tries are used up. Undefined where the run was stopped meanwhile. */
export async function write(walk: Walk, step: Step, now: Step, kind: Kind): Promise<End | undefined> {
  const call = walk.options.requests.callFor(now, kind);
  let request: GraphRequest | undefined;
  if ('find' in call) {
    const answer = await walk.options.writer.send(call.find);
    const { meaning, because } = meaningOf(answer);
    if (meaning !== 'taken' && meaning !== 'absent') return { outcome: 'refused', because };
    request = call.request(answer.outcome === 'answered' ? answer.body : undefined);
    if (request === undefined) return settled(walk, now, kind, alreadySo);
  } else request = call.request;
  let last = '';
  for (let round = 1; round <= walk.options.attempts; round++) {
    if (walk.stopped) return undefined;
    const answer = await send(walk, step, request);
    const { meaning, because } = meaningOf(answer);
    last = because;
    if (meaning === 'taken') return taken(walk, step, now, kind, answer, 'secret' in call ? call.secret : undefined);
    if (meaning === 'refused') return { outcome: 'refused', because };
    if (meaning === 'already' || meaning === 'absent') {
      const end = await settled(walk, now, kind, undefined, true);
      if (end.outcome === 'done') return end;
      if (meaning === 'already' || !concernsMade(walk, now)) return { outcome: 'refused', because };
    }
    if (meaning === 'fresh' && !concernsMade(walk, now)) return { outcome: 'refused', because };
    if (meaning === 'lost') {
      const end = await lookUp(walk, step, now, kind);
      if (end !== undefined) return end;
    }
    await walk.options.sleep(walk.options.pause * 2 ** (round - 1));
  }
  return { outcome: 'unknown', because: `${last}; ${walk.options.attempts} tries` };
}

/** One write: noted before it is sent. */
export async function send(walk: Walk, step: Step, request: GraphRequest): Promise<GraphAnswer> {
  await walk.note(intentOf(walk, step, request));
  return walk.options.writer.send(request);
}

/** The journal line before a write. The body is there as a digest: it may hold a password. */
export function intentOf(walk: Walk, step: Step, request: GraphRequest) {
  return {
    line: 'intent',
    step: step.id,
    method: request.method,
    path: request.path,
    bodyDigest: createHash('sha256')
      .update(canonicalText(request.body ?? null))
      .digest('hex'),
    at: walk.at(),
  } as const;
}

async function taken(
  walk: Walk,
  step: Step,
  now: Step,
  kind: Kind,
  answer: GraphAnswer,
  secret: string | undefined,
): Promise<End> {
  const body = answer.outcome === 'answered' ? answer.body : undefined;
  await adopt(walk, step, kind, body);
  if (secret !== undefined) {
    await walk.note({ line: 'note', step: step.id, text: 'a new password was set', at: walk.at() });
    walk.options.onSecret?.(step, secret);
  }
  return settled(walk, walk.resolve(step) ?? now, kind, undefined, false, now);
}

/** Keeps the ids that Graph gave: of the object itself, its application id, and of what lives inside it. */
async function adopt(walk: Walk, step: Step, kind: Kind, body: Json | undefined): Promise<void> {
  const given: Record<string, string> = {};
  if (!isObject(body)) return;
  if (step.action === 'recreate')
    for (const [name, was] of Object.entries(step.renews)) {
      const is = name === 'id' ? walk.options.requests.madeKey(kind, body) : body[name];
      if (typeof is === 'string' && is !== was) given[was] = is;
    }
  if (step.action === 'createItem' && typeof body.id === 'string' && isGuid(step.key) && body.id !== step.key)
    given[step.key] = body.id;
  if (Object.keys(given).length === 0) return;
  Object.assign(walk.ids, given);
  await walk.note({ line: 'ids', step: step.id, ids: given, at: walk.at() });
}

/** Where Graph gives the keys of items: is the one that the step wants there already, under a key that no journal had the time to note? */
async function adoptItem(walk: Walk, step: Step, now: Step, kind: Kind, entity: Entity | undefined): Promise<boolean> {
  if (now.action !== 'createItem' || step.action !== 'createItem') return false;
  if (kind.contained?.find(({ attribute }) => attribute === now.attribute)?.key !== 'id') return false;
  const key = madeItem(now, kind, entity, new Set(Object.values(walk.ids)));
  if (key === undefined || key === now.key) return false;
  await adopt(walk, step, kind, { id: key });
  return true;
}

/** Reads until the step's effect shows. `now` is the step under today's ids; `part`, where it differs, what was really sent. */
async function settled(
  walk: Walk,
  now: Step,
  kind: Kind,
  because: string | undefined,
  once = false,
  part: Step = now,
): Promise<End> {
  const wanted: Step =
    part.action === 'update' || part.action === 'unlink' || part.action === 'deleteItem'
      ? { ...part, ref: now.ref }
      : now;
  const key = keyOf(wanted.ref);
  if (once) {
    const entity = (await walk.read(kind, [key])).get(key);
    return holds(wanted, kind, entity) ? { outcome: 'done', because: alreadySo, entity } : { outcome: 'unknown' };
  }
  const results = await walk.options.settle(kind, [key], (_key, entity) => holds(wanted, kind, entity));
  const { entity, shown } = results.get(key)!;
  if (shown) return { outcome: 'done', entity, ...(because === undefined ? {} : { because }) };
  return { outcome: 'unknown', because: 'Graph took it and does not show it', entity };
}

/** After a lost answer: was it done all the same? (trust.md 1.5) Undefined: no, so it may be sent again. */
async function lookUp(walk: Walk, step: Step, now: Step, kind: Kind): Promise<End | undefined> {
  if (now.action === 'recreate' && step.action === 'recreate' && step.renews.id !== undefined) {
    await walk.options.sleep(walk.options.pause);
    const entity = await findMade(walk, step, now, kind);
    return entity === undefined ? undefined : { outcome: 'done', because: 'it was found done', entity };
  }
  if (now.action === 'createItem') {
    const entity = (await walk.read(kind, [keyOf(now.ref)])).get(keyOf(now.ref));
    if (await adoptItem(walk, step, now, kind, entity))
      return { outcome: 'done', because: 'it was found done', entity };
  }
  const end = await settled(walk, now, kind, undefined, true);
  return end.outcome === 'done' ? { ...end, because: 'it was found done' } : undefined;
}

/**
 * The object that a create with a lost answer may have made: one that was not there when the plan was made, that no other step made, and that
 * shows all that was sent. Two of them, and it cannot be told: then none is taken, and nothing is made again.
 */
async function findMade(walk: Walk, step: Step, now: Step, kind: Kind): Promise<Entity | undefined> {
  if (now.action !== 'recreate') return undefined;
  const taken = new Set(Object.values(walk.ids));
  const found: Entity[] = [];
  for await (const page of walk.options.reader.read(kind))
    for (const entity of page) {
      if (taken.has(keyOf(entity.ref)) || !showsAll(kind, entity.attributes, scalars(now))) continue;
      if (!(await walk.options.known(entity.ref))) found.push(entity);
    }
  const [entity] = found;
  if (entity === undefined || found.length > 1) return undefined;
  await adopt(walk, step, kind, { ...entity.attributes, id: keyOf(entity.ref) });
  return entity;
}

/** What a search for a made object goes by: texts and truth values, which Graph gives back as they were sent. */
function scalars(step: Step & { action: 'recreate' }): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(step.after).filter(([, value]) => typeof value === 'string' || typeof value === 'boolean'),
  );
}

/** Does the step write to, or name, something that this run made? Then replicas may not know it yet (reference 1.9). */
function concernsMade(walk: Walk, now: Step): boolean {
  const made = new Set([...[...walk.made].map((ref) => keyOf(currentRef(walk.ids, ref))), ...Object.values(walk.ids)]);
  const named = [keyOf(now.ref), now.action === 'link' || now.action === 'unlink' ? keyOf(now.target) : ''];
  const text = 'after' in now && now.after !== undefined ? canonicalText(now.after) : '';
  return named.some((key) => made.has(key)) || [...made].some((id) => text.includes(id));
}
