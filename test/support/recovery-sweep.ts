// The sweeps over recovery: stopped at each line of its journal, and with each request failing in turn; and what must hold all the same.
import { expect } from 'vitest';
import { openJournal } from '../../src/apply/index.ts';
import { Problem } from '../../src/model/problem.ts';
import type { JournalLine } from '../../src/model/run.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { type Applied, applyPlan, resumeRun } from '../../src/verbs/apply.ts';
import { endedRuns } from '../../src/verbs/runs.ts';
import { list, objects } from './drift.ts';
import { everything, type Place, recoveryPlace } from './recovery.ts';

const ca = '/identity/conditionalAccess';

/** Deletes a policy together with all that it names, some for good, and changes what is left: one of each sort of step comes of it. */
export async function breakTenant(place: Place): Promise<void> {
  const call = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await place.graph(method, path, body);
    expect(status, `${method} ${path} ${JSON.stringify(answer.error)}`).toBeLessThan(300);
    return answer;
  };
  const strengths = await objects(place, 'authenticationStrengthPolicies');
  const policies = await list(place, `${ca}/policies`);
  const policy = policies.find(({ grantControls }) =>
    strengths.some(({ id }) => id === grantControls?.authenticationStrength?.id),
  )!;
  const strength = policy.grantControls.authenticationStrength.id;
  for (const other of policies.filter(({ grantControls }) => grantControls?.authenticationStrength?.id === strength)) {
    await call('DELETE', `${ca}/policies/${other.id}`);
    if (other.id === policy.id) await call('DELETE', `${ca}/deletedItems/policies/${other.id}`);
  }
  await call('DELETE', `/policies/authenticationStrengthPolicies/${strength}`);
  const groups = (await objects(place, 'groups')).filter(
    ({ groupTypes, isAssignableToRole }) => groupTypes.length === 0 && isAssignableToRole !== true,
  );
  for (const [at, { id }] of groups.slice(0, 3).entries()) {
    await call('DELETE', `/groups/${id}`);
    if (at < 2) await call('DELETE', `/directory/deletedItems/${id}`);
  }
  const [user] = (await objects(place, 'users')).filter(({ userType }) => userType !== 'Guest');
  await call('PATCH', `/users/${user!.id}`, { department: 'Drifted' });
  const [application] = await objects(place, 'applications');
  await call('PATCH', `/applications/${application!.id}`, { notes: 'drifted' });
  const [grant] = await list(place, '/oauth2PermissionGrants');
  await call('DELETE', `/oauth2PermissionGrants/${grant!.id}`);
}

/** How many objects there are of each kind, bins left out. */
async function census(place: Place): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of [
    'users',
    'groups',
    'applications',
    'servicePrincipals',
    'oauth2PermissionGrants',
    'conditionalAccessPolicies',
    'namedLocations',
    'authenticationStrengthPolicies',
  ])
    found[name] = (
      await list(place, `${place.kinds.get(name)!.path}${name === 'users' || name === 'groups' ? '?$top=999' : ''}`)
    ).length;
  return found;
}

class Killed extends Error {}

/** A journal at whose n-th writing the process dies: before the lines are on the disk, or right after. */
function dying(nth: number, when: 'before' | 'after', dead: { yet: boolean }): typeof openJournal {
  let count = 0;
  return async (path) => {
    const journal = await openJournal(path);
    return {
      async append(lines: readonly JournalLine[]) {
        count += 1;
        const own = count;
        if (dead.yet) throw new Killed();
        if (own === nth && when === 'before') {
          dead.yet = true;
          throw new Killed();
        }
        await journal.append(lines);
        if (own === nth) {
          dead.yet = true;
          throw new Killed();
        }
      },
      close: () => journal.close(),
    };
  };
}

/**
 * A recovery that dies at the n-th writing of its journal is resumed, and ends where one that does not die ends: the same objects, nothing
 * made twice, nothing left to do (P9, law 7). False where it had ended before.
 */
export async function killedAt(nth: number, when: 'before' | 'after'): Promise<boolean> {
  const place = await recoveryPlace();
  try {
    const goal = (await place.snapshot()).id;
    const whole = await census(place);
    await breakTenant(place);
    const { plan } = await place.plan(goal);
    const dead = { yet: false };
    let applied: Applied;
    try {
      applied = await applyPlan(plan, place.request({ journal: dying(nth, when, dead) }));
      if (!dead.yet) return false;
    } catch (error) {
      expect(error).toBeInstanceOf(Killed);
      const last = await resumed(place);
      if (last === undefined) {
        // Nothing was begun before the first line, and all is done after the last one.
        if (nth > 1) {
          for await (const { record } of endedRuns(place.repository)) expect(record.status).toBe('complete');
          return false;
        }
        applied = await applyPlan(plan, place.request());
      } else applied = last;
    }
    await ended(place, applied, goal, whole);
    return true;
  } finally {
    await place.close();
  }
}

async function resumed(place: Place): Promise<Applied | undefined> {
  try {
    return await resumeRun(undefined, place.request());
  } catch (error) {
    if (error instanceof Problem && error.summary === 'There is nothing to resume') return undefined;
    throw error;
  }
}

async function ended(place: Place, { record }: Applied, goal: string, whole: Record<string, number>): Promise<void> {
  expect(record.failures).toEqual([]);
  expect(record.left.filter(({ byNature }) => !byNature)).toEqual([]);
  expect(await census(place)).toEqual(whole);
  expect((await place.plan(goal)).plan.steps).toEqual([]);
}

/**
 * A recovery one of whose requests fails ends with an outcome for every step; a second one, without faults, leaves nothing to do and nothing
 * twice (P3, P8, P9). False where the run met no fault.
 */
export async function faultAt(nth: number, fault: Fault, times: number): Promise<boolean> {
  const place = await recoveryPlace();
  try {
    const goal = (await place.snapshot()).id;
    const whole = await census(place);
    await breakTenant(place);
    const { plan } = await place.plan(goal);
    const rule = place.sandbox.faults.add({ match: { nth }, fault, times });
    let status = 'complete';
    try {
      const applied = await place.apply({ plan } as Awaited<ReturnType<Place['plan']>>);
      status = applied.record.status;
      if (applied.record.failures.length > 0) expect(status).not.toBe('complete');
    } catch (error) {
      // Only what stops everything is thrown, in words.
      expect(error).toBeInstanceOf(Problem);
      status = 'stopped';
    }
    const fell = rule.fired() > 0;
    place.sandbox.faults.clear();
    if (!fell) return false;
    if (status === 'stopped')
      await resumeRun(undefined, place.request()).catch((error) => expect(error).toBeInstanceOf(Problem));
    const rest = await place.plan(goal);
    if (rest.plan.steps.length > 0) {
      expect(status).not.toBe('complete');
      const { record } = await place.apply(rest);
      expect(record.failures).toEqual([]);
    }
    expect((await place.plan(goal, everything)).plan.steps).toEqual([]);
    expect(await census(place)).toEqual(whole);
    return true;
  } finally {
    await place.close();
  }
}
