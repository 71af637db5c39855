// Takes the ids that a Conditional Access policy names, throws the refusal that lists those which the tenant does not have; and finds who names an id (reference 3.7).
import type { Context, GraphObject, GraphRecord, Reader } from '../../types.ts';
import { isRecord, recordAt, stringsOf } from './conditional-access-shape.ts';
import { refusal } from './refusals.ts';
import { builtInRoles } from './role-templates.ts';

/** Applications of Microsoft's own that policies name in every tenant, whether or not they have a service principal there. */
const firstPartyApplications = new Set([
  '00000002-0000-0ff1-ce00-000000000000', // Office 365 Exchange Online
  '00000003-0000-0ff1-ce00-000000000000', // Office 365 SharePoint Online
  '00000003-0000-0000-c000-000000000000', // Microsoft Graph
  '0000000a-0000-0000-c000-000000000000', // Microsoft Intune
  '00000012-0000-0000-c000-000000000000', // Microsoft Rights Management Services
  '01fc33a7-78ba-4d2f-a4b7-768e336e890e', // Azure AD Privileged Identity Management
  '372140e0-b3b7-4226-8ef9-d57986796201', // Azure Windows VM Sign-In
  '499b84ac-1321-427f-aa17-267ca6975798', // Azure DevOps
  '797f4846-ba00-4fd7-ba43-dac1f8f63013', // Windows Azure Service Management API
  'c44b4083-3bb0-49c1-b47d-974e53cbdf3c', // Azure portal
  'cc15fd57-2c6c-4117-a88c-83b1d56b4bbe', // Microsoft Teams Services
  'd4ebce55-015a-49b5-a083-c84d1797ae8c', // Microsoft Intune Enrollment
]);

/** The place of "All Compliant Network locations" of Global Secure Access, which no listing shows. */
const compliantNetwork = '3d46dbda-8382-466a-856d-eb00cbc6b910';

interface Reference {
  /** Where in the policy, and which of its arrays. */
  readonly path: string;
  readonly arrays: readonly string[];
  /** Words that stand for a set instead of an id. */
  readonly words: readonly string[];
  exists(id: string, reader: Reader): boolean;
}

const references: readonly Reference[] = [
  {
    path: 'conditions.users',
    arrays: ['includeUsers', 'excludeUsers'],
    words: ['All', 'None', 'GuestsOrExternalUsers'],
    exists: (id, reader) => reader.get('user', id) !== undefined,
  },
  {
    path: 'conditions.users',
    arrays: ['includeGroups', 'excludeGroups'],
    words: [],
    exists: (id, reader) => reader.get('group', id) !== undefined,
  },
  {
    path: 'conditions.users',
    arrays: ['includeRoles', 'excludeRoles'],
    words: [],
    exists: (id) => builtInRoles.has(id.toLowerCase()),
  },
  {
    path: 'conditions.applications',
    arrays: ['includeApplications', 'excludeApplications'],
    words: ['All', 'None', 'Office365', 'MicrosoftAdminPortals'],
    exists: (id, reader) => firstPartyApplications.has(id) || reader.find('servicePrincipal', 'appId', id).length > 0,
  },
  {
    path: 'conditions.applications',
    arrays: ['includeAuthenticationContextClassReferences'],
    words: [],
    exists: (id, reader) => reader.get('authenticationContextClassReference', id) !== undefined,
  },
  {
    path: 'conditions.locations',
    arrays: ['includeLocations', 'excludeLocations'],
    words: ['All', 'AllTrusted', '00000000-0000-0000-0000-000000000000', compliantNetwork],
    exists: (id, reader) => reader.get('namedLocation', id) !== undefined,
  },
  {
    path: 'conditions.clientApplications',
    arrays: ['includeServicePrincipals', 'excludeServicePrincipals'],
    words: ['ServicePrincipalsInMyTenant'],
    exists: (id, reader) => reader.get('servicePrincipal', id) !== undefined,
  },
];

/**
 * Checks what the body itself names: ids that a policy has kept after their object was deleted stay, until somebody
 * sends them again. Terms of use are not checked: no application may read them, and the sandbox has none (reference 3.24).
 */
export function checkReferences(body: GraphRecord, reader: Reader): void {
  for (const { path, arrays, words, exists } of references) {
    const record = recordAt(body, path);
    for (const name of arrays) {
      const unknown = stringsOf(record, name).filter((id) => !words.includes(id) && !exists(id, reader));
      if (unknown.length > 0) throw missing(`${path}.${name}`, unknown);
    }
  }
  const strength = recordAt(body, 'grantControls').authenticationStrength;
  const id = isRecord(strength) ? strength.id : undefined;
  if (typeof id === 'string' && reader.get('authenticationStrengthPolicy', id) === undefined) {
    throw missing('grantControls.authenticationStrength', [id]);
  }
}

function missing(target: string, ids: readonly string[]): Error {
  return refusal(1009, `'${target}' has ids that do not exist in the directory: ${ids.join(', ')}.`, target);
}

/** The policies that name an id anywhere in their conditions or controls: what a deletion of that id must ask first. */
export function policiesThatName(id: string, { store }: Context): GraphObject[] {
  return [...store.list('conditionalAccessPolicy')].filter((policy) =>
    JSON.stringify([policy.conditions ?? null, policy.grantControls ?? null]).includes(JSON.stringify(id)),
  );
}
