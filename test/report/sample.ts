// One input for every golden file: a difference of every sort that the reports know, over the real rows.
import { diffEntities } from '../../src/diff/index.ts';
import { kinds } from '../../src/kinds/index.ts';
import { canonicalEntity } from '../../src/model/canonical.ts';
import type { Entity, Link } from '../../src/model/entity.ts';
import { displayNameOf } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { kindOf, type Ref, toRef } from '../../src/model/ref.ts';
import type { Named, Report, ReportActor, ReportHeader } from '../../src/model/report.ts';
import { type Compared, compose, pointerText } from '../../src/report/index.ts';

export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function entity(ref: Ref, attributes: JsonObject, links: Record<string, Link[]> = {}, type?: string): Entity {
  return canonicalEntity(kinds.get(kindOf(ref))!, { ref, attributes, links, ...(type === undefined ? {} : { type }) });
}

const user = (number: number) => toRef('users', id(number));
const group = (number: number) => toRef('groups', id(number));
const to = (...refs: Ref[]): Link[] => refs.map((target) => ({ target }));

const longDescription =
  'Everybody who may approve payments above the limit that the board set in March; reviewed twice a year by the finance controllers.';
const bystanders = [
  entity(user(1), { displayName: 'Adele Vance' }),
  entity(user(2), { displayName: 'Bianca Pisani' }),
  entity(group(20), { displayName: 'Emergency access' }),
  entity(toRef('servicePrincipals', id(40)), { displayName: 'Salesforce', appId: id(41) }),
];

type Pair = readonly [before: Entity | undefined, after: Entity | undefined];

const policy = (conditions: JsonObject, rest: JsonObject = {}) =>
  entity(toRef('conditionalAccessPolicies', id(30)), {
    displayName: 'Require MFA for admins',
    state: 'enabled',
    conditions,
    ...rest,
  });

/** What differs, in the order of the refs. */
export const pairs: readonly Pair[] = [
  [
    policy(
      { users: { includeUsers: ['All'], excludeGroups: [id(20)] }, applications: { includeApplications: ['All'] } },
      { grantControls: { operator: 'OR', builtInControls: ['compliantApplication'] } },
    ),
    policy(
      {
        users: { includeUsers: ['All'], excludeGroups: [id(20)], excludeUsers: [id(1), id(99)] },
        applications: { includeApplications: ['All', id(41)] },
      },
      { grantControls: { operator: 'OR', builtInControls: ['mfa'] } },
    ),
  ],
  [
    entity(
      group(10),
      { displayName: 'Finance', description: longDescription, securityEnabled: true },
      { members: to(user(1), user(2)) },
    ),
    entity(
      group(10),
      {
        displayName: 'Finance approvers',
        description: longDescription.replace('twice', 'once'),
        securityEnabled: true,
      },
      { members: to(user(1)), owners: to(user(2)) },
    ),
  ],
  [
    undefined,
    entity(
      group(11),
      { displayName: 'Privileged contractors', isAssignableToRole: true, securityEnabled: true },
      { members: to(user(2)) },
    ),
  ],
  [
    entity(group(12), { displayName: '<img src=x onerror=alert(1)>|`::set-output name=a::b` ##[add-path]x\u202e' }),
    undefined,
  ],
  [
    entity(group(13), {
      displayName: 'Everybody in Berlin',
      membershipRule: '(user.city -eq "Berlin")',
      groupTypes: ['DynamicMembership'],
    }),
    entity(group(13), {
      displayName: 'Everybody in Berlin',
      membershipRule: `(user.memberOf -any (group.objectId -in ['${id(20)}']))`,
      groupTypes: ['DynamicMembership'],
    }),
  ],
  [
    undefined,
    entity(toRef('oauth2PermissionGrants', `${id(40)}_${id(42)}_all`), {
      clientId: id(40),
      resourceId: id(42),
      consentType: 'AllPrincipals',
      scope: 'User.Read offline_access',
    }),
  ],
  [
    entity(
      toRef('servicePrincipals', id(43)),
      {
        displayName: 'HR connector',
        appId: id(44),
        appRoles: [{ id: id(45), displayName: 'Approver', value: 'approve' }],
      },
      { appRoleAssignedTo: [] },
    ),
    entity(
      toRef('servicePrincipals', id(43)),
      {
        displayName: 'HR connector',
        appId: id(44),
        appRoles: [{ id: id(45), displayName: 'Approver', value: 'approve' }],
      },
      { appRoleAssignedTo: [{ target: group(10), properties: { appRoleId: id(45) } }] },
    ),
  ],
  [
    entity(user(3), {
      displayName: 'Chris Naidoo',
      onPremisesSyncEnabled: true,
      department: 'Sales',
      usageLocation: 'DE',
    }),
    entity(user(3), {
      displayName: 'Chris Naidoo',
      onPremisesSyncEnabled: true,
      department: 'Marketing',
      usageLocation: 'ZA',
    }),
  ],
  [
    entity(
      user(4),
      { displayName: 'Dara Lin', userPrincipalName: 'dara@heron.example', accountEnabled: true },
      { manager: to(user(1)) },
    ),
    undefined,
  ],
  [undefined, entity(user(5), { displayName: 'Glоbal Admin', accountEnabled: true, userType: 'Guest' })],
];

export const header: ReportHeader = {
  from: { ref: 'main', commit: 'c0ffee0123456789c0ffee0123456789c0ffee01', at: '2026-11-20T06:00:00.000Z' },
  to: { ref: 'live', commit: null, at: '2026-11-23T02:17:09.000Z' },
  scope: {},
  coverage: [...kinds.keys()].map((kind) =>
    kind === 'authorizationPolicy'
      ? { kind, from: 'complete', to: 'forbidden', reason: 'It needs the permission Policy.Read.All.' }
      : { kind, from: 'complete', to: 'complete' },
  ),
};

/** The names that a lookup would find: of everything in the sample, by id and by application id. */
export async function sampleNames(): Promise<ReadonlyMap<string, Named>> {
  const names = new Map<string, Named>();
  for (const found of [...bystanders, ...pairs.map(([before, after]) => (after ?? before)!)]) {
    const kind = kindOf(found.ref);
    const named = { ref: found.ref, displayName: displayNameOf(kinds.get(kind), found) };
    names.set(pointerText({ kind, by: 'id', value: found.ref.slice(kind.length + 1) }), named);
    const { appId } = found.attributes;
    if (typeof appId === 'string') names.set(pointerText({ kind, by: 'appId', value: appId }), named);
  }
  return names;
}

export async function* compared(of: readonly Pair[] = pairs): AsyncGenerator<Compared> {
  for (const [before, after] of of) {
    const kind = kinds.get(kindOf((after ?? before)!.ref))!;
    const change = diffEntities(kind, before, after);
    if (change !== undefined) yield { kind, change, before, after };
  }
}

const by = (activityDateTime: string, activityDisplayName: string, initiatedBy: ReportActor['initiatedBy']) => ({
  activityDateTime,
  activityDisplayName,
  initiatedBy,
  result: 'success',
  correlationId: id(60),
});
const adele = {
  user: { id: id(1), displayName: 'Adele Vance', userPrincipalName: 'adele@heron.example', ipAddress: '203.0.113.7' },
};

/** What the audit log has about some of it: initiators of every sort, a failure, a recovery, and more than is said. */
export const actors: Readonly<Record<string, readonly ReportActor[]>> = {
  [`conditionalAccessPolicies/${id(30)}`]: [
    by('2026-11-23T01:44:10.1234567Z', 'Update conditional access policy', adele),
    {
      ...by('2026-11-23T01:43:59.1234567Z', 'Update conditional access policy', adele),
      result: 'failure',
      resultReason: 'Policy contains invalid conditions',
    },
  ],
  [group(10)]: [
    by('2026-11-22T23:01:00Z', 'Remove member from group', {
      app: { appId: id(61), displayName: 'Glоbal sync', servicePrincipalId: id(62) },
    }),
    by('2026-11-22T23:00:59Z', 'Update group', { app: { servicePrincipalId: id(62) } }),
  ],
  [group(11)]: [by('2026-11-22T22:00:00Z', 'Add group', {}), by('2026-11-22T22:00:00Z', 'Add group', { user: {} })],
  [group(12)]: [
    by('2026-11-22T21:00:00Z', '::set-output name=a::b|<b>', {
      user: { displayName: 'Adele (adele@heron.example)\u202e', userPrincipalName: '=mallory@evil.example' },
    }),
  ],
  [group(13)]: [{ ...by('2026-11-21T09:30:00Z', 'Update group', { app: { appId: id(63) } }), run: '20261121-092900' }],
  [user(4)]: [],
};

/** The head of a report that says who made the changes. */
export const headerWithActors: ReportHeader = {
  ...header,
  actors: {
    status: 'partial',
    from: '2026-11-20T05:59:12.000Z',
    to: '2026-11-23T02:17:09.000Z',
    reason: 'It lags, so what was done after 2026-11-23 02:02 UTC may not be in it yet.',
  },
};

/** The sample, composed anew: a report is walked once. */
export function sample(
  of: readonly Pair[] = pairs,
  head: ReportHeader = header,
  known?: (ref: Ref) => readonly ReportActor[],
): Report {
  return compose({
    header: head,
    kinds,
    compared: compared(of),
    names: sampleNames,
    ...(known && { actors: (ref) => ({ actors: known(ref), more: known(ref).length > 1 ? 3 : 0 }) }),
    fromComplete: () => true,
    binExpired: false,
    counts: () => ({ ignored: 3, withheld: 0 }),
  });
}

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}
