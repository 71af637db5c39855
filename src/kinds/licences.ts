// What the rows of users and groups share: licences, written by an action that takes what is to be added and removed.
import type { Attribute } from '../model/kind.ts';

/** Reference 3.1 and 3.2. Assigned in the cloud, also to what is synced from on-premises. */
export const licences = {
  write: 'action',
  action: 'assignLicense',
  cloudOnly: false,
  difference: { add: 'addLicenses', remove: 'removeLicenses', key: 'skuId', members: ['disabledPlans', 'skuId'] },
} as const satisfies Attribute;
