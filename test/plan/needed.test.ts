// What planning needs of two sides: the plan of so much is byte for byte the plan of whole objects; and not much of a user is needed.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { canonicalEntity } from '../../src/model/canonical.ts';
import type { IgnoreRule } from '../../src/model/config.ts';
import type { Entity } from '../../src/model/entity.ts';
import { planFlagNames, planOptions } from '../../src/model/plan.ts';
import { keyOf, kindOf, type Ref } from '../../src/model/ref.ts';
import { makePlan, needed, type Pair, Pairs, type PlanInput, printPlan } from '../../src/plan/index.ts';
import { readYaml } from '../../src/repo/index.ts';
import { exampleState } from '../../src/sandbox/index.ts';
import { entity, guid, input } from './support.ts';

const company = [...kinds.values()].flatMap((kind) => {
  const folder = join(exampleState, kind.name);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.yaml'));
  return paths.map((path) => {
    const ref: Ref = `${kind.name}/${basename(path, '.yaml')}`;
    return readYaml(readFileSync(join(folder, path)), { kind, ref, path }).entity;
  });
});

const least = (pairs: Iterable<Pair>): Pairs =>
  new Pairs(
    kinds,
    [...pairs].map((pair) => needed(kinds.get(kindOf(pair.ref))!, pair)),
  );

/** The object with some of its attributes and links as another one of its kind has them, with some others gone, and some unreadable. */
function mixed(one: Entity, other: Entity, dice: fc.GeneratorValue): Entity {
  const pick = <Value>(own: Readonly<Record<string, Value>>, others: Readonly<Record<string, Value>>, odd?: Value) => {
    const names = [...new Set([...Object.keys(own), ...Object.keys(others)])];
    const chosen = names.flatMap((name): [string, Value][] => {
      const throws = dice(fc.nat, { max: 60 });
      if (odd !== undefined && throws > 57) return [[name, odd]];
      const side = throws < 12 ? others : own;
      return throws < 15 && throws >= 12 ? [] : Object.hasOwn(side, name) ? [[name, side[name]!]] : [];
    });
    return Object.fromEntries(chosen);
  };
  return canonicalEntity(kinds.get(kindOf(one.ref))!, {
    ...one,
    attributes: pick(one.attributes, other.attributes, dice(fc.boolean) ? undefined : 'unknownFutureValue'),
    links: pick(one.links, other.links),
  });
}

interface Drifted {
  readonly live: Entity[];
  readonly goal: Entity[];
  readonly bin: Entity[];
}

/** The company and what became of it: of each object some attributes of its neighbours, some objects gone, some of those in the bin. */
function drifted(dice: fc.GeneratorValue): Drifted {
  const all: Drifted = { live: [], goal: [], bin: [] };
  for (const stored of company) {
    const one = dice(fc.nat, { max: 19 }) === 0 ? mixed(stored, stored, dice) : stored;
    const alike = company.filter((other) => kindOf(other.ref) === kindOf(one.ref) && other.type === one.type);
    const fate = dice(fc.nat, { max: 9 });
    if (fate > 0) all.goal.push(one);
    if (fate > 1) all.live.push(fate > 5 ? one : mixed(one, alike[dice(fc.nat, { max: alike.length - 1 })]!, dice));
    else if (dice(fc.boolean)) all.bin.push(one);
  }
  return all;
}

function about(state: Drifted, dice: fc.GeneratorValue): Partial<PlanInput> {
  const flags = planFlagNames.filter(() => dice(fc.boolean));
  const ignore: IgnoreRule[] = dice(fc.boolean)
    ? []
    : [{ attribute: 'displayName', reason: 'test', at: 'driftline.yaml' }];
  const users = state.live.filter(({ ref }) => kindOf(ref) === 'users').map(({ ref }) => keyOf(ref));
  const own = state.live.filter(({ ref }) => kindOf(ref) === 'servicePrincipals')[dice(fc.nat, { max: 3 })];
  return {
    identity: {
      tenantId: guid(999),
      displayName: 'Test',
      cloud: 'global',
      ...(own === undefined ? {} : { servicePrincipalId: keyOf(own.ref), appId: String(own.attributes.appId) }),
    },
    options: planOptions({
      ...Object.fromEntries(flags.map((name) => [name, true])),
      allowAccess: dice(fc.boolean) ? ['ownership', 'redirectUri', 'policyDisabled', 'credential'] : [],
    }),
    ignore,
    emergencyAccounts: users.slice(0, 2),
    access: {
      accounts: Object.fromEntries(users.slice(0, 2).map((id) => [id, { enabled: true, displayName: id }])),
      policies: state.live.filter(({ ref }) => kindOf(ref) === 'conditionalAccessPolicies'),
      members: Object.fromEntries(
        state.live
          .filter(({ ref }) => kindOf(ref) === 'groups')
          .map(({ ref, links }) => [keyOf(ref), (links.members ?? []).map(({ target }) => target)]),
      ),
    },
  };
}

describe('what planning needs', () => {
  it('makes the same plan as whole objects, of every kind, whatever differs', { timeout: 120_000 }, () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.gen(), (dice) => {
        const state = drifted(dice);
        const whole = input(state, about(state, dice));
        const plan = makePlan(whole);
        for (const { ref } of [...plan.steps, ...plan.refusals]) seen.add(kindOf(ref ?? 'none/none'));
        expect([...printPlan(makePlan({ ...whole, pairs: least(whole.pairs) }))].join('')).toBe(
          [...printPlan(plan)].join(''),
        );
      }),
      { numRuns: Number(process.env.DRIFTLINE_RUNS ?? 25), endOnFailure: true },
    );
    expect(seen).toEqual(new Set(company.map(({ ref }) => kindOf(ref))));
  });

  it('is little of a user whose title differs: the title, and what tells whether it may be written', () => {
    const ref: Ref = `users/${guid(1)}`;
    const same = { displayName: 'A', city: 'X', department: 'D', mail: 'a@example.com', accountEnabled: true };
    const manager = { manager: [`users/${guid(2)}` as Ref] };
    const pair = needed(kinds.get('users')!, {
      ref,
      live: entity(ref, { ...same, jobTitle: 'Boss' }, manager),
      goal: entity(ref, { ...same, jobTitle: 'Clerk' }, manager),
    });
    expect(pair).toMatchObject({ ref, live: { attributes: { jobTitle: 'Boss' } } });
    expect(pair.goal?.attributes).toEqual({ displayName: 'A', accountEnabled: true, jobTitle: 'Clerk' });
    expect(pair.goal?.links).toEqual({});
  });
});
