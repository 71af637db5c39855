// The part of the invented company Heron Robotics that Graph cannot create, as a seed: synced objects, guests, Microsoft's own services, the organization.
import { type GraphRecord, type Seed, seedObjects } from '../../src/sandbox/index.ts';
import { exchangeAppId, exchangeAppRoles, graphAppId, graphAppRoles, graphScopes } from './company-apps.ts';
import { domain, guests, initialDomain, placeOf, syncedPeople, syncedTeams } from './company-people.ts';

export const graphServiceId = '0a3c1c0e-91f7-4a5e-8f25-6f1d2b7e9a01';
export const exchangeServiceId = '0a3c1c0e-91f7-4a5e-8f25-6f1d2b7e9a02';
const microsoft = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

/** The tenant id that the company has in every run. */
export const tenantId = '7c2f4a1e-5b0d-4e8a-9f63-2d1b8c0a7e55';

/** What the sandbox is created with before company.ts builds the rest through Graph. */
export function companySeed(): Seed {
  return seedObjects(
    {
      organization: [organization()],
      servicePrincipals: firstPartyServices(),
      users: [...syncedUsers(), ...invited()],
      groups: syncedGroups(),
    },
    tenantId,
  );
}

function organization(): GraphRecord {
  const verified = (name: string, isDefault: boolean): GraphRecord => ({
    name,
    type: 'Managed',
    isDefault,
    isInitial: !isDefault,
    capabilities: 'Email, OfficeCommunicationsOnline',
  });
  return {
    id: tenantId,
    displayName: 'Heron Robotics',
    street: 'Lindholmspiren 3',
    postalCode: '411 04',
    city: 'Göteborg',
    country: 'Sweden',
    countryLetterCode: 'SE',
    preferredLanguage: 'sv',
    businessPhones: ['+46 31 700 1000'],
    createdDateTime: '2019-03-04T08:00:00Z',
    tenantType: 'AAD',
    onPremisesSyncEnabled: true,
    verifiedDomains: [verified(domain, true), verified(initialDomain, false)],
  };
}

function firstPartyServices(): GraphRecord[] {
  const roles = (list: readonly [string, string, string][]): GraphRecord[] =>
    list.map(([id, value, displayName]) => ({
      id,
      value,
      displayName,
      description: displayName,
      allowedMemberTypes: ['Application'],
      isEnabled: true,
      origin: 'Application',
    }));
  const service = (id: string, appId: string, displayName: string, more: GraphRecord): GraphRecord => ({
    id,
    appId,
    displayName,
    appDisplayName: displayName,
    appOwnerOrganizationId: microsoft,
    servicePrincipalType: 'Application',
    accountEnabled: true,
    appRoleAssignmentRequired: false,
    signInAudience: 'AzureADMultipleOrgs',
    tags: [],
    ...more,
  });
  return [
    service(graphServiceId, graphAppId, 'Microsoft Graph', {
      servicePrincipalNames: [graphAppId, 'https://graph.microsoft.com'],
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
    }),
    service(exchangeServiceId, exchangeAppId, 'Office 365 Exchange Online', {
      servicePrincipalNames: [exchangeAppId, 'https://outlook.office365.com/'],
      appRoles: roles(exchangeAppRoles),
      oauth2PermissionScopes: [],
    }),
  ];
}

const synchronized: GraphRecord = {
  onPremisesSyncEnabled: true,
  onPremisesLastSyncDateTime: '2026-11-20T04:12:09Z',
  onPremisesDomainName: 'krk.heron.internal',
};

/** The identifier that the plant's directory gave: the domain's, and a number. */
const onPremisesSid = (number: number): string => `S-1-5-21-2745801462-1138205937-3920117743-${number}`;

function syncedUsers(): GraphRecord[] {
  return syncedPeople.map(([id, nick, givenName, surname, jobTitle], index) => ({
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
    onPremisesSecurityIdentifier: onPremisesSid(1201 + index),
    onPremisesImmutableId: Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64'),
    onPremisesExtensionAttributes: { extensionAttribute1: 'shopfloor' },
    createdDateTime: '2021-06-14T06:30:00Z',
    links: { manager: index === 0 ? [] : [`users/${syncedPeople[0][0]}`] },
  }));
}

function syncedGroups(): GraphRecord[] {
  return syncedTeams.map(([id, displayName, description, members], index) => ({
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
    onPremisesSecurityIdentifier: onPremisesSid(1301 + index),
    createdDateTime: '2021-06-14T06:31:00Z',
    links: { members: members.map((member) => `users/${syncedPeople[member][0]}`) },
  }));
}

function invited(): GraphRecord[] {
  return guests.map(([id, mail, displayName, companyName, externalUserState]) => {
    const mangled = `${mail.replace('@', '_')}#EXT#`;
    return {
      id,
      accountEnabled: true,
      displayName,
      companyName,
      mail,
      mailNickname: mangled,
      otherMails: [mail],
      userPrincipalName: `${mangled}@${initialDomain}`,
      userType: 'Guest',
      creationType: 'Invitation',
      externalUserState,
      externalUserStateChangeDateTime: '2026-02-11T09:00:00Z',
      createdDateTime: '2026-02-10T15:20:00Z',
    };
  });
}
