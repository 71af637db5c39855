// Data only: the applications of the invented company Heron Robotics, the first-party services they use, and who was granted what.

/** Microsoft Graph's real ids of application permissions and delegated scopes, the ones that the company's apps use or could. */
export const graphAppRoles: readonly [string, string, string][] = [
  ['df021288-bdef-4463-88db-98f22de89214', 'User.Read.All', "Read all users' full profiles"],
  ['741f803b-c850-494e-b5df-cde7c675a1ca', 'User.ReadWrite.All', "Read and write all users' full profiles"],
  ['5b567255-7703-4780-807c-7be8301ae99b', 'Group.Read.All', 'Read all groups'],
  ['62a82d76-70ea-41e2-9197-370581804d09', 'Group.ReadWrite.All', 'Read and write all groups'],
  ['98830695-27a2-44f7-8c18-0c3ebc9698f6', 'GroupMember.Read.All', 'Read all group memberships'],
  ['dbaae8cf-10b5-4b86-a4a1-f871c94c6695', 'GroupMember.ReadWrite.All', 'Read and write all group memberships'],
  ['7ab1d382-f21e-4acd-a863-ba3e13f7da61', 'Directory.Read.All', 'Read directory data'],
  ['19dbc75e-c2e2-444c-a770-ec69d8559fc7', 'Directory.ReadWrite.All', 'Read and write directory data'],
  ['9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30', 'Application.Read.All', 'Read all applications'],
  ['1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9', 'Application.ReadWrite.All', 'Read and write all applications'],
  [
    '18a4783c-866b-4cc7-a460-3d5e5662c884',
    'Application.ReadWrite.OwnedBy',
    'Manage apps that this app creates or owns',
  ],
  ['246dd0d5-5bd0-4def-940b-0421030a5b68', 'Policy.Read.All', "Read your organization's policies"],
  [
    '37730810-e9ba-4e46-b07e-8ca78d182097',
    'Policy.Read.ConditionalAccess',
    "Read your organization's conditional access policies",
  ],
  [
    '01c0a623-fc9b-48e9-b794-0756f8e8f067',
    'Policy.ReadWrite.ConditionalAccess',
    "Read and write your organization's conditional access policies",
  ],
  [
    '29c18626-4985-4dcd-85c0-193eef327366',
    'Policy.ReadWrite.AuthenticationMethod',
    'Read and write all authentication method policies',
  ],
  [
    'fb221be6-99f2-473f-bd32-01c6a0e9ca3b',
    'Policy.ReadWrite.Authorization',
    "Read and write your organization's authorization policy",
  ],
  ['b0afded3-3588-46d8-8b3d-9842eff778da', 'AuditLog.Read.All', 'Read all audit log data'],
  ['498476ce-e0fe-48b0-b801-37ba7e2685c6', 'Organization.Read.All', 'Read organization information'],
  ['292d869f-3427-49a8-9dab-8c70152b74e9', 'Organization.ReadWrite.All', 'Read and write organization information'],
  ['483bed4a-2ad3-4361-a73b-c83ccdbdc53c', 'RoleManagement.Read.Directory', 'Read all directory RBAC settings'],
  [
    '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8',
    'RoleManagement.ReadWrite.Directory',
    'Read and write all directory RBAC settings',
  ],
  [
    '06b708a9-e830-4db3-a914-8e69da51d44f',
    'AppRoleAssignment.ReadWrite.All',
    'Manage app permission grants and app role assignments',
  ],
  [
    '8e8e4742-1d95-4f68-9d56-6ee75648c72a',
    'DelegatedPermissionGrant.ReadWrite.All',
    'Manage all delegated permission grants',
  ],
  ['b633e1c5-b582-4048-a93e-9f11b44c7e96', 'Mail.Send', 'Send mail as any user'],
  ['7438b122-aefc-4978-80ed-43db9fcc7715', 'Device.Read.All', 'Read all devices'],
];

export const graphScopes: readonly [string, string, string][] = [
  ['e1fe6dd8-ba31-4d61-89e7-88639da4683d', 'User.Read', 'Sign in and read user profile'],
  ['b340eb25-3456-403f-be2f-af7a0d370277', 'User.ReadBasic.All', "Read all users' basic profiles"],
  ['a154be20-db9c-4678-8ab7-66f6cc099a59', 'User.Read.All', "Read all users' full profiles"],
  ['5f8c59db-677d-491f-a6b8-5f174b11ec1d', 'Group.Read.All', 'Read all groups'],
  ['37f7f235-527c-4136-accd-4a02d197296e', 'openid', 'Sign users in'],
  ['14dad69e-099b-42c9-810b-d002981feec1', 'profile', "View users' basic profile"],
  ['64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0', 'email', "View users' email address"],
  ['7427e0e9-2fba-42fe-b0c0-848c9e6a8182', 'offline_access', 'Maintain access to data you have given it access to'],
  ['465a38f9-76ea-45b9-9f34-9e8b0d4b0b42', 'Calendars.Read', 'Read user calendars'],
  ['e383f46e-2787-4529-855e-0e479a3ffac0', 'Mail.Send', 'Send mail as a user'],
];

export const exchangeAppRoles: readonly [string, string, string][] = [
  [
    'dc890d15-9560-4a4c-9b7f-a736ec74ec40',
    'full_access_as_app',
    'Use Exchange Web Services with full access to all mailboxes',
  ],
  ['dc50a0fb-09a3-484d-be87-e023b12c6440', 'Exchange.ManageAsApp', 'Manage Exchange As Application'],
];

export const graphAppId = '00000003-0000-0000-c000-000000000000';
export const exchangeAppId = '00000002-0000-0ff1-ce00-000000000000';

/** A public certificate made for the connector of the plant; its private key was thrown away. */
const connectorCertificate =
  'MIIBhTCCASugAwIBAgIUfN4Oi9rf3usnjlWA/6izbwyfrIQwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNbWVzLWNvbm5lY3RvcjAeFw0yNjExMjMyMjEzNTVaFw0yODExMjIyMjEzNTVaMBgxFjAUBgNVBAMMDW1lcy1jb25uZWN0b3IwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARuKRhQ6k+XGBPHcjJR1HDRVfqXD4F6Do9UPy7Wr+Yhrw/uB2QAeCB06E50ochJGPQe+kk8IKMZIZzSBmRfUX4Jo1MwUTAdBgNVHQ4EFgQUdStKSRTCNLvPrU9IW7IV7GylQiMwHwYDVR0jBBgwFoAUdStKSRTCNLvPrU9IW7IV7GylQiMwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBVF6NkpwlWqAYX8IOuuAMosMC/kUJKN4NaoogxbuzVegIhAMqLuN/dYrpWJYvzhpug6hSIpewTv7bN3mp4GjaCRNz4';

export interface App {
  readonly nick: string;
  /** The body of POST /applications. */
  readonly body: Record<string, unknown>;
  /** The App ID URI, `{appId}` stands for the id that the app gets. */
  readonly identifierUri?: string;
  readonly owners: readonly string[];
  /** A PATCH of its service principal. */
  readonly service?: Record<string, unknown>;
  /** Permissions that were granted: `Role.Name` of Microsoft Graph, or `nick/Role` of an app of the company. */
  readonly granted?: readonly string[];
  /** Delegated permissions for all principals: resource nick (or `graph`) and the scopes. */
  readonly scopes?: readonly [string, string][];
  /** Groups and people that were assigned to a role of this app: `nick|role value`. */
  readonly assigned?: readonly string[];
  readonly federated?: readonly Record<string, unknown>[];
  readonly passwords?: readonly Record<string, unknown>[];
}

const role = (id: string, value: string, displayName: string, allowedMemberTypes: string[]) => ({
  id,
  value,
  displayName,
  description: displayName,
  allowedMemberTypes,
  isEnabled: true,
});

const scope = (id: string, value: string, display: string) => ({
  id,
  value,
  type: 'User',
  isEnabled: true,
  adminConsentDisplayName: display,
  adminConsentDescription: `${display} on behalf of the signed-in user`,
  userConsentDisplayName: display,
  userConsentDescription: `${display} on your behalf`,
});

const idOf = (list: readonly [string, string, string][], value: string): string => {
  const found = list.find(([, name]) => name === value);
  if (!found) throw new Error(`no permission ${value}`);
  return found[0];
};

/** `requiredResourceAccess` of Microsoft Graph: application permissions, then delegated ones. */
const graphAccess = (roles: readonly string[], scopes: readonly string[] = []) => ({
  resourceAppId: graphAppId,
  resourceAccess: [
    ...roles.map((value) => ({ id: idOf(graphAppRoles, value), type: 'Role' })),
    ...scopes.map((value) => ({ id: idOf(graphScopes, value), type: 'Scope' })),
  ],
});

const fleetRead = '6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a1001';
const fleetDrive = '6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a1002';
const snapshotRoles = [
  'User.Read.All',
  'Group.Read.All',
  'Application.Read.All',
  'Directory.Read.All',
  'Policy.Read.All',
  'Organization.Read.All',
];
const recoveryRoles = [
  'User.ReadWrite.All',
  'Group.ReadWrite.All',
  'Application.ReadWrite.All',
  'Policy.Read.All',
  'Policy.ReadWrite.ConditionalAccess',
  'Policy.ReadWrite.AuthenticationMethod',
  'Policy.ReadWrite.Authorization',
  'AppRoleAssignment.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
];

/** Trust in a workflow of the company's repository on GitHub. */
const github = (name: string, subject: string) => ({
  name,
  issuer: 'https://token.actions.githubusercontent.com',
  subject: `repo:heron-robotics/tenant-state:${subject}`,
  audiences: ['api://AzureADTokenExchange'],
  description: 'The tenant state repository, without a secret',
});

export const apps: readonly App[] = [
  {
    nick: 'fleet-api',
    body: {
      displayName: 'Fleet API',
      description: 'What robots do, and the commands that they take.',
      signInAudience: 'AzureADMyOrg',
      appRoles: [
        role('6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a2001', 'Fleet.Operator', 'Fleet operator', ['User']),
        role('6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a2002', 'Fleet.Viewer', 'Fleet viewer', ['User']),
        role('6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a2003', 'Telemetry.Ingest', 'Send telemetry', ['Application']),
      ],
      api: {
        requestedAccessTokenVersion: 2,
        oauth2PermissionScopes: [
          scope(fleetRead, 'Fleet.Read', 'See robots'),
          scope(fleetDrive, 'Fleet.Drive', 'Move robots'),
        ],
      },
      optionalClaims: {
        accessToken: [{ name: 'groups', essential: false, additionalProperties: [] }],
        idToken: [],
        saml2Token: [],
      },
      groupMembershipClaims: 'ApplicationGroup',
      tags: ['production', 'tier-1'],
    },
    identifierUri: 'api://{appId}',
    owners: ['viktor.sandberg', 'nadia.benali'],
    service: { appRoleAssignmentRequired: true, notes: 'Owned by the platform team; on call: viktor.sandberg' },
    assigned: [
      'app-fleetboard-operators|Fleet.Operator',
      'app-fleetboard-viewers|Fleet.Viewer',
      'johan.brannstrom|Fleet.Viewer',
    ],
  },
  {
    nick: 'fleetboard',
    body: {
      displayName: 'Fleetboard',
      signInAudience: 'AzureADMyOrg',
      spa: {
        redirectUris: [
          'https://fleetboard.heron-robotics.example/',
          'https://staging.fleetboard.heron-robotics.example/',
        ],
      },
      web: {
        homePageUrl: 'https://fleetboard.heron-robotics.example/',
        implicitGrantSettings: { enableIdTokenIssuance: false },
      },
      requiredResourceAccess: [graphAccess([], ['User.Read', 'openid', 'profile'])],
      info: { privacyStatementUrl: 'https://heron-robotics.example/privacy' },
    },
    owners: ['nadia.benali'],
    scopes: [
      ['fleet-api', 'Fleet.Read Fleet.Drive'],
      ['graph', 'openid profile User.Read'],
    ],
  },
  {
    nick: 'field-portal',
    body: {
      displayName: 'Field Portal',
      signInAudience: 'AzureADMyOrg',
      web: {
        homePageUrl: 'https://field.heron-robotics.example/',
        logoutUrl: 'https://field.heron-robotics.example/signed-out',
        redirectUris: [
          'https://field.heron-robotics.example/auth/callback',
          'https://field-eu.heron-robotics.example/auth/callback',
        ],
      },
      appRoles: [role('6b3a3f0e-3c8c-4e55-9f0e-0c5f1d0a2101', 'Technician', 'Technician', ['User'])],
      requiredResourceAccess: [graphAccess([], ['User.Read', 'Calendars.Read'])],
    },
    identifierUri: 'https://heron-robotics.example/field-portal',
    owners: ['gustavo.pena', 'nadia.benali'],
    service: { appRoleAssignmentRequired: true },
    scopes: [['graph', 'User.Read Calendars.Read offline_access']],
    assigned: ['vpn-field|Technician'],
    passwords: [{ displayName: 'field-portal production', endDateTime: '2027-04-30T00:00:00Z' }],
  },
  {
    nick: 'mobile-service',
    body: {
      displayName: 'Mobile Service Companion',
      signInAudience: 'AzureADMyOrg',
      isFallbackPublicClient: true,
      publicClient: { redirectUris: ['msauth.example.heron.service://auth', 'heron-service://auth'] },
      requiredResourceAccess: [graphAccess([], ['User.Read', 'offline_access'])],
    },
    owners: ['gustavo.pena'],
    scopes: [
      ['graph', 'User.Read offline_access'],
      ['fleet-api', 'Fleet.Read'],
    ],
  },
  {
    nick: 'mes-connector',
    body: {
      displayName: 'MES Connector Kraków',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [graphAccess(['User.Read.All', 'GroupMember.Read.All'])],
      keyCredentials: [
        {
          type: 'AsymmetricX509Cert',
          usage: 'Verify',
          displayName: 'CN=mes-connector',
          startDateTime: '2026-11-23T22:13:55Z',
          endDateTime: '2028-11-22T22:13:55Z',
          key: connectorCertificate,
        },
      ],
    },
    owners: ['lukasz.zielinski'],
    granted: ['User.Read.All', 'GroupMember.Read.All', 'fleet-api/Telemetry.Ingest'],
  },
  {
    nick: 'tenant-snapshot',
    body: {
      displayName: 'Tenant state: snapshot',
      description: 'Reads the tenant into the repository tenant-state. Cannot write.',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [graphAccess(snapshotRoles)],
    },
    owners: ['ravi.menon'],
    granted: snapshotRoles,
    federated: [github('main', 'ref:refs/heads/main'), github('schedule', 'environment:snapshot')],
  },
  {
    nick: 'tenant-recovery',
    body: {
      displayName: 'Tenant state: recovery',
      description: 'Writes the tenant, after two approvals of the environment "recovery".',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [graphAccess(recoveryRoles)],
    },
    owners: ['ravi.menon', 'sofia.papadaki'],
    granted: recoveryRoles,
    federated: [github('recovery', 'environment:recovery')],
  },
  {
    nick: 'hr-provisioning',
    body: {
      displayName: 'HR provisioning',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [graphAccess(['User.ReadWrite.All', 'GroupMember.ReadWrite.All', 'Mail.Send'])],
    },
    owners: ['maja.lindqvist', 'ravi.menon'],
    granted: ['User.ReadWrite.All', 'GroupMember.ReadWrite.All', 'Mail.Send'],
    passwords: [
      { displayName: 'workday bridge 2026', endDateTime: '2027-01-31T00:00:00Z' },
      { displayName: 'workday bridge 2027', endDateTime: '2027-07-31T00:00:00Z' },
    ],
  },
  {
    nick: 'payroll',
    body: {
      displayName: 'Payroll (Lönekoll)',
      signInAudience: 'AzureADMyOrg',
      web: { redirectUris: ['https://lonekoll.example/saml/acs'] },
      notes: 'Contract until 2027-12',
    },
    identifierUri: 'https://heron-robotics.example/payroll',
    owners: ['wiktoria.lis'],
    service: {
      appRoleAssignmentRequired: true,
      preferredSingleSignOnMode: 'saml',
      loginUrl: 'https://lonekoll.example/login',
      notificationEmailAddresses: ['identity@heron-robotics.example'],
      samlSingleSignOnSettings: { relayState: '/start' },
    },
    assigned: ['app-payroll|'],
  },
  {
    nick: 'wiki',
    body: {
      displayName: 'Engineering Wiki',
      signInAudience: 'AzureADMyOrg',
      web: {
        redirectUris: ['https://wiki.heron-robotics.example/oauth2/callback'],
        implicitGrantSettings: { enableIdTokenIssuance: true, enableAccessTokenIssuance: false },
      },
      requiredResourceAccess: [graphAccess([], ['User.Read', 'Group.Read.All', 'email'])],
    },
    owners: ['emil.nordin'],
    scopes: [['graph', 'User.Read Group.Read.All email']],
  },
  {
    nick: 'vision-training',
    body: {
      displayName: 'Vision training (名古屋)',
      signInAudience: 'AzureADMyOrg',
      requiredResourceAccess: [graphAccess(['Group.Read.All'])],
    },
    owners: ['kenji.watanabe', 'li.na'],
    granted: ['fleet-api/Telemetry.Ingest'],
    federated: [
      {
        name: 'training-cluster',
        issuer: 'https://oidc.training.heron-robotics.example',
        subject: 'system:serviceaccount:vision:trainer',
        audiences: ['api://AzureADTokenExchange'],
        description: 'The training cluster in Nagoya',
      },
    ],
  },
  {
    nick: 'partner-portal',
    body: {
      displayName: 'Partner Portal',
      signInAudience: 'AzureADMultipleOrgs',
      web: { redirectUris: ['https://partners.heron-robotics.example/signin-oidc'] },
      requiredResourceAccess: [graphAccess([], ['User.Read', 'User.ReadBasic.All'])],
    },
    owners: ['hugo.bernard', 'noah.mueller'],
    scopes: [['graph', 'User.Read']],
  },
];
