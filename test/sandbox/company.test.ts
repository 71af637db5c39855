// The invented company is built through Graph calls alone, and is what the sandbox's tenant is meant to show.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { buildCompany } from '../support/company.ts';
import { companySeed } from '../support/company-seeded.ts';
import { caller, type Graph } from '../support/graph.ts';

type Body = Record<string, unknown>;

let graph: Graph;
let close: () => Promise<void>;
let ids: ReadonlyMap<string, string>;

beforeAll(async () => {
  const sandbox = createSandbox({ seeds: [companySeed()], throttling: false });
  const { graphUrl, env, close: stop } = await sandbox.listen();
  close = stop;
  const token = String(env.DRIFTLINE_ACCESS_TOKEN);
  graph = caller(graphUrl, token);
  ids = await buildCompany({ graphUrl, token });
});

afterAll(() => close());

const all = async (path: string): Promise<Body[]> => (await graph('GET', path)).body.value as Body[];

describe('Heron Robotics', () => {
  it('has about 60 people: members, synced ones, guests, leavers', async () => {
    const users = await all('/users?$top=999&$select=id,userType,accountEnabled,onPremisesSyncEnabled');
    expect(users.length).toBeGreaterThanOrEqual(58);
    expect(users.filter((user) => user.userType === 'Guest')).toHaveLength(5);
    expect(users.filter((user) => user.onPremisesSyncEnabled === true)).toHaveLength(6);
    expect(users.filter((user) => user.accountEnabled === false)).toHaveLength(3);
    const manager = await graph('GET', `/users/${ids.get('freya.bjork')}/manager`);
    expect(manager.body.id).toBe(ids.get('emil.nordin'));
  });

  it('has 20 groups: nested, dynamic, role-assignable, synced, Microsoft 365', async () => {
    const groups = await all('/groups?$top=999');
    expect(groups).toHaveLength(20);
    expect(groups.filter((group) => group.isAssignableToRole === true)).toHaveLength(3);
    expect(groups.filter((group) => (group.groupTypes as string[]).includes('DynamicMembership'))).toHaveLength(4);
    expect(groups.filter((group) => (group.groupTypes as string[]).includes('Unified'))).toHaveLength(3);
    expect(groups.filter((group) => group.onPremisesSyncEnabled === true)).toHaveLength(2);
    const nested = await all(`/groups/${ids.get('vpn-all')}/members`);
    expect(nested.map((member) => member.id)).toEqual(
      expect.arrayContaining([ids.get('vpn-engineering'), ids.get('vpn-field')]),
    );
  });

  it('has 12 applications with service principals, owners, credentials and grants', async () => {
    const own = [...ids.keys()].filter((nick) => nick.startsWith('~'));
    expect(own).toHaveLength(12);
    const owners = await all(`/applications/${ids.get('hr-provisioning')}/owners`);
    expect(owners.map((owner) => owner.id).sort()).toEqual([ids.get('maja.lindqvist'), ids.get('ravi.menon')].sort());
    const { body: app } = await graph('GET', `/applications/${ids.get('hr-provisioning')}`);
    expect(app.passwordCredentials).toHaveLength(2);
    const federated = await all(`/applications/${ids.get('tenant-snapshot')}/federatedIdentityCredentials`);
    expect(federated).toHaveLength(2);
    expect((await all('/oauth2PermissionGrants')).length).toBeGreaterThanOrEqual(7);
    const assigned = await all(`/servicePrincipals/${ids.get('~fleet-api')}/appRoleAssignedTo?$top=999`);
    expect(assigned.map((each) => each.principalType)).toEqual(
      expect.arrayContaining(['User', 'Group', 'ServicePrincipal']),
    );
    expect((await all(`/servicePrincipals/${ids.get('graph')}/appRoleAssignedTo?$top=999`)).length).toBeGreaterThan(15);
  });

  it('has ten policies, four locations, two strengths of its own, three contexts', async () => {
    const root = '/identity/conditionalAccess';
    const policies = await all(`${root}/policies`);
    expect(policies).toHaveLength(10);
    expect(policies.filter((policy) => policy.state === 'enabled').length).toBeGreaterThan(5);
    expect(await all(`${root}/namedLocations`)).toHaveLength(4);
    expect(await all(`${root}/authenticationContextClassReferences`)).toHaveLength(3);
    const strengths = (await all('/policies/authenticationStrengthPolicies')).filter(
      (each) => each.policyType === 'custom',
    );
    expect(strengths.map((each) => (each.combinationConfigurations as Body[]).length)).toEqual([1, 1]);
  });

  it('owns everything by people, not by the application that built it', async () => {
    for (const group of await all('/groups?$top=999')) {
      const owners = await all(`/groups/${group.id}/owners`);
      expect(owners.filter((owner) => owner['@odata.type'] !== '#microsoft.graph.user')).toEqual([]);
    }
  });
});
