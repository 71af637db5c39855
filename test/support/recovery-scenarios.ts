// What recoveries are swept over: a tenant that somebody broke, and the plan that mends it; prepared once, and every run starts from a copy.
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { keyOf, type Ref } from '../../src/model/ref.ts';
import type { Scope } from '../../src/model/scope.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts';
import type { Planned } from '../../src/verbs/plan.ts';
import { list, objects } from './drift.ts';
import { MemoryRepository } from './memory-repository.ts';
import { everything, exampleSeed, type HastyTime, hasty, type Place, type PlaceParts, placeOf } from './recovery.ts';
import type { Witness } from './recovery-oracles.ts';

const ca = '/identity/conditionalAccess';

async function call(place: Place, method: string, path: string, body?: unknown) {
  const { status, body: answer } = await place.graph(method, path, body);
  expect(status, `${method} ${path} ${JSON.stringify(answer.error)}`).toBeLessThan(300);
  return answer;
}

/** Deletes a policy together with all that it names, some for good, and changes what is left: one of each sort of step comes of it. */
export async function breakTenant(place: Place): Promise<void> {
  const strengths = await objects(place, 'authenticationStrengthPolicies');
  const policies = await list(place, `${ca}/policies`);
  const policy = policies.find(({ grantControls }) =>
    strengths.some(({ id }) => id === grantControls?.authenticationStrength?.id),
  )!;
  const strength = policy.grantControls.authenticationStrength.id;
  for (const other of policies.filter(({ grantControls }) => grantControls?.authenticationStrength?.id === strength)) {
    await call(place, 'DELETE', `${ca}/policies/${other.id}`);
    if (other.id === policy.id) await call(place, 'DELETE', `${ca}/deletedItems/policies/${other.id}`);
  }
  await call(place, 'DELETE', `/policies/authenticationStrengthPolicies/${strength}`);
  const groups = (await objects(place, 'groups')).filter(
    ({ groupTypes, isAssignableToRole }) => groupTypes.length === 0 && isAssignableToRole !== true,
  );
  for (const [at, { id }] of groups.slice(0, 3).entries()) {
    await call(place, 'DELETE', `/groups/${id}`);
    if (at < 2) await call(place, 'DELETE', `/directory/deletedItems/${id}`);
  }
  const [user] = (await objects(place, 'users')).filter(({ userType }) => userType !== 'Guest');
  await call(place, 'PATCH', `/users/${user!.id}`, { department: 'Drifted' });
  const [application] = await objects(place, 'applications');
  await call(place, 'PATCH', `/applications/${application!.id}`, { notes: 'drifted' });
  const [grant] = await list(place, '/oauth2PermissionGrants');
  await call(place, 'DELETE', `/oauth2PermissionGrants/${grant!.id}`);
}

/**
 * Whoever does this would lock the emergency accounts out if a recovery put things back in the wrong order: the group that keeps them out of
 * the blocking policies is gone for good, the policies are off or gone with a location that one of them names.
 */
async function breakTheWayIn(place: Place): Promise<void> {
  const policies = await list(place, `${ca}/policies`);
  const blocking = policies.filter(
    ({ state, grantControls }) => state === 'enabled' && grantControls?.builtInControls?.includes('block'),
  );
  expect(blocking.length).toBe(2);
  const [off, gone] = blocking.sort((one, other) => (one.displayName < other.displayName ? -1 : 1));
  await call(place, 'PATCH', `${ca}/policies/${off!.id}`, { state: 'disabled' });
  await call(place, 'DELETE', `${ca}/policies/${gone!.id}`);
  await call(place, 'DELETE', `${ca}/deletedItems/policies/${gone!.id}`);
  const named = (await list(place, `${ca}/policies`)).map((policy) =>
    JSON.stringify(policy.conditions.locations ?? {}),
  );
  const location = gone!.conditions.locations.excludeLocations.find(
    (id: string) => !named.some((text) => text.includes(id)),
  );
  const row = await call(place, 'GET', `${ca}/namedLocations/${location}`);
  if (row.isTrusted === true)
    await call(place, 'PATCH', `${ca}/namedLocations/${location}`, {
      '@odata.type': row['@odata.type'],
      isTrusted: false,
    });
  await call(place, 'DELETE', `${ca}/namedLocations/${location}`);
  const group = (await objects(place, 'groups')).find(({ displayName }) => displayName.includes('emergency'))!;
  await call(place, 'DELETE', `/groups/${group.id}`);
  await call(place, 'DELETE', `/directory/deletedItems/${group.id}`);
}

/** What lives inside other objects, links, and the singletons. */
async function breakTheRest(place: Place): Promise<void> {
  const applications = await objects(place, 'applications');
  const named = (name: string) => applications.find(({ displayName }) => displayName.startsWith(name))!;
  const [credential] = await list(
    place,
    `/applications/${named('Tenant state: snap').id}/federatedIdentityCredentials`,
  );
  await call(
    place,
    'DELETE',
    `/applications/${named('Tenant state: snap').id}/federatedIdentityCredentials/${credential!.id}`,
  );
  const [other] = await list(place, `/applications/${named('Tenant state: rec').id}/federatedIdentityCredentials`);
  await call(
    place,
    'PATCH',
    `/applications/${named('Tenant state: rec').id}/federatedIdentityCredentials/${other!.id}`,
    { subject: 'repo:somebody/else:ref:refs/heads/main' },
  );
  await call(place, 'DELETE', `/applications/${named('Vision').id}`);
  const principals = await objects(place, 'servicePrincipals');
  const portal = principals.find(({ displayName }) => displayName === 'Field Portal')!;
  const [assignment] = await list(place, `/servicePrincipals/${portal.id}/appRoleAssignedTo`);
  await call(place, 'DELETE', `/servicePrincipals/${portal.id}/appRoleAssignedTo/${assignment!.id}`);
  const people = (await objects(place, 'users')).filter(
    ({ userType, displayName }) => userType !== 'Guest' && !displayName.startsWith('Emergency'),
  );
  await call(place, 'DELETE', `/users/${people.at(-1)!.id}`);
  await call(place, 'PUT', `/users/${people.at(-2)!.id}/manager/$ref`, {
    '@odata.id': `http://127.0.0.1:9/v1.0/users/${people[3]!.id}`,
  });
  const role = (await objects(place, 'groups')).find(({ displayName }) => displayName.startsWith('Role: service'))!;
  await call(place, 'POST', `/groups/${role.id}/members/$ref`, {
    '@odata.id': `http://127.0.0.1:9/v1.0/directoryObjects/${people[4]!.id}`,
  });
  await call(place, 'PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: 'everyone' });
}

/** A broken tenant with the plan that mends it. */
export interface Scenario {
  readonly goal: string;
  readonly drifted: string;
  readonly planned: Planned;
  readonly scope: Scope;
  /** The tenant as the goal has it, and as it was broken; never written to. */
  readonly whole: Sandbox;
  readonly broken: Sandbox;
  readonly emergencyAccounts: readonly string[];
  /** States after a run from which a second recovery and an undo were seen to end as they should. */
  readonly seen: Set<string>;
  /** An object of the plan that somebody changes between the plan and its application. */
  readonly meddled?: Ref;
  /** A place of its own, just before the plan is applied. */
  open(witness?: Witness): Place;
  /** Another place that goes on from where this one is. */
  fork(place: Place, witness?: Witness): Place;
}

/** Where a file is on the disk at once: thousands of journals are written line by line. */
const quick = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const newFolder = () => mkdtempSync(join(quick, 'driftline-sweep-'));

export type ScenarioName = 'all of a tenant' | 'a few objects, with a hand in between';

const prepared = new Map<ScenarioName, Promise<Scenario>>();

/** The scenario of a name, made once in a process. */
export function scenario(name: ScenarioName): Promise<Scenario> {
  const known = prepared.get(name) ?? prepare(name);
  prepared.set(name, known);
  return known;
}

/** A smaller company than the example: each sort of object once or twice, since each request of each run is paid for thousands of times. */
function leaveOut({ store }: Sandbox, type: string, names: RegExp): void {
  for (const { id, displayName } of [...store.list(type)]) if (names.test(String(displayName))) store.remove(type, id);
}

interface Parts {
  readonly time: HastyTime;
  readonly sandbox: Sandbox;
  readonly repository: MemoryRepository;
  readonly folder: string;
}

async function newParts(): Promise<Parts> {
  const time = hasty(Date.UTC(2026, 10, 23, 12));
  const seeds = [await exampleSeed()];
  const sandbox = createSandbox({ throttling: false, randomSeed: 'recovery', clock: () => time.now(), seeds });
  const folder = newFolder();
  return { time, sandbox, folder, repository: new MemoryRepository(folder, kinds) };
}

/** The example company with a repository in memory, for tests that make many recoveries or look for one thing. */
export async function memoryPlace(configuration: PlaceParts['configuration'] = {}): Promise<Place> {
  return placeOf({ ...(await newParts()), kinds, configuration });
}

async function prepare(name: ScenarioName): Promise<Scenario> {
  const own = await newParts();
  const { sandbox, time, repository, folder } = own;
  leaveOut(sandbox, 'conditionalAccessPolicy', /^CA0[14569] |^CA10 /);
  for (const type of ['application', 'servicePrincipal'])
    leaveOut(sandbox, type, /^(Payroll|HR|MES|Partner|Engineering|Mobile|Fleetboard)/);
  const users = [...sandbox.store.list('user')];
  const emergencyAccounts = users
    .filter(({ displayName }) => String(displayName).startsWith('Emergency'))
    .map(({ id }) => id);
  expect(emergencyAccounts.length).toBe(2);
  const parts = { kinds, configuration: { emergencyAccounts } };
  const place = placeOf({ ...parts, ...own });
  const goal = (await place.snapshot()).id;
  const whole = sandbox.fork();
  await breakTenant(place);
  await breakTheWayIn(place);
  await breakTheRest(place);
  const options = { ...everything, withoutEmergencyAccount: false };
  let scope: Scope = {};
  let meddled: Ref | undefined;
  if (name !== 'all of a tenant') {
    const steps = [...(await place.plan(goal, options)).plan.steps];
    const refs = [...new Set(steps.map(({ ref }) => ref))].filter((ref) => /^(users|groups)\//.test(ref));
    meddled = steps.find(({ action, ref }) => action === 'update' && ref.startsWith('users/'))!.ref;
    scope = { refs };
  }
  const drifted = (await place.snapshot()).id;
  const planned = await place.plan(goal, options, scope);
  expect(planned.plan.blockers).toEqual([]);
  if (meddled !== undefined) await call(place, 'PATCH', `/users/${keyOf(meddled)}`, { jobTitle: 'Changed by hand' });
  const broken = sandbox.fork();
  const insides = new WeakMap<Place, { repository: MemoryRepository; now: () => number; folder: string }>();
  const openFrom = (
    from: { sandbox: Sandbox; repository: MemoryRepository; now: number; folder: string },
    witness?: Witness,
  ): Place => {
    const own = hasty(from.now);
    const root = newFolder();
    cpSync(from.folder, root, { recursive: true });
    const copy = new MemoryRepository(root, kinds, from.repository);
    const made = placeOf({
      ...parts,
      time: own,
      sandbox: from.sandbox.fork({ clock: () => own.now() }),
      repository: copy,
      folder: root,
      ...(witness && { witness }),
    });
    witness?.watch(made.sandbox);
    insides.set(made, { repository: copy, now: () => own.now(), folder: root });
    return made;
  };
  const start = time.now();
  return {
    goal,
    drifted,
    planned,
    scope,
    whole,
    broken,
    emergencyAccounts,
    seen: new Set(),
    ...(meddled && { meddled }),
    open: (witness) => openFrom({ sandbox: broken, repository, now: start, folder }, witness),
    fork: (other, witness) => {
      const inside = insides.get(other)!;
      return openFrom({ ...inside, sandbox: other.sandbox, now: inside.now() }, witness);
    },
  };
}
