// Planning, without a tenant: which steps, in which order, and which changes are refused and why.
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { Ref } from '../../src/model/ref.ts';
import { makePlan, type Pair, Pairs, printPlan } from '../../src/plan/index.ts';
import { everything, plain } from '../support/recovery.ts';
import { entity, guid, input, plan, short } from './support.ts';

const user = (number: number, more: JsonObject = {}, links = {}) =>
  entity(
    `users/${guid(number)}`,
    {
      displayName: `User ${number}`,
      accountEnabled: true,
      mailNickname: `u${number}`,
      userPrincipalName: `u${number}@a.example`,
      ...more,
    },
    links,
  );
const group = (number: number, more: JsonObject = {}, links: Record<string, Ref[]> = {}) =>
  entity(
    `groups/${guid(number)}`,
    { displayName: `Group ${number}`, mailEnabled: false, securityEnabled: true, mailNickname: `g${number}`, ...more },
    links,
  );
const application = (number: number, more: JsonObject = {}) =>
  entity(`applications/${guid(number)}`, { displayName: `App ${number}`, appId: guid(number + 500), ...more });
const policy = (number: number, users: JsonObject, more: JsonObject = {}) =>
  entity(`conditionalAccessPolicies/${guid(number)}`, {
    displayName: `CA ${number}`,
    state: 'enabled',
    conditions: { users, applications: { includeApplications: ['All'] }, clientAppTypes: ['all'] },
    grantControls: { operator: 'OR', builtInControls: ['block'] },
    ...more,
  });
const ref = (kind: string, number: number) => `${kind}/${guid(number)}` as Ref;

describe('steps', () => {
  it('are none where nothing differs', () => {
    expect(plan({ live: [user(1)], goal: [user(1)] })).toMatchObject({ steps: [], refusals: [], blockers: [] });
  });

  it('send whole top-level values, and null or [] for what is there and is not wanted', () => {
    const live = application(1, {
      notes: 'x',
      tags: ['a'],
      web: { homePageUrl: 'https://a.example', logoutUrl: 'https://b.example', redirectUris: ['https://c.example'] },
    });
    const goal = application(1, { web: { homePageUrl: 'https://z.example' } });
    const [step] = plan({ live: [live], goal: [goal] }).steps;
    expect(step).toMatchObject({
      action: 'update',
      before: { notes: 'x', tags: ['a'] },
      after: { notes: null, tags: [], web: { homePageUrl: 'https://z.example', logoutUrl: null, redirectUris: [] } },
    });
  });

  it('restore what is in the bin, and make its links without knowing them', () => {
    const goal = group(1, {}, { members: [ref('users', 2)] });
    const made = plan({ goal: [goal], bin: [group(1)], there: [ref('users', 2)] }, { options: everything });
    expect(short(made)).toEqual([
      'restore groups/1',
      'link groups/1 members users/2',
      'prune groups/1',
      'prune groups/1',
    ]);
    expect(made.steps[1]?.needs).toEqual(['1']);
  });

  it('make anew what is in no bin, and repair what named it', () => {
    const goal = group(1);
    const dynamic = (id: string) =>
      group(2, {
        groupTypes: ['DynamicMembership'],
        membershipRule: `user.memberof -any (group.objectId -in ['${id}'])`,
        membershipRuleProcessingState: 'On',
      });
    const made = plan({ goal: [goal, dynamic(guid(1))], live: [dynamic(guid(1))] }, { options: everything });
    expect(short(made)).toEqual(['recreate groups/1', 'update groups/2', 'prune groups/1']);
    expect(made.steps[1]).toMatchObject({
      needs: ['1'],
      after: {
        membershipRule: {
          $text: ["user.memberof -any (group.objectId -in ['", { $new: ref('groups', 1), was: guid(1) }, "'])"],
        },
      },
    });
  });

  it('write a membership rule whole, and never the members that follow from it', () => {
    const live = group(1, {}, { members: [ref('users', 2)] });
    const goal = group(
      1,
      {
        groupTypes: ['DynamicMembership'],
        membershipRule: 'user.department -eq "X"',
        membershipRuleProcessingState: 'On',
      },
      { members: [ref('users', 3)] },
    );
    const made = plan({ live: [live], goal: [goal], there: [ref('users', 2), ref('users', 3)] });
    expect(made.steps).toHaveLength(1);
    expect(made.steps[0]).toMatchObject({
      after: { groupTypes: ['DynamicMembership'], membershipRuleProcessingState: 'On' },
    });
    expect(made.refusals).toMatchObject([{ reason: 'dynamic', path: 'members' }]);
  });

  it('cut circles of new objects by a second update', () => {
    const naming = (number: number, other: number) =>
      application(number, { api: { knownClientApplications: [guid(other + 500)] } });
    const made = plan({ goal: [naming(1, 2), naming(2, 1)] }, { options: everything });
    expect(short(made).filter((step) => !step.startsWith('prune'))).toEqual([
      'recreate applications/2',
      'recreate applications/1',
      'update applications/2',
    ]);
  });

  it('let an application name itself only after it is there', () => {
    const made = plan({ goal: [application(1, { identifierUris: [`api://${guid(501)}`] })] }, { options: everything });
    expect(made.steps[0]).toMatchObject({ action: 'recreate', renews: { id: guid(1), appId: guid(501) } });
    expect(made.steps[0]).not.toHaveProperty('after.identifierUris');
    expect(made.steps[1]).toMatchObject({
      action: 'update',
      needs: ['1'],
      after: { identifierUris: [{ $text: ['api://', { was: guid(501) }] }] },
    });
  });

  it('disable app roles before they change or go', () => {
    const role = (number: number, more: JsonObject = {}) => ({
      id: guid(number),
      value: `r${number}`,
      displayName: `r${number}`,
      description: 'd',
      isEnabled: true,
      allowedMemberTypes: ['User'],
      ...more,
    });
    const made = plan({
      live: [application(1, { appRoles: [role(11), role(12), role(13)] })],
      goal: [application(1, { appRoles: [role(11), role(12, { value: 'other' })] })],
    });
    expect(made.steps).toHaveLength(2);
    expect(made.steps[0]).toMatchObject({
      after: { appRoles: [role(11), role(12, { isEnabled: false }), role(13, { isEnabled: false })] },
    });
    expect(made.steps[1]).toMatchObject({
      needs: ['1'],
      after: { appRoles: [role(11), role(12, { value: 'other' })] },
    });
  });

  it('replace a single link by setting it, without taking the old one away', () => {
    const made = plan({
      live: [user(1, {}, { manager: [ref('users', 2)] })],
      goal: [user(1, {}, { manager: [ref('users', 3)] })],
      there: [ref('users', 2), ref('users', 3)],
    });
    expect(short(made)).toEqual(['link users/1 manager users/3']);
  });

  it('add before they take away', () => {
    const made = plan({
      live: [group(1, {}, { owners: [ref('users', 2)] })],
      goal: [group(1, {}, { owners: [ref('users', 3)] })],
      there: [ref('users', 2), ref('users', 3)],
    });
    expect(short(made)).toEqual(['link groups/1 owners users/3', 'unlink groups/1 owners users/2']);
  });

  it('write allowed combinations by their own action', () => {
    const strength = (allowed: string[]) =>
      entity(`authenticationStrengthPolicies/${guid(1)}`, {
        displayName: 'S',
        policyType: 'custom',
        allowedCombinations: allowed,
      });
    const made = plan(
      { live: [strength(['fido2'])], goal: [strength(['fido2', 'windowsHelloForBusiness'])] },
      { options: everything },
    );
    expect(made.steps).toMatchObject([
      { action: 'action', name: 'updateAllowedCombinations', after: ['fido2', 'windowsHelloForBusiness'] },
    ]);
  });

  it('take the trust from a location before they delete it, and the policies that name it before', () => {
    const location = entity(
      `namedLocations/${guid(5)}`,
      {
        displayName: 'Office',
        isTrusted: true,
        ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '10.0.0.0/8' }],
      },
      {},
      '#microsoft.graph.ipNamedLocation',
    );
    const naming = policy(
      1,
      { includeUsers: ['All'] },
      { conditions: { users: { includeUsers: ['All'] }, locations: { includeLocations: [guid(5)] } } },
    );
    const made = plan({ live: [location, naming] }, { options: { ...everything, deleteNew: true } });
    expect(short(made)).toEqual([
      'update namedLocations/5',
      'delete conditionalAccessPolicies/1',
      'delete namedLocations/5',
    ]);
  });
});

describe('Conditional Access', () => {
  it('is put back in report-only mode, and enabled last, when whom it lets pass is there', () => {
    const goal = [
      policy(1, { includeUsers: ['All'], excludeGroups: [guid(2)] }),
      group(2, {}, { members: [ref('users', 3)] }),
    ];
    const made = plan({ goal, there: [ref('users', 3)] }, { options: everything });
    expect(short(made)).toEqual([
      'recreate groups/2',
      'link groups/2 members users/3',
      'recreate conditionalAccessPolicies/1',
      'update conditionalAccessPolicies/1',
      'prune groups/2',
    ]);
    expect(made.steps[2]).toMatchObject({
      after: {
        state: 'enabledForReportingButNotEnforced',
        conditions: { users: { excludeGroups: [{ $new: ref('groups', 2) }] } },
      },
      needs: ['1', '2'],
    });
    expect(made.steps[3]).toMatchObject({ after: { state: 'enabled' }, needs: ['1', '2', '3'] });
  });

  it('stays in report-only mode with --report-only-first, and says so', () => {
    const made = plan(
      { goal: [policy(1, { includeUsers: ['All'] })] },
      { options: { ...everything, reportOnlyFirst: true } },
    );
    expect(made.steps).toMatchObject([{ action: 'recreate', after: { state: 'enabledForReportingButNotEnforced' } }]);
    expect(made.refusals).toMatchObject([{ reason: 'reportOnly', path: 'state' }]);
  });

  it('that comes enforcing from the bin is calmed before anything else', () => {
    const binned = policy(1, { includeUsers: ['All'] });
    const made = plan(
      { goal: [policy(1, { includeUsers: ['All'] }, { displayName: 'Other' })], bin: [binned] },
      { options: everything },
    );
    expect(made.steps.map((step) => ('after' in step ? step.after : step.action))).toEqual([
      'restore',
      { state: 'enabledForReportingButNotEnforced' },
      { displayName: 'Other' },
      { state: 'enabled' },
    ]);
  });

  it('is not written with references to what is gone', () => {
    const goal = policy(1, { includeUsers: ['All'], excludeGroups: [guid(9)] });
    expect(plan({ goal: [goal] }, { options: everything })).toMatchObject({
      steps: [],
      refusals: [{ reason: 'missing', flag: '--drop-missing', target: ref('groups', 9) }],
    });
    const dropped = plan({ goal: [goal] }, { options: { ...everything, dropMissing: true } });
    expect(dropped.steps[0]).toMatchObject({ after: { conditions: { users: { excludeGroups: [] } } } });
  });
});

describe('refusals', () => {
  const own = {
    tenantId: guid(999),
    displayName: 'Test',
    cloud: 'global',
    appId: guid(501),
    servicePrincipalId: guid(7),
  };
  const cases: [string, Parameters<typeof plan>, object][] = [
    [
      'synced attributes',
      [
        {
          live: [user(1, { onPremisesSyncEnabled: true })],
          goal: [user(1, { onPremisesSyncEnabled: true, department: 'X' })],
        },
      ],
      { reason: 'synced', path: 'department' },
    ],
    [
      'synced members',
      [
        {
          live: [group(1, { onPremisesSyncEnabled: true })],
          goal: [group(1, { onPremisesSyncEnabled: true }, { members: [ref('users', 2)] })],
          there: [ref('users', 2)],
        },
      ],
      { reason: 'synced', path: 'members' },
    ],
    [
      'synced objects that are gone',
      [{ goal: [user(1, { onPremisesSyncEnabled: true })], bin: [user(1)] }],
      { reason: 'synced' },
    ],
    [
      'read-only attributes',
      [
        {
          live: [user(1, { createdDateTime: '2026-01-01T00:00:00Z' })],
          goal: [user(1, { createdDateTime: '2025-01-01T00:00:00Z' })],
        },
      ],
      { reason: 'readOnly', path: 'createdDateTime' },
    ],
    [
      'attributes of creation',
      [{ live: [group(1)], goal: [group(1, { isAssignableToRole: true })] }, { options: everything }],
      { reason: 'createOnly', path: 'isAssignableToRole' },
    ],
    [
      'secrets',
      [
        {
          live: [application(1)],
          goal: [application(1, { passwordCredentials: [{ keyId: guid(3), displayName: 's' }] })],
        },
      ],
      { reason: 'secret', path: `passwordCredentials[${guid(3)}]` },
    ],
    [
      'first-party service principals',
      [
        {
          live: [
            entity(ref('servicePrincipals', 1), {
              displayName: 'Graph',
              appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
              accountEnabled: false,
            }),
          ],
          goal: [
            entity(ref('servicePrincipals', 1), {
              displayName: 'Graph',
              appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
              accountEnabled: true,
            }),
          ],
        },
      ],
      { reason: 'notWritable' },
    ],
    [
      'unknown values',
      [
        {
          live: [policy(1, { includeUsers: ['All'] })],
          goal: [
            policy(
              1,
              { includeUsers: ['All'] },
              { sessionControls: { signInFrequency: { type: 'unknownFutureValue' } } },
            ),
          ],
        },
      ],
      { reason: 'unknownValue' },
    ],
    [
      'protected objects',
      [{ live: [user(1)], goal: [user(1, { city: 'X' })] }, { protect: [ref('users', 1)] }],
      { reason: 'protected' },
    ],
    [
      'the tool itself',
      [{ live: [application(1)], goal: [application(1, { notes: 'x' })] }, { identity: own }],
      { reason: 'own' },
    ],
    ['what came later', [{ live: [user(1)] }], { reason: 'new', flag: '--delete-new' }],
    [
      'guests that are gone',
      [{ goal: [user(1, { userType: 'Guest' })] }, { options: everything }],
      { reason: 'notCreatable' },
    ],
    [
      'deletions for good',
      [
        {
          live: [
            entity(ref('authenticationStrengthPolicies', 1), {
              displayName: 'S',
              policyType: 'custom',
              allowedCombinations: ['fido2'],
            }),
          ],
        },
        { options: { ...everything, deleteNew: true } },
      ],
      { reason: 'hardDelete', flag: '--hard-delete' },
    ],
    [
      'members that are gone',
      [{ live: [group(1)], goal: [group(1, {}, { members: [ref('users', 2)] })] }],
      { reason: 'missing', target: ref('users', 2) },
    ],
    [
      'owners of applications',
      [
        {
          live: [application(1)],
          goal: [entity(ref('applications', 1), application(1).attributes, { owners: [ref('users', 2)] })],
          there: [ref('users', 2)],
        },
      ],
      { reason: 'access', flag: '--allow-access ownership' },
    ],
    [
      'redirect URIs',
      [{ live: [application(1)], goal: [application(1, { spa: { redirectUris: ['https://x.example'] } })] }],
      { reason: 'access', flag: '--allow-access redirectUri' },
    ],
    [
      'exclusions',
      [
        {
          live: [policy(1, { includeUsers: ['All'] })],
          goal: [policy(1, { includeUsers: ['All'], excludeUsers: [guid(2)] })],
          there: [ref('users', 2)],
        },
      ],
      { reason: 'access', flag: '--allow-access policyExclusion' },
    ],
    [
      'policies that would not enforce any more',
      [
        {
          live: [policy(1, { includeUsers: ['All'] })],
          goal: [policy(1, { includeUsers: ['All'] }, { state: 'disabled' })],
        },
      ],
      { reason: 'access', flag: '--allow-access policyDisabled' },
    ],
    [
      'consent for everybody',
      [
        {
          goal: [
            entity(`oauth2PermissionGrants/${guid(1)}_${guid(2)}_all`, {
              clientId: guid(1),
              resourceId: guid(2),
              consentType: 'AllPrincipals',
              scope: 'User.Read',
            }),
          ],
          there: [ref('servicePrincipals', 1), ref('servicePrincipals', 2)],
        },
      ],
      { reason: 'access', flag: '--allow-access tenantConsent' },
    ],
    [
      'a secret that came after the commit',
      [
        {
          live: [
            entity(ref('applications', 1), {
              displayName: 'a',
              appId: guid(2),
              passwordCredentials: [{ keyId: guid(3), displayName: 'since' }],
            }),
          ],
          goal: [entity(ref('applications', 1), { displayName: 'a', appId: guid(2) })],
        },
      ],
      { reason: 'newCredential', flag: '--remove-credentials', path: `passwordCredentials[${guid(3)}]` },
    ],
    [
      'role-assignable groups',
      [{ goal: [group(1, { isAssignableToRole: true })] }],
      { reason: 'access', flag: '--allow-access privilegedGroup' },
    ],
  ];
  it.each(cases)('are made of %s, and become no step', (_name, [tenant, more], expected) => {
    const made = plan(tenant, more);
    expect(made.steps).toEqual([]);
    expect(made.refusals).toMatchObject([expected]);
  });

  it('do not keep what is allowed from being done', () => {
    const made = plan({
      live: [application(1)],
      goal: [application(1, { notes: 'n', spa: { redirectUris: ['https://x.example'] } })],
    });
    expect(made.steps).toMatchObject([{ after: { notes: 'n' } }]);
    expect(made.refusals).toMatchObject([{ path: 'spa', reason: 'access' }]);
    const allowed = plan(
      { live: [application(1)], goal: [application(1, { spa: { redirectUris: ['https://x.example'] } })] },
      { options: { ...plain, allowAccess: ['redirectUri'] } },
    );
    expect(allowed.steps).toMatchObject([{ access: ['redirectUri'] }]);
  });

  it('leave app roles of Microsoft Graph to be assigned, though it is never written itself', () => {
    const graph = (links = {}) =>
      entity(
        ref('servicePrincipals', 1),
        {
          displayName: 'Graph',
          appId: '00000003-0000-0000-c000-000000000000',
          appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
        },
        links,
      );
    const goal = graph({
      appRoleAssignedTo: [{ target: ref('servicePrincipals', 2), properties: { appRoleId: guid(3) } }],
    });
    const tenant = { live: [graph()], goal: [goal], there: [ref('servicePrincipals', 2)] };
    expect(plan(tenant).refusals).toMatchObject([{ reason: 'access', flag: '--allow-access applicationPermission' }]);
    expect(plan(tenant, { options: everything }).steps).toMatchObject([
      { action: 'link', access: ['applicationPermission'] },
    ]);
  });

  it('come of kinds that were not read completely, on either side', () => {
    const complete = { status: 'complete' as const, count: 5 };
    const forbidden = { status: 'forbidden' as const, count: 5, reason: 'no consent' };
    const options = { ...everything, deleteNew: true };
    expect(
      plan({ goal: [user(1)] }, { options, coverage: { live: { users: forbidden }, goal: { users: complete } } }),
    ).toMatchObject({ steps: [], refusals: [{ reason: 'incomplete' }] });
    expect(
      plan({ live: [user(1)] }, { options, coverage: { live: { users: complete }, goal: { users: forbidden } } }),
    ).toMatchObject({ steps: [], refusals: [{ reason: 'incomplete' }] });
    expect(plan({ live: [user(1)] }, { options, coverage: { live: { users: complete }, goal: {} } })).toMatchObject({
      steps: [],
      refusals: [{ reason: 'incomplete' }],
    });
  });

  it.each([
    [3, 10, 0],
    [4, 10, 1],
    [9, 9, 1],
    [8, 9, 0],
  ])('of the whole plan: %i deletions of %i give %i', (deleted, population, blockers) => {
    const live = Array.from({ length: deleted }, (_, at) => user(at + 1));
    const made = plan({ live }, { options: { ...plain, deleteNew: true }, population: { users: population } });
    expect(made.blockers).toHaveLength(blockers);
    if (blockers > 0) expect(made.blockers[0]).toMatchObject({ reason: 'threshold', flag: '--allow-mass-change' });
    expect(
      plan(
        { live },
        { options: { ...plain, deleteNew: true, allowMassChange: true }, population: { users: population } },
      ).blockers,
    ).toEqual([]);
  });
});

describe('lock-out', () => {
  const emergency = user(1);
  const state = (policies = [policy(5, { includeUsers: ['All'], excludeUsers: [guid(1)] })], members = {}) => ({
    accounts: { [guid(1)]: { enabled: true, displayName: 'Emergency' } },
    policies,
    members,
  });
  const more = { emergencyAccounts: [guid(1)], options: { ...everything, withoutEmergencyAccount: false } };

  it('blocks a plan that disables the last emergency account', () => {
    const made = plan({ live: [emergency], goal: [user(1, { accountEnabled: false })] }, { ...more, access: state() });
    expect(made.blockers).toMatchObject([{ reason: 'lockOut' }]);
  });

  it('blocks a plan that puts back a policy which catches it, and not with --report-only-first', () => {
    const goal = [policy(6, { includeUsers: ['All'] })];
    expect(plan({ goal }, { ...more, access: state([]) }).blockers).toMatchObject([{ reason: 'lockOut' }]);
    expect(
      plan({ goal }, { ...more, options: { ...more.options, reportOnlyFirst: true }, access: state([]) }).blockers,
    ).toEqual([]);
  });

  it('looks into nested groups, and at members that the plan itself brings', () => {
    const goal = [
      policy(6, { includeUsers: ['All'], excludeGroups: [guid(8)] }),
      group(8, {}, { members: [ref('groups', 9)] }),
      group(9, {}, { members: [ref('users', 1)] }),
    ];
    expect(plan({ goal, there: [ref('users', 1)] }, { ...more, access: state([]) }).blockers).toEqual([]);
    const without = [goal[0]!, goal[1]!, group(9)];
    expect(plan({ goal: without }, { ...more, access: state([]) }).blockers).toMatchObject([{ reason: 'lockOut' }]);
  });

  it('sees a member leave the excluded group', () => {
    const access = state([policy(5, { includeUsers: ['All'], excludeGroups: [guid(8)] })], {
      [guid(8)]: [ref('users', 1)],
    });
    const made = plan({ live: [group(8, {}, { members: [ref('users', 1)] })], goal: [group(8)] }, { ...more, access });
    expect(made.blockers).toMatchObject([{ reason: 'lockOut' }]);
  });

  it('lets a plan mend what is already bad', () => {
    const bad = policy(5, { includeUsers: ['All'] });
    const made = plan(
      { live: [bad], goal: [policy(5, { includeUsers: ['All'], excludeUsers: [guid(1)] })], there: [ref('users', 1)] },
      { ...more, access: state([bad]) },
    );
    expect(made.blockers).toEqual([]);
    expect(made.warnings.join()).toContain('gives one back');
  });

  it('wants an emergency account to be named before it writes to Conditional Access', () => {
    const tenant = { goal: [policy(6, { includeUsers: ['All'] })] };
    const access = { accounts: {}, policies: [], members: {} };
    const options = { ...everything, withoutEmergencyAccount: false };
    expect(plan(tenant, { options, access }).blockers).toMatchObject([
      { reason: 'noEmergencyAccount', flag: '--without-emergency-account' },
    ]);
    expect(plan(tenant, { options: everything, access }).blockers).toEqual([]);
  });
});

describe('ignored attributes', () => {
  it('are not written, not even by a repair', () => {
    const dynamic = group(2, {
      groupTypes: ['DynamicMembership'],
      membershipRule: `x ${guid(1)}`,
      membershipRuleProcessingState: 'On',
    });
    const rule = { attribute: 'membershipRule', kind: 'groups', reason: 'because', at: 'driftline.yaml:1:1' };
    const made = plan({ live: [dynamic], goal: [group(1), dynamic] }, { ignore: [rule] });
    expect(short(made)).toEqual(['recreate groups/1', 'prune groups/1']);
  });
});

it('makes the same plan from the same input, whatever the order of the pairs', () => {
  const given = input({
    live: [user(1), user(3), user(4)],
    goal: [
      ...[user(1, { city: 'X' }), user(3, { city: 'Y' }), user(4, { city: 'Z' })],
      group(2, {}, { members: [ref('users', 1)] }),
    ],
  });
  const digestOf = (pairs: Iterable<Pair>) => plan({}, { ...given, pairs: new Pairs(kinds, pairs) }).digest;
  expect(digestOf([...given.pairs].reverse())).toBe(digestOf(given.pairs));
});

it('does what stands alone before two that only together can give up what the other one is to have', () => {
  const given = input({
    live: [user(1), user(2), user(3)],
    goal: [user(1, { mailNickname: 'u2' }), user(2, { mailNickname: 'u1' }), user(3, { city: 'X' })],
  });
  const waves = ({ steps }: Plan) => [...steps].map(({ ref: of, wave, id }) => [of, wave, id]);
  expect(waves(makePlan(given))).toEqual([
    [ref('users', 3), 0, '1'],
    [ref('users', 1), 1, '2'],
    [ref('users', 2), 1, '3'],
  ]);
  expect(waves(makePlan(given, () => false))).toEqual(waves(makePlan(given)));
});

it('links what only needs a restore in the wave after it, and later what comes back only after something else', () => {
  const appId = guid(501);
  const back = [
    entity(`applications/${guid(5)}`, { displayName: 'App', appId }),
    entity(`servicePrincipals/${guid(6)}`, { displayName: 'App', appId }),
    user(7),
  ];
  const there = [user(1), group(2), group(3)];
  const given = input(
    {
      live: there,
      goal: [
        ...back,
        user(1, {}, { manager: [ref('users', 7)] }),
        group(2, {}, { members: [ref('servicePrincipals', 6), ref('users', 7)] }),
        group(3, {}, { members: [ref('users', 7)] }),
      ],
      bin: back,
    },
    { options: everything },
  );
  const packed = makePlan(given);
  expect([...printPlan(packed)].join('')).toBe([...printPlan(makePlan(given, () => false))].join(''));
  const links = [...packed.steps].filter(({ action }) => action === 'link');
  expect(links.map((step) => [step.ref, 'target' in step && step.target, step.wave])).toEqual([
    [ref('users', 1), ref('users', 7), 1],
    [ref('groups', 2), ref('users', 7), 1],
    [ref('groups', 3), ref('users', 7), 1],
    [ref('groups', 2), ref('servicePrincipals', 6), 2],
  ]);
});
