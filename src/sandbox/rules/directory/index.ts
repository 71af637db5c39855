// The directory types that the sandbox serves, each with its rules.
import type { EntityType } from '../../types.ts';
import { applications } from './applications.ts';
import { appRoleAssignments, oauth2PermissionGrants } from './assignments.ts';
import { groups } from './groups.ts';
import { directoryObject, organization } from './organization.ts';
import { servicePrincipals } from './service-principals.ts';
import { users } from './users.ts';

/** In the order in which their references point. */
export const directoryTypes: readonly EntityType[] = [
  organization,
  directoryObject,
  users,
  groups,
  applications,
  servicePrincipals,
  appRoleAssignments,
  oauth2PermissionGrants,
];
