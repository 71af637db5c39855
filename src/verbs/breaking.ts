// Breaking: a seeded tenth of every kind of a sandbox is deleted, deleted for good or changed; what a drill recovers from.
import type { Entity } from '../model/entity.ts';
import { isArray, isObject, type Json } from '../model/json.ts';
import { holds, type Kind, type Kinds } from '../model/kind.ts';
import type { Step } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { StepRequests } from '../model/run.ts';
import type { TenantIdentity, TenantReader, TenantWriter } from '../model/tenant.ts';

/** The doors to a sandbox. */
export interface BreakingPlace {
  readonly reader: TenantReader;
  readonly writer: TenantWriter;
  readonly requests: StepRequests;
}

/** Deletes, deletes for good, or changes a tenth of every kind (at least one object), by seeded dice. */
export async function breakTenth(
  place: BreakingPlace,
  kinds: Kinds,
  goals: ReadonlyMap<Ref, Entity>,
  seed: number,
): Promise<Set<Ref>> {
  const broken = new Set<Ref>();
  const dice = diceOf(seed);
  const identity = await place.reader.identity();
  for (const kind of kinds.values()) {
    const there = [...goals.values()].filter(
      (entity) => kindOf(entity.ref) === kind.name && mayBreak(kind, entity, identity),
    );
    const wanted = Math.max(1, Math.ceil(there.length / 10));
    for (let count = 0; count < wanted && there.length > 0; ) {
      const [entity] = there.splice(Math.floor(dice() * there.length), 1);
      if (!(await breakOne(place, kind, entity!, dice()))) continue;
      broken.add(entity!.ref);
      count += 1;
    }
  }
  return broken;
}

function mayBreak(kind: Kind, entity: Entity, identity: TenantIdentity): boolean {
  const { attributes, ref } = entity;
  if (attributes.onPremisesSyncEnabled === true && !kind.singleton) return false;
  if (keyOf(ref) === identity.servicePrincipalId || attributes.appId === identity.appId) return false;
  return !kind.readOnlyWhen?.some((condition) => holds(condition, attributes));
}

/** One object broken in a way that dice choose; false where Graph lets it be broken in none. */
async function breakOne(place: BreakingPlace, kind: Kind, entity: Entity, roll: number): Promise<boolean> {
  const { callFor } = place.requests;
  const step = { id: '1', ref: entity.ref, displayName: '', needs: [], wave: 0, access: [] } as const;
  const type = entity.type === undefined ? {} : { type: entity.type };
  const send = async (call: ReturnType<typeof callFor>) => {
    if ('find' in call) return false;
    const answer = await place.writer.send(call.request);
    return answer.outcome === 'answered' && answer.status < 300;
  };
  const change = async () => {
    for (const body of changes(kind, entity)) if (await send(callFor({ ...step, ...body }, kind))) return true;
    return false;
  };
  const remake =
    kind.creation !== 'never' && !kind.notCreatedWhen?.some((condition) => holds(condition, entity.attributes));
  if (kind.deletion.mode === 'never' || roll < 0.4) return change();
  if (kind.deletion.mode === 'hard' && !remake) return change();
  if (entity.attributes.isTrusted === true)
    await send(callFor({ ...step, action: 'update', ...type, before: {}, after: { isTrusted: false } }, kind));
  if (!(await send(callFor({ ...step, action: 'delete', before: {} }, kind)))) return change();
  if (kind.deletion.mode === 'soft' && remake && roll > 0.7) await purge(place, kind, entity.ref);
  return true;
}

async function purge(place: BreakingPlace, kind: Kind, ref: Ref): Promise<void> {
  const bin = kind.deletion.restore ?? kind.deletion.bin?.replace(/\/microsoft\.graph\.\w+$/, '');
  await place.writer.send({ method: 'DELETE', version: kind.version, path: `${bin}/${keyOf(ref)}`, lane: kind.lane });
}

type Change =
  | Pick<Step & { action: 'update' }, 'action' | 'before' | 'after' | 'type'>
  | Pick<Step & { action: 'updateItem' }, 'action' | 'attribute' | 'key' | 'after'>;

/** Ways to change an object, one value each; the first that Graph takes is made. */
function* changes(kind: Kind, { attributes, type }: Entity): Generator<Change> {
  for (const { attribute, key, write } of kind.contained ?? []) {
    const items = attributes[attribute];
    if (!write.includes('update') || !isArray(items)) continue;
    for (const item of items)
      if (isObject(item) && (item.state === 'enabled' || item.state === 'disabled'))
        yield {
          action: 'updateItem',
          attribute,
          key: String(item[key]),
          after: {
            '@odata.type': item['@odata.type'] ?? null,
            state: item.state === 'enabled' ? 'disabled' : 'enabled',
          },
        };
  }
  for (const [name, value] of Object.entries(attributes)) {
    const fact = kind.attributes[name];
    if ((fact?.write ?? 'always') !== 'always' || kind.contained?.some(({ attribute }) => attribute === name)) continue;
    for (const after of otherValues(name, value, fact?.refersTo !== undefined))
      yield { action: 'update', ...(type === undefined ? {} : { type }), before: {}, after: { [name]: after } };
  }
}

function otherValues(name: string, value: Json, refers: boolean): Json[] {
  if (typeof value === 'boolean') return [!value];
  if (Array.isArray(value)) return [[]];
  return typeof value === 'string' && !refers && name !== 'userPrincipalName' && name !== 'state'
    ? [`${value} (drill)`]
    : [];
}

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function diceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
