// The rules of organization, and of directoryObject, the base that objects of several types are read as (reference 3.20, 1.3).
import { badRequest, type EntityType } from '../../types.ts';

const writable = [
  'marketingNotificationEmails',
  'technicalNotificationMails',
  'securityComplianceNotificationMails',
  'securityComplianceNotificationPhones',
  'privacyProfile',
];

export const organization: EntityType = {
  type: 'organization',
  path: 'organization',
  singleton: true,
  methods: ['list', 'get', 'update'],
  permissions: { read: ['Organization.Read.All'], write: ['Organization.ReadWrite.All'] },
  readOnly: [],
  notClearable: writable.filter((name) => name !== 'privacyProfile'),
  noise: {
    onPremisesLastSyncDateTime: (object, store) => (object.onPremisesSyncEnabled === true ? store.timestamp() : null),
  },
  builtIn: (store) => [
    {
      id: store.tenantId,
      displayName: 'Contoso',
      createdDateTime: '2021-03-01T09:00:00Z',
      tenantType: 'AAD',
      countryLetterCode: 'DE',
      preferredLanguage: 'en',
      businessPhones: [],
      marketingNotificationEmails: [],
      technicalNotificationMails: [],
      securityComplianceNotificationMails: [],
      securityComplianceNotificationPhones: [],
      verifiedDomains: [
        {
          capabilities: 'Email, OfficeCommunicationsOnline',
          isDefault: true,
          isInitial: false,
          name: 'contoso.com',
          type: 'Managed',
        },
        {
          capabilities: 'Email, OfficeCommunicationsOnline',
          isDefault: false,
          isInitial: true,
          name: 'contoso.onmicrosoft.com',
          type: 'Managed',
        },
      ],
    },
  ],
  checkUpdate(_before, patch) {
    const other = Object.keys(patch).find((name) => !name.includes('@') && !writable.includes(name));
    if (other !== undefined) throw badRequest(`Property '${other}' is read-only and cannot be set.`);
  },
};

export const directoryObject: EntityType = {
  type: 'directoryObject',
  path: 'directoryObjects',
  unlisted: true,
  methods: ['get', 'delete'],
  permissions: { read: ['Directory.Read.All'], write: ['Directory.ReadWrite.All'] },
  readOnly: [],
};
