// Laws 2, 4, 5, 7 and 8 over random drift, made by Graph calls in the sandbox: planned, applied, verified, repeated, undone.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IdMap, Plan } from '../../src/model/plan.ts';
import { kindOf, type Ref } from '../../src/model/ref.ts';
import type { Leftover } from '../../src/model/run.ts';
import { translate } from '../../src/plan/index.ts';
import { drifts } from '../support/drift.ts';
import { everything, type Place } from '../support/recovery.ts';
import { memoryPlace } from '../support/recovery-scenarios.ts';
import { seeded } from '../support/seeded.ts';

const runs = Number(process.env.DRIFTLINE_RUNS ?? 20);

/** Which drift, and what it picks. */
const drift = fc.array(fc.tuple(fc.integer({ min: 0, max: drifts.length - 1 }), fc.nat(1000)), {
  minLength: 1,
  maxLength: 12,
});

/**
 * The objects that differ between two commits. Under the ids that a recovery gave: what named an object that was gone for good names it by
 * its new id after recovery and undo, and it is gone all the same.
 */
async function between({ repository, kinds }: Place, from: string, to: string, ids: IdMap): Promise<string[]> {
  const found: string[] = [];
  for await (const { ref } of repository.diff(from, to)) {
    if (ref === undefined) continue;
    const [before, after] = [await repository.entity(from, ref), await repository.entity(to, ref)];
    const same =
      before !== undefined &&
      after !== undefined &&
      isDeepStrictEqual(translate(kinds.get(kindOf(ref))!, before.entity, ids), after.entity);
    if (!same) found.push(ref);
  }
  return found;
}

/** Law 4: nothing needs what comes later, and nothing that is made is named before it is there. */
function inOrder(plan: Plan): void {
  const steps = [...plan.steps];
  const made = new Set(steps.filter(({ action }) => action === 'recreate').map(({ ref }) => ref));
  const done = new Set<string>();
  const there = new Set<string>();
  for (const step of steps) {
    for (const need of step.needs) expect(done.has(need)).toBe(true);
    for (const [, ref] of JSON.stringify(step).matchAll(/"\$new":"([^"]+)"/g)) expect(there).toContain(ref);
    if (step.action === 'link' && made.has(step.target)) expect(there).toContain(step.target);
    done.add(step.id);
    there.add(step.ref);
  }
}

/**
 * Is all that is left a membership or app role that came back by itself with an object from the bin, where nobody can see it before? It is
 * said, and the next recovery takes it away.
 */
function cameAlong(left: readonly Leftover[], { steps }: Plan): boolean {
  const restored = new Set([...steps].filter(({ action }) => action === 'restore').map(({ ref }) => ref));
  return (
    left.length > 0 &&
    left.every(({ path = '' }) => {
      const [link, target] = path.split(' ');
      return ['members', 'owners', 'appRoleAssignedTo'].includes(link!) && restored.has(target as Ref);
    })
  );
}

describe('a recovery of random drift', () => {
  it('ends at the commit but for what it said; does nothing the second time; and can be undone', {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(drift, async (changes) => {
        const place = await memoryPlace();
        try {
          const goal = (await place.snapshot()).id;
          for (const [which, pick] of changes) await drifts[which]!.run(place, pick);
          const drifted = (await place.snapshot()).id;
          const planned = await place.plan(goal);
          inOrder(planned.plan);
          const refused = new Set(
            [...planned.plan.refusals].map(({ ref, path, target }) => `${ref} ${path} ${target}`),
          );
          for (const step of planned.plan.steps)
            if (step.action === 'link') expect(refused).not.toContain(`${step.ref} ${step.link} ${step.target}`);
          const applied = await place.apply(planned);
          expect(applied.record.failures).toEqual([]);
          const left = applied.record.left.filter(({ byNature }) => !byNature);
          if (cameAlong(left, planned.plan)) {
            expect(applied.record.status).toBe('partial');
            const { record } = await place.recover(goal);
            expect(record).toMatchObject({ failures: [] });
            expect(record.left.filter(({ byNature }) => !byNature)).toEqual([]);
            return;
          }
          expect(left).toEqual([]);
          const written = place.writes().length;
          const again = await place.plan(goal);
          expect([...again.plan.steps]).toEqual([]);
          expect(place.writes().length).toBe(written);
          if (planned.plan.steps.length === 0) return;
          const undone = await place.undo();
          expect(undone.record.left.filter(({ byNature }) => !byNature)).toEqual([]);
          expect(await between(place, drifted, (await place.snapshot()).id, applied.record.ids)).toEqual([]);
        } finally {
          await place.close();
        }
      }),
      seeded(runs),
    );
  });

  it('writes nothing where nothing was allowed', async () => {
    const place = await memoryPlace();
    try {
      const goal = (await place.snapshot()).id;
      for (const [at, one] of drifts.entries()) await one.run(place, at * 7);
      const { plan } = await place.plan(goal, { ...everything, allowAccess: [] });
      for (const step of plan.steps) expect(step.access).toEqual([]);
      expect([...plan.refusals].some(({ reason }) => reason === 'access')).toBe(true);
    } finally {
      await place.close();
    }
  });
});
