// An invented tenant of any size, as entities, the same each time: for benches that do not need Graph.
import type { Entity } from '../src/model/entity.ts';

/** The id of the n-th object of a sort; spread over all shards. */
export function idOf(sort: number, index: number): string {
  // A multiplication that is its own shuffle (Knuth's constant) spreads the first digits evenly.
  const spread = (Math.imul(index + 1, 2654435761) >>> 0).toString(16).padStart(8, '0');
  return `${spread}-${sort.toString(16).padStart(4, '0')}-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

/** A user as a tenant has them: some thirty properties, one manager. `edition` changes one of them. */
export function userEntity(index: number, edition = 0): Entity {
  const name = `User ${index}`;
  return {
    ref: `users/${idOf(1, index)}`,
    attributes: {
      accountEnabled: true,
      businessPhones: [`+49 30 ${100000 + index}`],
      city: ['Berlin', 'Łódź', 'São Paulo', 'Tokyo'][index % 4]!,
      companyName: 'Example',
      country: 'DE',
      createdDateTime: '2024-03-01T10:00:00Z',
      department: `Department ${index % 40}`,
      displayName: name,
      employeeId: String(100000 + index),
      employeeType: 'Employee',
      givenName: 'User',
      jobTitle: `Engineer ${edition}`,
      mail: `user${index}@example.com`,
      mailNickname: `user${index}`,
      mobilePhone: `+49 170 ${1000000 + index}`,
      officeLocation: `Floor ${index % 9}`,
      passwordPolicies: 'DisablePasswordExpiration',
      postalCode: '10115',
      preferredLanguage: 'de-DE',
      securityIdentifier: `S-1-12-1-${index}-1000-2000-3000`,
      state: 'Berlin',
      streetAddress: `Street ${index % 300}`,
      surname: String(index),
      usageLocation: 'DE',
      userPrincipalName: `user${index}@example.com`,
      userType: 'Member',
    },
    links: index === 0 ? {} : { manager: [{ target: `users/${idOf(1, Math.floor(index / 10))}` }] },
  };
}
