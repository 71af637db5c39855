// Links in bulk: link steps of many objects as batches of 20 and, where Graph has it, 20 links of one object in a single call.
import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import type { Step } from '../model/plan.ts';
import { kindOf } from '../model/ref.ts';
import type { GraphRequest } from '../model/tenant.ts';
import { meaningOf } from './answers.ts';
import { holds } from './effects.ts';
import type { Walk } from './walk.ts';
import { alreadySo, carryOut, intentOf } from './write.ts';

const batchSize = 20;

/** A step as the plan has it, and under the ids of now. */
interface Pair {
  readonly step: Step;
  readonly now: Step;
}

/** The links of one object: those still to be written, which may be those of a group of very many, and those that are. */
interface Unit {
  readonly kind: Kind;
  readonly key: string;
  readonly open: Set<Pair>;
  readonly sent: Pair[];
}

interface Call {
  readonly unit: Unit;
  readonly pairs: readonly Pair[];
  readonly request: GraphRequest;
}

/** Carries out link steps; those of one object never at the same time, because Graph refuses that (reference 1.8). */
export async function linkUnits(walk: Walk, units: readonly (readonly Step[])[]): Promise<void> {
  for (let at = 0; at < units.length; at += batchSize) {
    if (walk.stopped) return;
    await linkChunk(walk, units.slice(at, at + batchSize));
  }
}

async function linkChunk(walk: Walk, units: readonly (readonly Step[])[]): Promise<void> {
  const byKind = new Map<Kind, Unit[]>();
  for (const steps of units) {
    const kind = walk.kindOf(steps[0]!);
    const unit: Unit = { kind, key: walk.key(steps[0]!), open: new Set(), sent: [] };
    byKind.set(kind, [...(byKind.get(kind) ?? []), unit]);
    for (const step of steps) await sort(walk, step, unit);
  }
  const alone: Step[] = [];
  for (const [kind, list] of byKind) {
    const entities = await readAll(walk, kind, list, alone);
    if (entities === undefined) continue;
    for (const unit of list) await dropDone(walk, unit, entities.get(unit.key));
    await rounds(walk, list, alone);
    await settleUnits(walk, kind, list, alone);
  }
  for (const step of alone) {
    if (walk.stopped) return;
    await carryOut(walk, step);
  }
}

async function sort(walk: Walk, step: Step, unit: Unit): Promise<void> {
  const hindrance = walk.hindrance(step);
  if (hindrance !== undefined) return walk.finish(step, 'skipped', hindrance);
  const now = walk.resolve(step);
  if (now === undefined) return walk.finish(step, 'skipped', 'something that it names was not made');
  // What takes somebody out counts from now on, so that two such steps together are seen for what they are.
  if (now.action === 'unlink') walk.options.guard?.done(step);
  unit.open.add({ step, now });
}

async function dropDone(walk: Walk, unit: Unit, entity: Entity | undefined): Promise<void> {
  for (const pair of unit.open) {
    const done = holds(pair.now, unit.kind, entity);
    if (!done && entity !== undefined) continue;
    unit.open.delete(pair);
    if (done) await walk.finish(pair.step, 'done', alreadySo, entity);
    else await walk.finish(pair.step, 'skipped', 'it is not there any more');
  }
}

/** One call for each object at a time, all of them in one batch, until nothing is open. What a batch cannot tell goes to `alone`. */
async function rounds(walk: Walk, units: readonly Unit[], alone: Step[]): Promise<void> {
  for (;;) {
    if (walk.stopped) return;
    const calls = units.map((unit) => nextCall(walk, unit)).filter((call): call is Call => call !== undefined);
    if (calls.length === 0) return;
    await walk.note(...calls.flatMap(({ pairs, request }) => pairs.map(({ step }) => intentOf(walk, step, request))));
    const answers =
      calls.length === 1
        ? [await walk.options.writer.send(calls[0]!.request)]
        : await walk.options.writer.sendBatch(calls.map(({ request }) => request));
    for (const [at, { unit, pairs }] of calls.entries()) {
      const { meaning, because } = meaningOf(answers[at]!);
      if (meaning === 'taken' || (meaning === 'already' && pairs.length === 1)) unit.sent.push(...pairs);
      else if (meaning === 'refused' && pairs.length === 1) await walk.finish(pairs[0]!.step, 'refused', because);
      // All or none of them, or nobody knows: each is looked at by itself.
      else alone.push(...pairs.map(({ step }) => step));
    }
  }
}

function nextCall(walk: Walk, unit: Unit): Call | undefined {
  const [first] = unit.open;
  if (first === undefined) return undefined;
  const { now } = first;
  if (now.action === 'link') {
    const { link } = now;
    const same: Pair[] = [];
    for (const pair of unit.open) {
      if (same.length === walk.options.requests.bindSize) break;
      if (pair.now.action === 'link' && pair.now.link === link) same.push(pair);
    }
    const targets = same.map((pair) => (pair.now as Step & { action: 'link' }).target);
    const request = same.length > 1 ? walk.options.requests.bind(unit.kind, now.ref, link, targets) : undefined;
    if (request !== undefined) {
      for (const pair of same) unit.open.delete(pair);
      return { unit, pairs: same, request };
    }
  }
  unit.open.delete(first);
  const call = walk.options.requests.callFor(now, unit.kind);
  if ('find' in call) throw new RangeError(`${kindOf(now.ref)} has no plain links`);
  return { unit, pairs: [first], request: call.request };
}

async function settleUnits(walk: Walk, kind: Kind, units: readonly Unit[], alone: Step[]): Promise<void> {
  const written = units.filter(({ sent }) => sent.length > 0);
  if (written.length === 0) return;
  const byKey = new Map(written.map((unit) => [unit.key, unit]));
  const results = await walk.options.settle(kind, [...byKey.keys()], (key, entity) =>
    byKey.get(key)!.sent.every(({ now }) => holds(now, kind, entity)),
  );
  for (const { key, sent } of written) {
    const { entity } = results.get(key)!;
    for (const { step, now } of sent)
      if (holds(now, kind, entity)) await walk.finish(step, 'done', undefined, entity);
      else alone.push(step);
  }
}

/** The objects of the units; undefined where they cannot be read together: then each step is tried by itself. */
async function readAll(walk: Walk, kind: Kind, units: readonly Unit[], alone: Step[]) {
  try {
    return await walk.read(
      kind,
      units.map(({ key }) => key),
    );
  } catch (error) {
    if (!(error instanceof NotComplete)) throw error;
    for (const { open } of units) for (const { step } of open) alone.push(step);
    return undefined;
  }
}
