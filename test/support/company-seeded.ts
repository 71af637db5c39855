// Takes the tenant id, gives the objects of the invented company Heron Robotics that Graph cannot create: synced ones, guests, Microsoft's own services, the organization.
import { exchangeAppId, exchangeAppRoles, graphAppId, graphAppRoles, graphScopes } from './company-apps.ts';
import { domain, guests, initialDomain, placeOf, syncedPeople, syncedTeams } from './company-people.ts';

type Body = Record<string, unknown>;

/** An object that Graph cannot create: it is put into the store before the company is built. */
export interface SeededObject {
  readonly type: string;
  readonly object: Body & { id: string };
  /** Ids of other seeded objects, by relation. */
  readonly links?: Readonly<Record<string, readonly string[]>>;
}

export const graphServiceId = '0a3c1c0e-91f7-4a5e-8f25-6f1d2b7e9a01';
export const exchangeServiceId = '0a3c1c0e-91f7-4a5e-8f25-6f1d2b7e9a02';
const microsoft = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

/** Synced users and groups, guests as an accepted invitation leaves them, Microsoft's own services, and the organization's constant parts. */
export function seededObjects(tenantId: string): SeededObject[] {
  return [organization(tenantId), ...firstPartyServices(), ...synced(), ...invited()];
}

function organization(tenantId: string): SeededObject {
  return {
    type: 'organization',
    object: {
      id: tenantId,
      displayName: 'Heron Robotics',
      countryLetterCode: 'SE',
      country: 'Sweden',
      city: 'Göteborg',
      postalCode: '411 04',
      street: 'Lindholmspiren 3',
      preferredLanguage: 'sv',
      createdDateTime: '2019-03-04T08:00:00Z',
      tenantType: 'AAD',
      onPremisesSyncEnabled: true,
      verifiedDomains: [
        {
          name: domain,
          type: 'Managed',
          isDefault: true,
          isInitial: false,
          capabilities: 'Email, OfficeCommunicationsOnline',
        },
        {
          name: initialDomain,
          type: 'Managed',
          isDefault: false,
          isInitial: true,
          capabilities: 'Email, OfficeCommunicationsOnline',
        },
      ],
    },
  };
}

function firstPartyServices(): SeededObject[] {
  const roles = (list: readonly [string, string, string][]) =>
    list.map(([id, value, displayName]) => ({
      id,
      value,
      displayName,
      description: displayName,
      allowedMemberTypes: ['Application'],
      isEnabled: true,
    }));
  const service = (id: string, appId: string, displayName: string, more: Body): SeededObject => ({
    type: 'servicePrincipal',
    object: {
      id,
      appId,
      displayName,
      appDisplayName: displayName,
      appOwnerOrganizationId: microsoft,
      servicePrincipalType: 'Application',
      accountEnabled: true,
      appRoleAssignmentRequired: false,
      signInAudience: 'AzureADMultipleOrgs',
      servicePrincipalNames: [appId],
      tags: [],
      ...more,
    },
  });
  return [
    service(graphServiceId, graphAppId, 'Microsoft Graph', {
      appRoles: roles(graphAppRoles),
      oauth2PermissionScopes: graphScopes.map(([id, value, display]) => ({
        id,
        value,
        type: 'User',
        isEnabled: true,
        adminConsentDisplayName: display,
        adminConsentDescription: display,
        userConsentDisplayName: display,
        userConsentDescription: display,
      })),
      servicePrincipalNames: [graphAppId, 'https://graph.microsoft.com'],
    }),
    service(exchangeServiceId, exchangeAppId, 'Office 365 Exchange Online', {
      appRoles: roles(exchangeAppRoles),
      oauth2PermissionScopes: [],
      servicePrincipalNames: [exchangeAppId, 'https://outlook.office365.com/'],
    }),
  ];
}

const synchronized = {
  onPremisesSyncEnabled: true,
  onPremisesLastSyncDateTime: '2026-11-20T04:12:09Z',
  onPremisesDomainName: 'krk.heron.internal',
};

function synced(): SeededObject[] {
  const users = syncedPeople.map(([id, nick, givenName, surname, jobTitle]) => ({
    type: 'user',
    object: {
      id,
      ...synchronized,
      accountEnabled: true,
      givenName,
      surname,
      displayName: `${givenName} ${surname}`,
      jobTitle,
      department: 'Manufacturing',
      companyName: 'Heron Robotics',
      userType: 'Member',
      userPrincipalName: `${nick}@${domain}`,
      mail: `${nick}@${domain}`,
      mailNickname: nick,
      ...placeOf('KRK'),
      onPremisesSamAccountName: nick,
      onPremisesUserPrincipalName: `${nick}@krk.heron.internal`,
      onPremisesDistinguishedName: `CN=${givenName} ${surname},OU=Plant,DC=krk,DC=heron,DC=internal`,
      onPremisesImmutableId: Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64'),
      onPremisesExtensionAttributes: { extensionAttribute1: 'shopfloor' },
      createdDateTime: '2021-06-14T06:30:00Z',
    },
  }));
  const groups = syncedTeams.map(([id, displayName, description, members]) => ({
    type: 'group',
    object: {
      id,
      ...synchronized,
      displayName,
      description,
      groupTypes: [],
      mailEnabled: false,
      mailNickname: displayName,
      securityEnabled: true,
      onPremisesNetBiosName: 'KRK',
      onPremisesSamAccountName: displayName,
      createdDateTime: '2021-06-14T06:31:00Z',
    },
    links: { members: members.map((index) => syncedPeople[index]?.[0] ?? '') },
  }));
  return [...users, ...groups];
}

function invited(): SeededObject[] {
  return guests.map(([id, mail, displayName, companyName, externalUserState]) => ({
    type: 'user',
    object: {
      id,
      accountEnabled: true,
      displayName,
      companyName,
      mail,
      mailNickname: `${mail.replace('@', '_')}#EXT#`,
      otherMails: [mail],
      userPrincipalName: `${mail.replace('@', '_')}#EXT#@${initialDomain}`,
      userType: 'Guest',
      creationType: 'Invitation',
      externalUserState,
      externalUserStateChangeDateTime: '2026-02-11T09:00:00Z',
      createdDateTime: '2026-02-10T15:20:00Z',
    },
  }));
}
