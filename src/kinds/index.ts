// The rows by name, in the order they are read and shown: adding a kind is adding one file and its line here.
import type { Kind, Kinds } from '../model/kind.ts';
import { applications } from './applications.ts';
import { authenticationContextClassReferences } from './authenticationContextClassReferences.ts';
import { authenticationMethodsPolicy } from './authenticationMethodsPolicy.ts';
import { authenticationStrengthPolicies } from './authenticationStrengthPolicies.ts';
import { authorizationPolicy } from './authorizationPolicy.ts';
import { conditionalAccessPolicies } from './conditionalAccessPolicies.ts';
import { groups } from './groups.ts';
import { namedLocations } from './namedLocations.ts';
import { oauth2PermissionGrants } from './oauth2PermissionGrants.ts';
import { organization } from './organization.ts';
import { servicePrincipals } from './servicePrincipals.ts';
import { users } from './users.ts';

export { renderCoverageTable } from './tables.ts';

const rows: readonly Kind[] = [
  users,
  groups,
  applications,
  servicePrincipals,
  oauth2PermissionGrants,
  conditionalAccessPolicies,
  namedLocations,
  authenticationStrengthPolicies,
  authenticationContextClassReferences,
  authenticationMethodsPolicy,
  authorizationPolicy,
  organization,
];

/** Every kind that Driftline knows, by name. */
export const kinds: Kinds = new Map(rows.map((row) => [row.name, row]));
