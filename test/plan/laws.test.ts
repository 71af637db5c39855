// Laws 1, 2, 4 and 5 of planning over random tenants, by the thousand: the plan is carried out on objects in memory, by nothing of ours.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffEntities } from '../../src/diff/index.ts';
import { kinds } from '../../src/kinds/index.ts';
import { canonicalEntity } from '../../src/model/canonical.ts';
import { type Entity, linkText } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { currentRef, type Plan, resolvePlaceholders } from '../../src/model/plan.ts';
import { keyOf, kindOf, type Ref } from '../../src/model/ref.ts';
import { makePlan, parsePlan, printPlan, standsAlone, translate } from '../../src/plan/index.ts';
import { plannedItems, planSheet } from '../../src/verbs/plan-sheet.ts';
import { everything, plain } from '../support/recovery.ts';
import { entity, guid, input, plan } from './support.ts';

const size = 5;
const users = Array.from({ length: size }, (_, at) => guid(at + 1));
const groups = Array.from({ length: size }, (_, at) => guid(at + 101));
const apps = Array.from({ length: 3 }, (_, at) => guid(at + 201));
const locations = Array.from({ length: 2 }, (_, at) => guid(at + 301));
const policies = Array.from({ length: 3 }, (_, at) => guid(at + 401));

const some = <Value>(values: readonly Value[]) => fc.subarray([...values], { maxLength: Math.min(3, values.length) });
const word = fc.constantFrom('a', 'b', 'c');
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const refs = (kind: string, keys: readonly string[]) => keys.map((key): Ref => `${kind}/${key}`);

/** One state of one object, out of a few; undefined: it is not there. */
const states: Readonly<Record<string, (key: string) => fc.Arbitrary<Entity>>> = {
  users: (key) =>
    fc
      .record({
        city: maybe(word),
        accountEnabled: fc.boolean(),
        synced: fc.boolean(),
        manager: maybe(fc.constantFrom(...users)),
      })
      .map(({ city, accountEnabled, synced, manager }) =>
        entity(
          `users/${key}`,
          {
            displayName: key,
            mailNickname: key,
            userPrincipalName: key,
            accountEnabled,
            city: city ?? null,
            ...(synced && key === users[0] ? { onPremisesSyncEnabled: true } : {}),
          },
          manager === undefined ? {} : { manager: refs('users', [manager]) },
        ),
      ),
  groups: (key) =>
    fc
      .record({
        description: maybe(word),
        dynamic: fc.boolean(),
        members: some([...refs('users', users), ...refs('groups', groups)]),
        owners: some(refs('users', users)),
        named: maybe(fc.constantFrom(...groups)),
      })
      .map(({ description, dynamic, members, owners, named }) =>
        entity(
          `groups/${key}`,
          {
            displayName: key,
            mailNickname: key,
            mailEnabled: false,
            securityEnabled: true,
            description: description ?? null,
            ...(dynamic && key === groups[0]
              ? {
                  groupTypes: ['DynamicMembership'],
                  membershipRule: `in '${named ?? 'x'}'`,
                  membershipRuleProcessingState: 'On',
                }
              : {}),
          },
          { members: dynamic && key === groups[0] ? [] : members, owners },
        ),
      ),
  applications: (key) =>
    fc
      .record({
        notes: maybe(word),
        known: some(apps),
        tags: some(['x', 'y', 'z']),
        roles: some([1, 2]),
        on: fc.boolean(),
      })
      .map(({ notes, known, tags, roles, on }) =>
        entity(`applications/${key}`, {
          displayName: key,
          appId: key.replace('00000000', '99999999'),
          notes: notes ?? null,
          tags,
          identifierUris: [`api://${key.replace('00000000', '99999999')}`],
          api: { knownClientApplications: known.map((other) => other.replace('00000000', '99999999')) },
          appRoles: roles.map((role) => ({
            id: guid(role),
            value: `r${role}`,
            displayName: 'r',
            description: notes ?? 'd',
            isEnabled: on,
            allowedMemberTypes: ['User'],
          })),
        }),
      ),
  namedLocations: (key) =>
    fc.record({ isTrusted: fc.boolean(), name: word }).map(({ isTrusted, name }) =>
      entity(
        `namedLocations/${key}`,
        {
          displayName: name,
          isTrusted,
          ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '10.0.0.0/8' }],
        },
        {},
        '#microsoft.graph.ipNamedLocation',
      ),
    ),
  conditionalAccessPolicies: (key) =>
    fc
      .record({
        state: fc.constantFrom('enabled', 'disabled', 'enabledForReportingButNotEnforced'),
        exclude: some(groups),
        people: some(users),
        at: some(locations),
        on: some(apps),
        block: fc.boolean(),
      })
      .map(({ state, exclude, people, at, on, block }) =>
        entity(`conditionalAccessPolicies/${key}`, {
          displayName: key,
          state,
          conditions: {
            users: { includeUsers: ['All'], excludeGroups: exclude, excludeUsers: people },
            locations: at.length === 0 ? null : { includeLocations: at },
            applications: {
              includeApplications: ['All'],
              excludeApplications: on.map((app) => app.replace('00000000', '99999999')),
            },
          },
          grantControls: { operator: 'OR', builtInControls: [block ? 'block' : 'mfa'] },
        }),
      ),
};

interface Both {
  readonly live?: Entity;
  readonly goal?: Entity;
  readonly inBin: boolean;
}

const keys: Readonly<Record<string, readonly string[]>> = {
  users,
  groups,
  applications: apps,
  namedLocations: locations,
  conditionalAccessPolicies: policies,
};

const tenant: fc.Arbitrary<readonly Both[]> = fc.tuple(
  ...Object.entries(states).flatMap(([kind, state]) =>
    keys[kind]!.map((key) =>
      fc
        .record({
          live: fc.option(state(key), { nil: undefined, freq: 3 }),
          goal: fc.option(state(key), { nil: undefined, freq: 6 }),
          same: fc.boolean(),
          inBin: fc.boolean(),
        })
        .map(({ live, goal, same, inBin }): Both => {
          const now = same && goal !== undefined ? goal : live;
          return { ...(now && { live: now }), ...(goal && { goal }), inBin };
        }),
    ),
  ),
);

/** A goal whose references all lead somewhere: snapshots are taken of tenants, where most do. */
function sound(tenants: readonly Both[]): Both[] {
  const there = new Set(tenants.flatMap(({ goal }) => (goal === undefined ? [] : [keyOf(goal.ref)])));
  const prune = (one: Entity | undefined): Entity | undefined => {
    if (one === undefined) return undefined;
    const links = Object.fromEntries(
      Object.entries(one.links).map(([name, targets]) => [
        name,
        targets.filter(({ target }) => there.has(keyOf(target))),
      ]),
    );
    const attributes = JSON.parse(JSON.stringify(one.attributes), (_name, value) =>
      Array.isArray(value)
        ? value.filter(
            (item) =>
              typeof item !== 'string' ||
              !/^[09]{8}-0000-4000/.test(item) ||
              there.has(item.replace('99999999', '00000000')),
          )
        : value,
    ) as JsonObject;
    return canonicalEntity(kinds.get(kindOf(one.ref))!, { ...one, attributes, links });
  };
  const living = new Set(tenants.flatMap(({ live }) => (live === undefined ? [] : [live.ref])));
  // Links go with what they lead to; what attributes name may be gone.
  const linked = (one: Entity): Entity => ({
    ...one,
    links: Object.fromEntries(
      Object.entries(one.links)
        .map(([name, targets]) => [name, targets.filter(({ target }) => living.has(target))] as const)
        .filter(([, targets]) => targets.length > 0),
    ),
  });
  return tenants.map(({ live, goal, inBin }) => ({
    ...(live && { live: linked(live) }),
    ...(goal && { goal: prune(goal)! }),
    inBin,
  }));
}

/** Carries a plan out on objects: what Graph would have in the end. */
function carryOut({ steps }: Plan, before: readonly Entity[], bin: ReadonlyMap<Ref, Entity>) {
  const now = new Map(before.map((one) => [one.ref, one]));
  const ids: Record<string, string> = {};
  let next = 5000;
  const put = (one: Entity) => now.set(one.ref, canonicalEntity(kinds.get(kindOf(one.ref))!, one));
  for (const step of steps) {
    const ref = currentRef(ids, step.ref);
    const one = now.get(ref);
    const value = (json: JsonObject) => {
      const found = resolvePlaceholders(ids, json);
      expect(found, `step ${step.id} names what is not there`).toBeDefined();
      return found as JsonObject;
    };
    if (step.action === 'restore') put({ ...bin.get(step.ref)!, ref });
    else if (step.action === 'recreate') {
      expect(one).toBeUndefined();
      const attributes = value(step.after);
      for (const was of Object.values(step.renews)) ids[was] = guid(next++);
      const appId = step.renews.appId === undefined ? {} : { appId: ids[step.renews.appId]! };
      put({
        ref: currentRef(ids, step.ref),
        ...(step.type === undefined ? {} : { type: step.type }),
        attributes: { ...attributes, ...appId },
        links: {},
      });
    } else if (step.action === 'delete') now.delete(ref);
    else {
      expect(one, `step ${step.id} writes to what is not there`).toBeDefined();
      if (step.action === 'update') put({ ...one!, attributes: { ...one!.attributes, ...value(step.after) } });
      if (step.action === 'link' || step.action === 'unlink') {
        const target = currentRef(ids, step.target);
        if (step.action === 'link') expect(now.has(target), `step ${step.id} links to what is not there`).toBe(true);
        const single = kinds.get(kindOf(ref))!.links[step.link]!.single;
        const others = (one!.links[step.link] ?? []).filter(
          (link) => link.target !== target && !(single && step.action === 'link'),
        );
        put({
          ...one!,
          links: { ...one!.links, [step.link]: step.action === 'link' ? [...others, { target }] : others },
        });
      }
      if (step.action === 'prune') {
        const keep = new Set(step.keep.map((text) => currentRef(ids, text as Ref)));
        put({
          ...one!,
          links: {
            ...one!.links,
            [step.of]: (one!.links[step.of] ?? []).filter((link) => keep.has(linkText(link) as Ref)),
          },
        });
      }
    }
  }
  return { now, ids };
}

/** As it lies in the bin, where a name that only one may have does not keep others from it (reference 3.1). */
function mangled(one: Entity): Entity {
  const { mailNickname: name } = one.attributes;
  return typeof name !== 'string' || name.endsWith('2')
    ? one
    : { ...one, attributes: { ...one.attributes, mailNickname: `binned ${name}` } };
}

function given(tenants: readonly Both[]) {
  const live = tenants.flatMap(({ live: one }) => (one === undefined ? [] : [one]));
  const goal = tenants.flatMap(({ goal: one }) => (one === undefined ? [] : [one]));
  const binned = tenants.flatMap(({ live: now, goal: one, inBin }) =>
    now === undefined && one !== undefined && inBin && one.attributes.onPremisesSyncEnabled !== true
      ? [mangled(one)]
      : [],
  );
  return { live, goal, bin: binned };
}

const runs = { numRuns: Number(process.env.DRIFTLINE_RUNS ?? 400) };

describe('planning', () => {
  it('leaves nothing but what it refuses, names nothing before it is there, and refuses what it does not do (laws 2, 4, 5)', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(tenant.map(sound), fc.boolean(), fc.boolean(), (tenants, allowed, deleteNew) => {
        const state = given(tenants);
        const options = { ...(allowed ? everything : { ...plain, allowMassChange: true }), deleteNew };
        const made = plan(state, { options });
        const { now, ids } = carryOut(made, state.live, new Map(state.bin.map((one) => [one.ref, one])));
        const refused = made.refusals.map(({ ref, path }) => `${currentRef(ids, ref!)} ${path ?? ''}`);
        for (const one of state.goal) {
          const kind = kinds.get(kindOf(one.ref))!;
          const wanted = translate(kind, one, ids);
          const change = diffEntities(kind, now.get(wanted.ref), wanted);
          if (change === undefined || refused.includes(`${wanted.ref} `)) continue;
          for (const { path } of change.attributes)
            expect(
              refused.some((text) => text === `${wanted.ref} ${path.split(/[.[]/)[0]}`),
              `${wanted.ref} ${path}`,
            ).toBe(true);
          for (const { link } of change.links)
            expect(refused, `${wanted.ref} ${link}`).toContain(`${wanted.ref} ${link}`);
        }
        for (const one of state.live)
          if (!state.goal.some(({ ref }) => ref === one.ref))
            expect(now.has(one.ref)).toBe(refused.includes(`${one.ref} `));
      }),
      runs,
    );
  });

  it('has nothing to do the second time (law 7), and nothing where nothing differs (law 1)', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(tenant.map(sound), (tenants) => {
        const state = given(tenants);
        const made = plan(state, { options: { ...everything, deleteNew: true } });
        const { now, ids } = carryOut(made, state.live, new Map(state.bin.map((one) => [one.ref, one])));
        const goal = state.goal.map((one) => translate(kinds.get(kindOf(one.ref))!, one, ids));
        expect(
          plan({ live: [...now.values()], goal }, { options: { ...everything, deleteNew: true }, ids }).steps,
        ).toEqual([]);
        expect(plan({ live: state.goal, goal: state.goal }).steps).toEqual([]);
      }),
      runs,
    );
  });

  it('deletes nothing of a kind that was not read completely (law 5)', () => {
    fc.assert(
      fc.property(tenant.map(sound), fc.constantFrom('live', 'goal'), (tenants, side) => {
        const partial = Object.fromEntries(
          [...kinds.keys()].map((name) => [name, { status: 'partial' as const, count: 9 }]),
        );
        const complete = Object.fromEntries(
          [...kinds.keys()].map((name) => [name, { status: 'complete' as const, count: 9 }]),
        );
        const coverage = { live: side === 'live' ? partial : complete, goal: side === 'goal' ? partial : complete };
        const made = plan(given(tenants), { options: { ...everything, deleteNew: true, hardDelete: true }, coverage });
        expect(made.steps.filter(({ action }) => action === 'delete')).toEqual([]);
        if (side === 'live') expect(made.steps).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  const one = fc.boolean();
  const isPolicy = (ref: Ref | undefined) => ref?.startsWith('conditionalAccessPolicies/') === true;

  it('gives the same plan, and says the same of it, whichever objects are packed', { timeout: 120_000 }, () => {
    let alone = 0;
    let held = 0;
    const counting: typeof standsAlone = (...asked) => {
      const stands = standsAlone(...asked);
      if (asked[0].drafts.length > 0 && stands) alone += 1;
      else if (!stands) held += 1;
      return stands;
    };
    fc.assert(
      fc.property(tenant, fc.shuffledSubarray(users), fc.tuple(one, one, one, one), (tenants, swapped, flags) => {
        const calm = tenants
          .filter(({ goal, live }) => flags[2] || !isPolicy((goal ?? live)?.ref))
          .filter(({ live }) => flags[3] || live !== undefined);
        const state = given(swapNames(calm, swapped));
        const emergencyAccounts = users.slice(0, 2);
        const asked = input(state, {
          options: { ...(flags[0] ? everything : plain), deleteNew: flags[1] },
          thresholds: { share: 0.01, minimum: 1 },
          emergencyAccounts,
          access: {
            accounts: Object.fromEntries(emergencyAccounts.map((id) => [id, { enabled: true, displayName: id }])),
            policies: state.live.filter(({ ref }) => kindOf(ref) === 'conditionalAccessPolicies'),
            members: {},
          },
        });
        const packed = makePlan(asked, counting);
        const whole = makePlan(asked, () => false);
        const text = [...printPlan(packed)].join('');
        expect(text).toBe([...printPlan(whole)].join(''));
        const read = parsePlan(text, 'plan.json');
        for (const plan of [packed, whole, packed]) {
          expect([...plannedItems(plan, kinds)]).toEqual([...plannedItems(read, kinds)]);
          expect(planSheet(plan, kinds).closing()).toEqual(planSheet(read, kinds).closing());
          expect(planSheet(plan, kinds).notices).toEqual(planSheet(read, kinds).notices);
        }
      }),
      runs,
    );
    expect(alone).toBeGreaterThan(runs.numRuns / 2);
    expect(held).toBeGreaterThan(runs.numRuns);
  });
});

/** The tenants with a value that only one may have handed round among some users of the goal. */
function swapNames(tenants: readonly Both[], swapped: readonly string[]): Both[] {
  return tenants.map((both) => {
    const at = both.goal === undefined ? -1 : swapped.indexOf(keyOf(both.goal.ref));
    if (at < 0 || both.goal === undefined) return both;
    const { goal } = both;
    return { ...both, goal: { ...goal, attributes: { ...goal.attributes, mailNickname: swapped.at(at - 1)! } } };
  });
}
