// The composed report: what a recovery would do about each change and why not more, what Microsoft's own would cover, and names beside ids.
import { describe, expect, it } from 'vitest';
import { diffEntities } from '../../src/diff/index.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Entity, Link } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { kindOf, type Ref } from '../../src/model/ref.ts';
import type { ReportChange } from '../../src/model/report.ts';
import { type Compared, compose, recoveryAction } from '../../src/report/index.ts';
import { entity, header, id, sample } from './sample.ts';

async function only(before: Entity | undefined, after: Entity | undefined): Promise<ReportChange> {
  for await (const change of sample([[before, after]]).changes) return change;
  throw new Error('no change');
}

function made(ref: Ref, attributes: JsonObject, links: Record<string, Link[]> = {}): Entity {
  return entity(ref, { displayName: 'X', ...attributes }, links);
}

const user: Ref = `users/${id(1)}`;
const group: Ref = `groups/${id(10)}`;
const policy: Ref = `conditionalAccessPolicies/${id(30)}`;
const grant: Ref = `oauth2PermissionGrants/${id(40)}_${id(42)}_all`;
const synced = { onPremisesSyncEnabled: true };
const microsoft = { appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' };

describe('the action that a recovery would take', () => {
  const cases: [string, Entity | undefined, Entity | undefined, string, RegExp | undefined][] = [
    ['soft-deletes what came since', undefined, made(user, {}), 'softDelete', undefined],
    ['restores what went, if it is still in the bin', made(user, {}), undefined, 'restore', /still in the recycle bin/],
    ['puts back what changed', made(user, { city: 'A' }), made(user, { city: 'B' }), 'update', undefined],
    [
      'leaves what came since and could only be deleted for good',
      undefined,
      made(grant, { scope: 'a' }),
      'none',
      /hard deletion/,
    ],
    ['recreates what went for good', made(grant, { scope: 'a' }), undefined, 'recreate', /no recycle bin/],
    ['leaves synced objects that came', undefined, made(user, synced), 'none', /on-premises/],
    ['leaves synced objects that went', made(user, synced), undefined, 'none', /on-premises/],
    [
      'leaves synced attributes',
      made(user, { ...synced, city: 'A' }),
      made(user, { ...synced, city: 'B' }),
      'none',
      /on-premises/,
    ],
    [
      'puts back what the cloud masters on a synced object, and says what it leaves',
      made(user, { ...synced, city: 'A', usageLocation: 'DE' }),
      made(user, { ...synced, city: 'B', usageLocation: 'ZA' }),
      'update',
      /^without city: .*on-premises/,
    ],
    [
      'leaves read-only attributes',
      made(user, { createdDateTime: '2020' }),
      made(user, { createdDateTime: '2021' }),
      'none',
      /read-only/,
    ],
    [
      'leaves what is set only at creation',
      made(group, { isAssignableToRole: true }),
      made(group, {}),
      'none',
      /when the object is created/,
    ],
    [
      "leaves Microsoft's own service principals",
      made(`servicePrincipals/${id(40)}`, { ...microsoft, accountEnabled: true }),
      made(`servicePrincipals/${id(40)}`, { ...microsoft, accountEnabled: false }),
      'none',
      /Microsoft/,
    ],
    [
      "puts back app roles assigned on Microsoft's own service principals",
      made(`servicePrincipals/${id(40)}`, microsoft),
      made(`servicePrincipals/${id(40)}`, microsoft, {
        appRoleAssignedTo: [{ target: user, properties: { appRoleId: id(5) } }],
      }),
      'update',
      undefined,
    ],
    [
      'puts back the rule of a dynamic group',
      made(group, { groupTypes: ['DynamicMembership'], membershipRule: 'a' }),
      made(group, { groupTypes: ['DynamicMembership'], membershipRule: 'b' }),
      'update',
      undefined,
    ],
    [
      'leaves what Graph neither creates nor deletes',
      undefined,
      made('authorizationPolicy/authorizationPolicy', {}),
      'none',
      /cannot delete/,
    ],
    [
      'leaves members of a method configuration that Graph cannot create',
      made('authenticationMethodsPolicy/authenticationMethodsPolicy', {
        authenticationMethodConfigurations: [{ id: 'Sms', state: 'enabled' }, { id: 'Voice' }],
      }),
      made('authenticationMethodsPolicy/authenticationMethodsPolicy', {
        authenticationMethodConfigurations: [{ id: 'Sms', state: 'enabled' }],
      }),
      'none',
      /cannot create/,
    ],
  ];
  for (const [name, before, after, action, because] of cases)
    it(name, async () => {
      const change = await only(before, after);
      expect(change.recoveryAction).toBe(action);
      if (because === undefined) expect(change.because).toBeUndefined();
      else expect(change.because).toMatch(because);
    });

  const compared = (before: Entity | undefined, after: Entity | undefined): Compared => {
    const kind = kinds.get(kindOf((after ?? before)!.ref))!;
    return { kind, change: diffEntities(kind, before, after)!, before, after };
  };
  const known = { fromComplete: true, binExpired: false };

  it('recreates what is known to have left the bin, and restores what is known to be in it', () => {
    const gone = compared(made(user, {}), undefined);
    expect(recoveryAction(gone, { ...known, inBin: true })).toEqual({ action: 'restore' });
    expect(recoveryAction(gone, { ...known, inBin: false }).action).toBe('recreate');
    expect(recoveryAction(gone, { ...known, binExpired: true }).action).toBe('recreate');
    const guest = compared(made(user, { userType: 'Guest' }), undefined);
    expect(recoveryAction(guest, { ...known, inBin: false })).toMatchObject({ action: 'none' });
    expect(recoveryAction(guest, { ...known, inBin: true })).toEqual({ action: 'restore' });
  });

  it('does not delete what may have been there when the kind was not read', () => {
    expect(recoveryAction(compared(undefined, made(user, {})), { ...known, fromComplete: false })).toMatchObject({
      action: 'none',
    });
  });

  it('takes a bin that the cloud does not have for none', () => {
    const [came, went] = [compared(undefined, made(policy, {})), compared(made(policy, {}), undefined)];
    expect(recoveryAction(came, { ...known, cloud: 'china' }).action).toBe('none');
    expect(recoveryAction(went, { ...known, cloud: 'china' }).action).toBe('recreate');
    expect(recoveryAction(came, { ...known, cloud: 'global' }).action).toBe('softDelete');
  });
});

describe('the composed change', () => {
  it("says whether Microsoft's own recovery covers it", async () => {
    const native = async (before: Entity | undefined, after: Entity | undefined) => (await only(before, after)).native;
    expect(await native(made(user, { city: 'A' }), made(user, { city: 'B' }))).toBe(true);
    expect(await native(made(user, {}), made(user, { onPremisesImmutableId: 'x' }))).toBe(false);
    expect(await native(made(user, { ...synced, city: 'A' }), made(user, { ...synced, city: 'B' }))).toBe(false);
    expect(await native(made(group, {}), made(group, {}, { members: [{ target: user }] }))).toBe(true);
    expect(await native(made(group, {}), made(group, {}, { owners: [{ target: user }] }))).toBe(false);
    expect(await native(undefined, made(group, {}))).toBe(true);
    expect(await native(made(grant, { scope: 'a' }), undefined)).toBe(false);
  });

  it('says what may give access, and not what takes it away', async () => {
    const access = async (before: Entity | undefined, after: Entity | undefined) => (await only(before, after)).access;
    const owners = { owners: [{ target: user }] };
    const roles = { isAssignableToRole: true };
    expect(await access(made(group, roles), made(group, roles, owners))).toEqual(['privilegedGroup']);
    expect(await access(made(group, roles, owners), made(group, roles))).toBeUndefined();
    expect(await access(made(group, {}), made(group, {}, owners))).toBeUndefined();
    expect(await access(made(policy, { state: 'enabled' }), made(policy, { state: 'disabled' }))).toEqual([
      'policyDisabled',
    ]);
    expect(await access(made(policy, { state: 'disabled' }), made(policy, { state: 'enabled' }))).toBeUndefined();
    const excluding = { conditions: { users: { excludeUsers: [id(1)] } } };
    expect(await access(made(policy, {}), made(policy, excluding))).toEqual(['policyExclusion']);
    expect(await access(made(policy, excluding), made(policy, {}))).toBeUndefined();
    expect(await access(undefined, made(policy, excluding))).toBeUndefined();
  });

  it("has Graph's type and id, also of an object whose key is another", async () => {
    expect(await only(undefined, made(grant, { scope: 'a' }))).toMatchObject({
      kind: 'oauth2PermissionGrants',
      type: 'oAuth2PermissionGrant',
      id: 'AAAAAAAAAECAAAAAAAAAQAAAAAAAAABAgAAAAAAAAEI',
    });
  });

  it('says ids in values with the names of what they point to, and leaves words such as All alone', async () => {
    const conditions = (users: string[], applications: string[]) => ({
      conditions: { users: { includeUsers: users }, applications: { includeApplications: applications } },
    });
    const change = await only(
      made(policy, conditions(['All'], ['All'])),
      made(policy, conditions([id(1), id(77)], [id(41)])),
    );
    expect(change.attributes.map(({ path, names }) => [path, names])).toEqual([
      ['conditions.applications.includeApplications', { [id(41)]: 'Salesforce' }],
      ['conditions.users.includeUsers', { [id(1)]: 'Adele Vance' }],
    ]);
  });

  it('says ids inside a longer text likewise', async () => {
    const rule = (text: string) => made(group, { groupTypes: ['DynamicMembership'], membershipRule: text });
    const change = await only(
      rule('true'),
      rule(`user.memberOf -any (group.objectId -in ['${id(20).toUpperCase()}'])`),
    );
    expect(change.attributes[0]?.names).toEqual({ [id(20)]: 'Emergency access' });
  });

  it('says the other end of a link with its name and type, by its key where there is no name', async () => {
    const change = await only(
      made(group, {}),
      made(group, {}, { members: [{ target: user }, { target: `devices/${id(9)}` }] }),
    );
    expect(change.links).toEqual([
      { link: 'members', operation: 'add', target: `devices/${id(9)}`, targetName: id(9), targetType: 'devices' },
      { link: 'members', operation: 'add', target: user, targetName: 'Adele Vance', targetType: 'user' },
    ]);
  });

  it('asks for names in windows and counts as it goes', async () => {
    const asked: number[] = [];
    async function* many(): AsyncGenerator<Compared> {
      const kind = kinds.get('groups')!;
      for (let at = 0; at < 200; at += 1) {
        const after = entity(`groups/${id(at)}`, {}, { members: [{ target: `users/${id(at)}` }] });
        yield { kind, change: diffEntities(kind, undefined, after)!, before: undefined, after };
      }
    }
    const report = compose({
      header,
      kinds,
      compared: many(),
      names: async (pointers) => {
        asked.push(pointers.length);
        return new Map();
      },
      fromComplete: () => true,
      binExpired: false,
      counts: () => ({ ignored: 1, withheld: 2 }),
    });
    let seen = 0;
    for await (const change of report.changes) seen += change.links.length;
    expect(seen).toBe(200);
    expect(asked).toEqual([64, 64, 64, 8]);
    expect(report.summary()).toEqual({
      objects: 200,
      attributes: 0,
      links: 200,
      ignored: 1,
      withheld: 2,
      byKind: { groups: { create: 200, update: 0, delete: 0 } },
    });
  });
});
