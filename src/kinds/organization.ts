// The row of the organization: the tenant's own identity, domains and contacts.
import type { Kind } from '../model/kind.ts';

const contact = { cloudOnly: false } as const;

/** Reference 3.20: a listing of one, whose id is the tenant's; Graph lets its contacts be written and nothing else. */
export const organization = {
  name: 'organization',
  type: 'organization',
  path: '/organization',
  version: 'v1.0',
  lane: 'directory',
  singleton: true,
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    assignedPlans: { noise: true },
    businessPhones: { write: 'never' },
    city: { write: 'never' },
    country: { write: 'never' },
    countryLetterCode: { write: 'never' },
    createdDateTime: { write: 'never' },
    defaultUsageLocation: { write: 'never' },
    displayName: { write: 'never' },
    marketingNotificationEmails: contact,
    mobileDeviceManagementAuthority: { write: 'never' },
    onPremisesLastSyncDateTime: { noise: true },
    onPremisesSyncEnabled: { write: 'never' },
    partnerTenantType: { write: 'never' },
    postalCode: { write: 'never' },
    preferredLanguage: { write: 'never' },
    privacyProfile: contact,
    provisionedPlans: { noise: true },
    securityComplianceNotificationMails: contact,
    securityComplianceNotificationPhones: contact,
    state: { write: 'never' },
    street: { write: 'never' },
    technicalNotificationMails: contact,
    tenantType: { write: 'never' },
    verifiedDomains: { write: 'never', key: ['name'] },
    'verifiedDomains.capabilities': { noise: true },
  },
  links: {},
  deletion: { mode: 'never' },
  creation: 'never',
  permissions: { read: ['Organization.Read.All'], write: ['Organization.ReadWrite.All'] },
  native: 'organization',
} as const satisfies Kind;
