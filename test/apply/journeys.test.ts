// Recoveries against the sandbox, kind by kind: every attribute that the row calls writable, and objects that hang together and went together.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { keyOf } from '../../src/model/ref.ts';
import { sealPlan } from '../../src/plan/index.ts';
import type { Applied } from '../../src/verbs/apply.ts';
import { diff } from '../../src/verbs/diff.ts';
import { listed } from '../plan/support.ts';
import { list, objects } from '../support/drift.ts';
import { everything, type Place, plain, recoveryPlace } from '../support/recovery.ts';
import { breakTenant } from '../support/recovery-scenarios.ts';

let place: Place;
let before: string;

beforeEach(async () => {
  place = await recoveryPlace();
  before = (await place.snapshot()).id;
});
afterEach(() => place.close());

async function entirely({ record }: Applied): Promise<void> {
  expect(record.failures).toEqual([]);
  expect(record.refusals.filter(({ reason }) => reason === 'missing')).toEqual([]);
  expect(record.left.filter(({ byNature }) => !byNature)).toEqual([]);
  const written = place.writes().length;
  expect([...(await place.plan(before)).plan.steps]).toEqual([]);
  expect(place.writes().length).toBe(written);
}

/** What a report says of two sides. */
async function changes(from: string, to: string) {
  const { repository, configuration } = place;
  const request = place.request();
  const report = await diff({
    ...request,
    repository,
    configuration,
    from,
    to,
    scope: {},
    reader: async () => request.reader,
  });
  const found = [];
  for await (const change of report.changes) found.push(change);
  await report.close();
  return found;
}

/** Other values of the same sort, the first of which Graph takes is the drift; of any sort where there is none. */
function* others(value: Json | undefined): Generator<Json> {
  if (value === undefined) {
    yield* ['SE', 'en-US', 'Minor', 'Granted', true, '2026-11-01T00:00:00Z', ['x'], ['https://drift.invalid.example/']];
    yield* [{ division: 'x' }, { extensionAttribute1: 'x' }, { redirectUris: ['https://drift.invalid.example/'] }];
    return;
  }
  if (typeof value === 'boolean') yield !value;
  if (typeof value === 'string') yield* [`${value} x`, 'disabled', value.slice(0, 2), 'SE', null];
  if (typeof value === 'number') yield value + 1;
  if (isArray(value)) yield* [value.slice(1), []];
  if (isObject(value)) {
    for (const [name, member] of Object.entries(value))
      if (!name.startsWith('@')) for (const other of others(member)) yield { ...value, [name]: other };
    yield null;
  }
  yield null;
}

/** Top-level attributes that the row calls writable, and that nothing else writes. */
function writableOf(name: string): string[] {
  const kind = kinds.get(name)!;
  const contained = new Set<string>((kind.contained ?? []).map(({ attribute }) => attribute));
  return Object.entries(kind.attributes)
    .filter(
      ([path, fact]) =>
        !path.includes('.') && (fact.write ?? 'always') === 'always' && !fact.noise && !contained.has(path),
    )
    .map(([path]) => path);
}

const more = (value: Json | undefined, item: JsonObject): Json => [...(isArray(value) ? value : []), item];
const guid = 'c0ffee00-0000-4000-8000-00000000000a';

/** Values that only one attribute takes. */
const particular: Readonly<Record<string, (value: Json | undefined) => Json>> = {
  userPrincipalName: () => 'drifted@heron-robotics.example',
  identities: (value) => more(value, { signInType: 'federated', issuer: 'facebook.com', issuerAssignedId: '5eecb0cd' }),
  addIns: (value) => more(value, { id: guid, type: 'FileHandler', properties: [{ key: 'version', value: '2' }] }),
  appRoles: (value) =>
    more(value, {
      id: guid,
      allowedMemberTypes: ['User'],
      description: 'x',
      displayName: 'x',
      isEnabled: true,
      value: 'drifted',
    }),
  authenticationBehaviors: () => ({ removeUnverifiedEmailClaim: true }),
  nativeAuthenticationApisEnabled: () => 'all',
  requestSignatureVerification: () => ({ isSignedRequestRequired: true, allowedWeakAlgorithms: 'rsaSha1' }),
  allowInvitesFrom: () => 'everyone',
  guestUserRoleId: () => '2af84b1e-32c8-42b7-82bc-daa82404023b',
};

describe('every writable attribute', () => {
  it.each([...kinds.keys()])('of %s comes back', async (name) => {
    const kind = kinds.get(name)!;
    const refs: { ref: string; attributes: JsonObject; type?: string }[] = [];
    for await (const { entity } of place.repository.entities(place.repository.files(before, { kinds: [name] })))
      if (
        (kind.singleton || entity.attributes.onPremisesSyncEnabled !== true) &&
        !kind.readOnlyWhen?.some(({ attribute, equals }) => entity.attributes[attribute] === equals) &&
        !String(entity.attributes.displayName).startsWith('Driftline')
      )
        refs.push(entity);
    const changed: string[] = [];
    for (const [at, attribute] of writableOf(name).entries()) {
      const set = refs.filter(({ attributes }) => attributes[attribute] !== undefined);
      const having = set.length > 0 ? set : refs;
      search: for (let turn = 0; turn < Math.min(3, having.length); turn++) {
        const one = having[(at + turn) % having.length]!;
        const key = keyOf(one.ref as `${string}/${string}`);
        const id = kind.key === 'id' ? key : (await list(place, kind.path))[0]!.id;
        const path = kind.singleton
          ? kind.name === 'organization'
            ? `${kind.path}/${key}`
            : kind.path
          : `${kind.path}/${id}`;
        const particularly = particular[attribute]?.(one.attributes[attribute]);
        for (const value of particularly === undefined ? others(one.attributes[attribute]) : [particularly]) {
          const type = kind.typed && one.type !== undefined ? { '@odata.type': one.type } : {};
          const { status } = await place.graph('PATCH', path, { ...type, [attribute]: value }, kind.version);
          if (status >= 300) continue;
          changed.push(attribute);
          break search;
        }
      }
    }
    // Graph takes groupTypes only together with a rule; a test of its own does that.
    expect(writableOf(name).filter((one) => !changed.includes(one) && one !== 'groupTypes')).toEqual([]);
    const planned = await place.plan(before);
    const touched = new Set(
      [...planned.plan.steps].flatMap((step) => (step.action === 'update' ? Object.keys(step.after) : [])),
    );
    expect(touched.size).toBeGreaterThan(0);
    await entirely(await place.apply(planned));
  });
});

describe('a group', () => {
  const dynamic = {
    groupTypes: ['DynamicMembership'],
    membershipRule: 'user.userType -eq "Guest"',
    membershipRuleProcessingState: 'On',
  };

  it('that was made dynamic is assigned again, and has the members that it had', async () => {
    const groups = (await objects(place, 'groups')).filter(
      ({ groupTypes, isAssignableToRole }) => groupTypes.length === 0 && isAssignableToRole !== true,
    );
    let group: { id: string } | undefined;
    let members: string[] = [];
    for (const { id } of groups) {
      members = (await list(place, `/groups/${id}/members`)).map((member) => member.id);
      if (members.length > 1) {
        group = { id };
        break;
      }
    }
    expect((await place.graph('PATCH', `/groups/${group!.id}`, dynamic)).status).toBe(204);
    await entirely(await place.recover(before));
    const now = (await list(place, `/groups/${group!.id}/members`)).map(({ id }) => id);
    expect(now.sort()).toEqual(members.sort());
  });

  it('whose rule was widened has its rule again', async () => {
    const group = (await objects(place, 'groups')).find(({ groupTypes }) => groupTypes.includes('DynamicMembership'))!;
    expect(
      (await place.graph('PATCH', `/groups/${group.id}`, { membershipRule: 'user.accountEnabled -eq true' })).status,
    ).toBe(204);
    await entirely(await place.recover(before));
    expect((await place.graph('GET', `/groups/${group.id}`)).body.membershipRule).toBe(group.membershipRule);
  });
});

describe('licences', () => {
  const e5 = '06ebc4ee-1bb5-47dd-8120-11324bc54e06';
  const plan = '57ff2da0-773e-42df-b2af-ffb7a2317929';
  const assign = (path: string, addLicenses: object[], removeLicenses: string[]) =>
    place.graph('POST', `${path}/assignLicense`, { addLicenses, removeLicenses });
  const licensed = async () =>
    (await list(place, '/users?$select=id,licenseAssignmentStates&$top=999')).filter(
      ({ licenseAssignmentStates }) => licenseAssignmentStates.length > 0,
    );

  it('that were taken away, changed and given are as they were', async () => {
    const [without, [changed], unlicensed] = [
      (await licensed()).slice(0, 2),
      (await licensed()).slice(2),
      (await list(place, "/users?$filter=usageLocation eq 'JP'&$select=id,licenseAssignmentStates")).find(
        ({ licenseAssignmentStates }) => licenseAssignmentStates.length === 0,
      )!,
    ];
    for (const { id, licenseAssignmentStates } of without)
      expect((await assign(`/users/${id}`, [], [licenseAssignmentStates[0].skuId])).status).toBe(200);
    const { skuId } = changed!.licenseAssignmentStates[0];
    await assign(`/users/${changed!.id}`, [{ skuId, disabledPlans: [plan] }], []);
    await assign(`/users/${unlicensed.id}`, [{ skuId: e5, disabledPlans: [] }], []);
    const planned = await place.plan(before);
    expect([...planned.plan.steps].map(({ action }) => action)).toEqual(Array(4).fill('action'));
    await entirely(await place.apply(planned));
  });

  it('that come with a group are never assigned, and said', async () => {
    const [user] = await licensed();
    const held = place.sandbox.store.get('user', user!.id)!;
    const inherited = { skuId: e5, disabledPlans: [], assignedByGroup: '11111111-2222-4333-8444-555555555555' };
    const states = [...(held.licenseAssignmentStates as object[]), inherited];
    place.sandbox.store.put('user', { ...held, licenseAssignmentStates: states } as never, ['licenseAssignmentStates']);
    const goal = (await place.snapshot()).id;
    place.sandbox.store.put('user', held, ['licenseAssignmentStates']);
    await assign(`/users/${user!.id}`, [], [user!.licenseAssignmentStates[0].skuId]);
    const planned = await place.plan(goal);
    expect([...planned.plan.refusals]).toMatchObject([{ reason: 'readOnly', path: 'licenseAssignmentStates' }]);
    expect(JSON.stringify(planned.plan.steps)).not.toContain('11111111-2222');
    const { record } = await place.apply(planned);
    expect(record).toMatchObject({ status: 'complete', left: [] });
  });

  it('of a group come back, and of a user who is made anew', async () => {
    const [group] = (await objects(place, 'groups')).filter(({ groupTypes }) => groupTypes.length === 0);
    await assign(`/groups/${group!.id}`, [{ skuId: e5, disabledPlans: [plan] }], []);
    const goal = (await place.snapshot()).id;
    await assign(`/groups/${group!.id}`, [], [e5]);
    const [user] = await licensed();
    await place.graph('DELETE', `/users/${user!.id}`);
    await place.graph('DELETE', `/directory/deletedItems/${user!.id}`);
    const { record } = await place.recover(goal);
    expect(record.failures).toEqual([]);
    expect(record.left.filter(({ byNature }) => !byNature)).toEqual([]);
    const { body } = await place.graph('GET', `/users/${record.ids[user!.id]}?$select=licenseAssignmentStates`);
    expect(body.licenseAssignmentStates).toMatchObject([{ skuId: user!.licenseAssignmentStates[0].skuId }]);
    expect((await place.graph('GET', `/groups/${group!.id}?$select=assignedLicenses`)).body.assignedLicenses).toEqual([
      { skuId: e5, disabledPlans: [plan] },
    ]);
  });
});

describe('an object that is gone', () => {
  const binned = [
    'users',
    'groups',
    'applications',
    'servicePrincipals',
    'conditionalAccessPolicies',
    'namedLocations',
  ];
  it.each(binned)('of %s comes back from the bin under its own id', async (name) => {
    const kind = kinds.get(name)!;
    let id: string | undefined;
    for (const item of await objects(place, name)) {
      if (item.isTrusted)
        await place.graph('PATCH', `${kind.path}/${item.id}`, { '@odata.type': item['@odata.type'], isTrusted: false });
      if ((await place.graph('DELETE', `${kind.path}/${item.id}`, undefined, kind.version)).status < 300) {
        id = item.id;
        break;
      }
    }
    expect(id).toBeDefined();
    const applied = await place.recover(before);
    expect([...applied.plan.steps].some(({ action, ref }) => action === 'restore' && keyOf(ref) === id)).toBe(true);
    expect(applied.record.made).toEqual([]);
    await entirely(applied);
  });

  it('of a group that hangs in a policy comes back anew, and the policy names it', async () => {
    const policies = await list(place, '/identity/conditionalAccess/policies');
    const excluded = policies.flatMap(({ conditions }) => (conditions.users.excludeGroups as string[]) ?? []);
    const id = excluded[0]!;
    await place.graph('DELETE', `/groups/${id}`);
    await place.graph('DELETE', `/directory/deletedItems/${id}`);
    const applied = await place.recover(before);
    const now = applied.record.ids[id]!;
    expect(now).toMatch(/^[0-9a-f-]{36}$/);
    for (const policy of await list(place, '/identity/conditionalAccess/policies'))
      expect(policy.conditions.users.excludeGroups ?? []).not.toContain(id);
    await entirely(applied);
    // A difference knows it by its new id: it is no deletion and no creation, and what names it is as it was.
    const since = await changes(before, 'HEAD');
    expect(since.map(({ ref, operation }) => `${operation} ${ref}`)).toEqual([`update groups/${now}`]);
    expect(since[0]!.attributes.map(({ path }) => path)).toEqual(['createdDateTime', 'securityIdentifier']);
    expect((await changes('HEAD', before)).map(({ operation }) => operation)).toEqual(['update']);
    expect((await changes(before, 'live')).map(({ operation }) => operation)).toEqual(['update']);
    // A later recovery to the same commit knows it by its new id.
    await place.graph('PATCH', `/groups/${now}`, { description: 'again' });
    await entirely(await place.recover(before));
  });

  it('of an application with all that hangs on it comes back with owners, grants and assignments', async () => {
    const applications = await objects(place, 'applications');
    const principals = await list(place, '/servicePrincipals');
    const grants = await list(place, '/oauth2PermissionGrants');
    const pair = applications
      .map((application) => ({ application, principal: principals.find(({ appId }) => appId === application.appId) }))
      .find(({ principal }) => principal !== undefined && grants.some(({ clientId }) => clientId === principal.id))!;
    await place.graph('DELETE', `/applications/${pair.application.id}`);
    for (const id of [pair.application.id, pair.principal!.id])
      await place.graph('DELETE', `/directory/deletedItems/${id}`);
    const applied = await place.recover(before);
    expect(applied.record.made.length).toBeGreaterThanOrEqual(2);
    expect(applied.plan.warnings.join()).toContain('another application id');
    await entirely(applied);
  });

  it('of an application that is gone for good, its service principal left in the bin, comes back in the policies that name it', async () => {
    const policies = await list(place, '/identity/conditionalAccess/policies');
    const named = policies.flatMap(
      ({ conditions }) => (conditions.clientApplications?.includeServicePrincipals as string[]) ?? [],
    );
    const principal = (await list(place, '/servicePrincipals')).find(({ id }) => named.includes(id))!;
    const application = (await objects(place, 'applications')).find(({ appId }) => appId === principal.appId)!;
    await place.graph('DELETE', `/applications/${application.id}`);
    await place.graph('DELETE', `/directory/deletedItems/${application.id}`);
    await entirely(await place.recover(before));
  });
});

describe('secrets and certificates that came after the commit', () => {
  const key = Buffer.from('a certificate of an intruder').toString('base64');

  async function intruder() {
    const application = (await objects(place, 'applications'))[0]!;
    const [principal] = await list(place, `/servicePrincipals?$filter=appId eq '${application.appId}'`);
    const { body } = await place.graph('POST', `/applications/${application.id}/addPassword`, {
      passwordCredential: { displayName: 'temporary' },
    });
    await place.graph('POST', `/servicePrincipals/${principal!.id}/addPassword`, { passwordCredential: {} });
    const { body: held } = await place.graph('GET', `/applications/${application.id}?$select=keyCredentials`);
    await place.graph('PATCH', `/applications/${application.id}`, {
      keyCredentials: [...held.keyCredentials, { type: 'AsymmetricX509Cert', usage: 'Verify', key }],
    });
    return {
      application,
      principal: principal!,
      keyId: body.keyId as string,
      held: held.keyCredentials as JsonObject[],
    };
  }

  it('are left alone, and said, unless they are told to go', async () => {
    const { application, keyId } = await intruder();
    const { plan } = await place.plan(before);
    expect([...plan.steps]).toEqual([]);
    expect([...plan.refusals].map(({ reason, flag }) => `${reason} ${flag}`)).toEqual(
      Array(3).fill('newCredential --remove-credentials'),
    );
    expect([...plan.refusals].map(({ ref, path }) => `${ref} ${path}`)).toContain(
      `applications/${application.id} passwordCredentials[${keyId}]`,
    );
  });

  it('go where that was said, and those that were there stay, their bytes too', async () => {
    const { application, principal, held } = await intruder();
    await entirely(await place.recover(before, { ...everything, removeCredentials: true }));
    const { body } = await place.graph('GET', `/applications/${application.id}?$select=keyCredentials`);
    expect(body.keyCredentials).toEqual(held);
    const { body: shown } = await place.graph('GET', `/servicePrincipals/${principal.id}`);
    expect(shown.passwordCredentials).toEqual([]);
  });

  it('go again when the application comes back from the bin with them', async () => {
    const { application } = await intruder();
    await place.graph('DELETE', `/applications/${application.id}`);
    await entirely(await place.recover(before, { ...everything, removeCredentials: true }));
  });

  it('are not taken away by an undo, and a plan that lost one says that it cannot be put back', async () => {
    const { application } = await intruder();
    const since = (await place.snapshot()).id;
    await place.recover(before, { ...everything, removeCredentials: true });
    const undone = await place.undo();
    expect([...undone.plan.steps]).toEqual([]);
    const { plan } = await place.plan(since);
    expect([...plan.refusals].map(({ reason }) => reason)).toEqual(['secret', 'secret', 'secret']);
    expect([...plan.refusals].some(({ ref }) => keyOf(ref!) === application.id)).toBe(true);
  });
});

describe('what gives access', () => {
  /** A role-assignable group with one more member, since a snapshot of its own; and without both since then. */
  async function planted() {
    const group = (await objects(place, 'groups')).find(({ isAssignableToRole }) => isAssignableToRole === true)!;
    const members = await list(place, `/groups/${group.id}/members`);
    const users = (await objects(place, 'users')).filter(({ id }) => !members.some((member) => member.id === id));
    const [intruder] = users;
    const link = (id: string) =>
      place.graph('POST', `/groups/${group.id}/members/$ref`, {
        '@odata.id': `http://127.0.0.1:9/v1.0/directoryObjects/${id}`,
      });
    expect((await link(intruder!.id)).status).toBe(204);
    const since = await place.snapshot();
    await place.graph('PATCH', `/groups/${group.id}`, { description: 'something else' });
    const goal = await place.snapshot();
    for (const id of [intruder!.id, members[0]!.id])
      expect((await place.graph('DELETE', `/groups/${group.id}/members/${id}/$ref`)).status).toBe(204);
    return { group, intruder: intruder!, old: members[0]!, since, goal };
  }

  it('says since when it has been there', async () => {
    const { intruder, old, since, goal } = await planted();
    const { plan } = await place.plan(goal.id);
    const first = await place.repository.resolve(before, new Date());
    const ages = [...plan.steps].map((step) => [step.action === 'link' && keyOf(step.target), step.since]);
    expect(ages).toEqual(
      expect.arrayContaining([
        [intruder.id, { commit: since.id, at: since.at, beginning: false }],
        [old.id, { commit: first.id, at: first.at, beginning: true }],
      ]),
    );
    const refused = [...(await place.plan(goal.id, plain)).plan.refusals].map(({ because }) => because);
    expect(refused.join()).toContain(`it came by ${since.at.slice(0, 16).replace('T', ' ')} UTC`);
    expect(refused.join()).toContain('it was there when the history began');
  });

  it('stays away where it is younger than --not-after, and the rest comes back', async () => {
    const { intruder, old, since, goal } = await planted();
    const notAfter = new Date(Date.parse(since.at) - 1).toISOString();
    const planned = await place.plan(goal.id, { ...everything, notAfter });
    expect([...planned.plan.steps].map((step) => step.action === 'link' && keyOf(step.target))).toEqual([old.id]);
    expect([...planned.plan.refusals]).toMatchObject([{ reason: 'young', target: `users/${intruder.id}` }]);
    const { record } = await place.apply(planned);
    expect(record).toMatchObject({ status: 'complete', left: [] });
  });

  it('has its age through the ids that recoveries gave', async () => {
    const { group, intruder, old, since } = await planted();
    await place.graph('DELETE', `/groups/${group.id}`);
    await place.graph('DELETE', `/directory/deletedItems/${group.id}`);
    const { record } = await place.recover(since.id);
    const now = record.ids[group.id]!;
    await place.graph('DELETE', `/groups/${now}/members/${old.id}/$ref`);
    await place.graph('DELETE', `/groups/${now}/members/${intruder.id}/$ref`);
    const { plan } = await place.plan((await place.repository.tip())!.id);
    const ages = [...plan.steps].map((step) => [step.action === 'link' && keyOf(step.target), step.since?.commit]);
    expect(ages).toEqual(
      expect.arrayContaining([
        [intruder.id, since.id],
        [old.id, before],
      ]),
    );
  });
});

describe('a recovery', () => {
  it('has nothing to do where nothing changed', async () => {
    const { plan } = await place.plan(before);
    expect(listed(plan)).toMatchObject({ steps: [], refusals: [], blockers: [] });
  });

  it('leaves what came after the commit, unless told to delete it; and undo brings that back', async () => {
    const { body } = await place.graph('POST', '/groups', {
      displayName: 'New',
      mailEnabled: false,
      securityEnabled: true,
      mailNickname: 'new',
    });
    const kept = await place.plan(before);
    expect(listed(kept.plan)).toMatchObject({ steps: [], refusals: [{ reason: 'new', flag: '--delete-new' }] });
    await entirely(await place.recover(before, { ...everything, deleteNew: true }));
    expect((await place.graph('GET', `/groups/${body.id}`)).status).toBe(404);
    const undone = await place.undo();
    expect(undone.record.failures).toEqual([]);
    expect((await place.graph('GET', `/groups/${body.id}`)).status).toBe(200);
  });

  it('skips an object that somebody changed since the plan, and says so', async () => {
    const [one, two] = (await objects(place, 'groups')).filter(({ groupTypes }) => groupTypes.length === 0);
    for (const { id } of [one!, two!]) await place.graph('PATCH', `/groups/${id}`, { description: 'drift' });
    const planned = await place.plan(before);
    await place.graph('PATCH', `/groups/${one!.id}`, { displayName: 'By hand, meanwhile' });
    const { record } = await place.apply(planned);
    expect(record).toMatchObject({ status: 'partial', counts: { done: 1, skipped: 1 } });
    expect(record.failures).toMatchObject([{ ref: `groups/${one!.id}`, outcome: 'skipped' }]);
    expect((await place.graph('GET', `/groups/${one!.id}`)).body).toMatchObject({
      displayName: 'By hand, meanwhile',
      description: 'drift',
    });
  });

  it('is applied once, to its own tenant, while it is fresh', async () => {
    const [group] = await objects(place, 'groups');
    await place.graph('PATCH', `/groups/${group!.id}`, { description: 'drift' });
    const planned = await place.plan(before);
    const other = {
      ...planned.plan,
      tenant: { ...planned.plan.tenant, tenantId: '00000000-0000-4000-8000-000000000000' },
    };
    await expect(place.apply({ ...planned, plan: other })).rejects.toMatchObject({
      kind: 'refused',
      summary: 'The plan is of another tenant',
    });
    await expect(place.apply(planned, { maxAge: 0 })).rejects.toMatchObject({
      kind: 'refused',
      summary: 'The plan is too old',
    });
    await place.apply(planned);
    await expect(place.apply(planned)).rejects.toMatchObject({
      kind: 'refused',
      summary: 'The plan was applied already',
    });
  });

  it('is applied in a clone that does not have the commit of what the tenant was', async () => {
    const [group] = await objects(place, 'groups');
    await place.graph('PATCH', `/groups/${group!.id}`, { description: 'drift' });
    const { plan, ref } = await place.plan(before);
    await place.repository.forget(ref);
    const { digest: _digest, ...rest } = plan;
    const elsewhere = sealPlan({ ...rest, live: { ...plan.live, commit: 'f'.repeat(40) } });
    const applied = await place.apply({ plan: elsewhere } as Awaited<ReturnType<Place['plan']>>);
    await entirely(applied);
    expect((await place.undo()).record.failures).toEqual([]);
    expect((await place.graph('GET', `/groups/${group!.id}`)).body.description).toBe('drift');
  });

  it('runs alone, while snapshots go on', async () => {
    const [group] = await objects(place, 'groups');
    await place.graph('PATCH', `/groups/${group!.id}`, { description: 'drift' });
    const planned = await place.plan(before);
    const lock = await place.repository.lock('recovery');
    await expect(place.apply(planned)).rejects.toMatchObject({ kind: 'conflict' });
    await place.snapshot();
    await lock.release();
    await entirely(await place.apply(planned));
  });

  it('has a line in its journal before each write that the tenant saw, and tells no secret in it', async () => {
    await breakTenant(place);
    const user = (await objects(place, 'users')).find(({ userType }) => userType !== 'Guest')!;
    await place.graph('DELETE', `/users/${user.id}`);
    await place.graph('DELETE', `/directory/deletedItems/${user.id}`);
    const earlier = place.writes().length;
    const planned = await place.plan(before);
    const secrets: string[] = [];
    const { record } = await place.apply(planned, { onSecret: (_step, secret) => secrets.push(secret) });
    const journal = readFileSync(join(place.repository.privateFolder, 'runs', record.id, 'journal.jsonl'), 'utf8');
    const intents = new Set(
      journal
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ line }) => line === 'intent')
        .map(({ method, path }) => `${method} ${path}`),
    );
    for (const write of place.writes().slice(earlier)) expect(intents).toContain(write.replace(/ \/(v1\.0|beta)/, ' '));
    expect(secrets.length).toBe(1);
    expect(secrets[0]!.length).toBeGreaterThan(20);
    expect(journal).not.toContain(secrets[0]);
  });

  it('goes no further than its scope', async () => {
    const [group, other] = (await objects(place, 'groups')).filter(({ groupTypes }) => groupTypes.length === 0);
    for (const { id } of [group!, other!]) await place.graph('PATCH', `/groups/${id}`, { description: 'drift' });
    const { record } = await place.recover(before, plain, { refs: [`groups/${group!.id}`] });
    expect(record).toMatchObject({ status: 'complete', objects: [`groups/${group!.id}`] });
    expect((await place.graph('GET', `/groups/${other!.id}`)).body.description).toBe('drift');
  });

  it('stops when it is told to, and goes on later', async () => {
    const found = await objects(place, 'users');
    for (const { id } of found.slice(0, 6)) await place.graph('PATCH', `/users/${id}`, { department: 'drift' });
    const planned = await place.plan(before);
    const stop = new AbortController();
    const stopped = await place.apply(planned, { signal: stop.signal, concurrency: 1, onStep: () => stop.abort() });
    expect(stopped.record.status).toBe('interrupted');
    const { resumeRun } = await import('../../src/verbs/apply.ts');
    await entirely(await resumeRun(stopped.record.id, place.request()));
  });

  it('keeps an emergency account its way in, also when the tenant moved since the plan', async () => {
    const [admin] = await objects(place, 'users');
    await place.close();
    place = await recoveryPlace({}, { emergencyAccounts: [admin!.id] });
    before = (await place.snapshot()).id;
    const blocking = (await list(place, '/identity/conditionalAccess/policies')).find(({ grantControls }) =>
      grantControls?.builtInControls?.includes('block'),
    )!;
    await place.graph('PATCH', `/identity/conditionalAccess/policies/${blocking.id}`, {
      state: 'disabled',
      conditions: { ...blocking.conditions, users: { includeUsers: ['All'], excludeUsers: [admin!.id] } },
    });
    const planned = await place.plan(before, { ...everything, withoutEmergencyAccount: false });
    const caught = planned.plan.blockers.length > 0;
    expect(caught || planned.plan.steps.length > 0).toBe(true);
    if (caught) expect(planned.plan.blockers[0]).toMatchObject({ reason: 'lockOut' });
    else await entirely(await place.apply(planned));
  });
});
