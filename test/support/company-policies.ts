// Data only: how the invented company Heron Robotics signs people in: locations, strengths, contexts, methods and Conditional Access policies.

type Body = Record<string, unknown>;

const v4 = (cidrAddress: string) => ({ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress });
const v6 = (cidrAddress: string) => ({ '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress });

/** Address ranges are those reserved for documentation. */
export const locations: Readonly<Record<string, Body>> = {
  offices: {
    '@odata.type': '#microsoft.graph.ipNamedLocation',
    displayName: 'Offices (Göteborg, Austin)',
    isTrusted: true,
    ipRanges: [v4('192.0.2.0/25'), v4('198.51.100.64/26'), v6('2001:db8:10::/48')],
  },
  plants: {
    '@odata.type': '#microsoft.graph.ipNamedLocation',
    displayName: 'Plants and labs (Kraków, 名古屋)',
    isTrusted: true,
    ipRanges: [v4('203.0.113.0/26'), v4('203.0.113.128/27')],
  },
  operating: {
    '@odata.type': '#microsoft.graph.countryNamedLocation',
    displayName: 'Countries we work in',
    countriesAndRegions: ['SE', 'NO', 'DK', 'FI', 'PL', 'DE', 'FR', 'JP', 'US'],
    countryLookupMethod: 'clientIpAddress',
    includeUnknownCountriesAndRegions: false,
  },
  vendors: {
    '@odata.type': '#microsoft.graph.ipNamedLocation',
    displayName: 'Vendor remote maintenance',
    isTrusted: false,
    ipRanges: [v4('198.51.100.192/28')],
  },
};

export const strengths: Readonly<Record<string, { body: Body; configuration: Body }>> = {
  hardware: {
    body: {
      displayName: 'Hardware passkey',
      description: 'Security keys that the company hands out, nothing else.',
      allowedCombinations: ['fido2'],
    },
    configuration: {
      '@odata.type': '#microsoft.graph.fido2CombinationConfiguration',
      allowedAAGUIDs: ['2fc0579f-8113-47ea-b116-bb5a8db9202a', 'ee882879-721c-4913-9775-3dfcce97072a'],
      appliesToCombinations: ['fido2'],
    },
  },
  shopfloor: {
    body: {
      displayName: 'Shop floor',
      description: 'Badge certificate, or a one-time pass from the shift supervisor.',
      allowedCombinations: ['x509CertificateMultiFactor', 'temporaryAccessPassOneTime'],
    },
    configuration: {
      '@odata.type': '#microsoft.graph.x509CertificateCombinationConfiguration',
      allowedIssuerSkis: ['9a4248c6ac8c2931ab2a86537818e92e7b6c97b6'],
      allowedPolicyOIDs: ['1.3.6.1.4.1.55555.1.7'],
      appliesToCombinations: ['x509CertificateMultiFactor'],
    },
  },
};

export const contexts: Readonly<Record<string, Body>> = {
  c1: {
    displayName: 'Move a robot',
    description: 'Before Fleetboard sends a command to a machine.',
    isAvailable: true,
  },
  c2: {
    displayName: 'Export drawings',
    description: 'Before design data leaves the engineering site.',
    isAvailable: true,
  },
  c3: {
    displayName: 'Activate an admin role',
    description: 'Asked by privileged role activation.',
    isAvailable: false,
  },
};

const target = (id: string, more: Body = {}) => ({ id, targetType: 'group', isRegistrationRequired: false, ...more });

/** Method configurations as they are patched; `#nick` stands for a group. */
export const methods: Readonly<Record<string, Body>> = {
  Fido2: {
    '@odata.type': '#microsoft.graph.fido2AuthenticationMethodConfiguration',
    state: 'enabled',
    isAttestationEnforced: true,
    includeTargets: [target('all_users')],
    keyRestrictions: {
      isEnforced: true,
      enforcementType: 'allow',
      aaGuids: [
        '2fc0579f-8113-47ea-b116-bb5a8db9202a',
        'ee882879-721c-4913-9775-3dfcce97072a',
        '90a3ccdf-635c-4729-a248-9b709135078f',
      ],
    },
  },
  MicrosoftAuthenticator: {
    '@odata.type': '#microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration',
    state: 'enabled',
    includeTargets: [target('all_users', { authenticationMode: 'any' })],
    excludeTargets: [{ id: '#ca-emergency-access', targetType: 'group' }],
  },
  TemporaryAccessPass: {
    '@odata.type': '#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration',
    state: 'enabled',
    isUsableOnce: true,
    maximumLifetimeInMinutes: 240,
    includeTargets: [target('#all-employees')],
  },
  X509Certificate: {
    '@odata.type': '#microsoft.graph.x509CertificateAuthenticationMethodConfiguration',
    state: 'enabled',
    includeTargets: [target('#krk-shopfloor')],
  },
  SoftwareOath: {
    '@odata.type': '#microsoft.graph.softwareOathAuthenticationMethodConfiguration',
    state: 'enabled',
    includeTargets: [target('#dept-engineering')],
  },
  Email: {
    '@odata.type': '#microsoft.graph.emailAuthenticationMethodConfiguration',
    state: 'enabled',
    allowExternalIdToUseEmailOtp: 'enabled',
    includeTargets: [target('#all-guests')],
  },
};

/** Privileged built-in roles: Global, Privileged Role, Conditional Access, Security, User, Exchange and Application Administrator. */
const adminRoles = [
  '62e90394-69f5-4237-9190-012177145e10',
  'e8611ab8-c189-46e8-94e1-60213ab1f814',
  'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9',
  '194ae4cb-b126-40b2-bd5b-6091b380977d',
  'fe930be7-5e62-47db-91af-98c3a49a38b1',
  '29232cdf-9323-42fd-ade2-1d097af3e4de',
  '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
];

const excluded = ['#ca-emergency-access', '#ca-exclusion-temporary'];
const everyApp = { includeApplications: ['All'] };
const everybody = { includeUsers: ['All'], excludeGroups: excluded };

/** `#nick` stands for a group, `@nick` for a location, `=nick` for a strength, `+nick` for an app's appId, `~nick` for its service principal. */
export const policies: readonly Body[] = [
  {
    displayName: 'CA01 Administrators: hardware passkey everywhere',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: everyApp,
      users: { includeRoles: adminRoles, excludeGroups: ['#ca-emergency-access'] },
    },
    grantControls: { operator: 'OR', authenticationStrength: { id: '=hardware' } },
    sessionControls: { signInFrequency: { isEnabled: true, frequencyInterval: 'timeBased', type: 'hours', value: 8 } },
  },
  {
    displayName: 'CA02 Everybody: block legacy authentication',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['exchangeActiveSync', 'other'],
      applications: everyApp,
      users: { includeUsers: ['All'], excludeGroups: ['#ca-emergency-access'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['block'] },
  },
  {
    displayName: 'CA03 Employees: compliant device for Office 365',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['browser', 'mobileAppsAndDesktopClients'],
      applications: { includeApplications: ['Office365'] },
      users: { includeGroups: ['#all-employees'], excludeGroups: excluded },
      platforms: { includePlatforms: ['all'], excludePlatforms: ['linux'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['compliantDevice', 'domainJoinedDevice'] },
  },
  {
    displayName: 'CA04 Guests: MFA, and no lasting session',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: everyApp,
      users: {
        includeGuestsOrExternalUsers: {
          guestOrExternalUserTypes: 'b2bCollaborationGuest,b2bCollaborationMember,otherExternalUser',
          externalTenants: {
            '@odata.type': '#microsoft.graph.conditionalAccessAllExternalTenants',
            membershipKind: 'all',
          },
        },
        excludeGroups: excluded,
      },
    },
    grantControls: { operator: 'OR', authenticationStrength: { id: '00000000-0000-0000-0000-000000000002' } },
    sessionControls: { persistentBrowser: { isEnabled: true, mode: 'never' } },
  },
  {
    displayName: 'CA05 Everybody: medium and high sign-in risk asks again',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: everyApp,
      users: everybody,
      signInRiskLevels: ['medium', 'high'],
    },
    grantControls: { operator: 'OR', authenticationStrength: { id: '00000000-0000-0000-0000-000000000004' } },
    sessionControls: {
      signInFrequency: {
        isEnabled: true,
        frequencyInterval: 'everyTime',
        authenticationType: 'primaryAndSecondaryAuthentication',
      },
    },
  },
  {
    displayName: 'CA06 Everybody: MFA to register or join a device',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: { includeUserActions: ['urn:user:registerdevice'] },
      users: everybody,
      locations: { includeLocations: ['All'], excludeLocations: ['AllTrusted'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  },
  {
    displayName: 'CA07 Everybody: block where we do not work',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: everyApp,
      users: { includeUsers: ['All'], excludeGroups: [...excluded, '#all-guests'] },
      locations: { includeLocations: ['All'], excludeLocations: ['@operating', '@offices', '@plants'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['block'] },
  },
  {
    displayName: 'CA08 Shop floor: badge certificate inside the plants only',
    state: 'enabledForReportingButNotEnforced',
    conditions: {
      clientAppTypes: ['all'],
      applications: { includeApplications: ['+fleet-api', '+field-portal'] },
      users: { includeGroups: ['#krk-shopfloor'] },
      locations: { includeLocations: ['@plants'] },
      devices: { deviceFilter: { mode: 'include', rule: 'device.extensionAttribute1 -eq "shopfloor"' } },
    },
    grantControls: { operator: 'OR', authenticationStrength: { id: '=shopfloor' } },
  },
  {
    displayName: 'CA09 Fleetboard: step up before a robot moves',
    state: 'enabled',
    conditions: {
      clientAppTypes: ['all'],
      applications: { includeAuthenticationContextClassReferences: ['c1'] },
      users: { includeGroups: ['#app-fleetboard-operators'], excludeUsers: ['GuestsOrExternalUsers'] },
    },
    grantControls: {
      operator: 'AND',
      builtInControls: ['compliantDevice'],
      authenticationStrength: { id: '00000000-0000-0000-0000-000000000004' },
    },
  },
  {
    displayName: 'CA10 Workloads: the plant connector from the plants only',
    state: 'enabledForReportingButNotEnforced',
    conditions: {
      clientAppTypes: ['all'],
      applications: everyApp,
      users: { includeUsers: ['None'] },
      clientApplications: { includeServicePrincipals: ['~mes-connector'] },
      locations: { includeLocations: ['All'], excludeLocations: ['@plants'] },
    },
    grantControls: { operator: 'OR', builtInControls: ['block'] },
  },
];
