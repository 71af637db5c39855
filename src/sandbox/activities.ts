// What the audit log calls things: Microsoft Entra's names of activities, services and categories for the types that are served (reference 1.16).

/** Activities of one type; a type without a name for something leaves no entry of it. */
export interface Activities {
  readonly service: string;
  readonly category: string;
  /** What `type` says of it among the target resources. */
  readonly target: string;
  readonly add?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly hardDelete?: string;
  readonly restore?: string;
  /** Changes of these properties alone have an activity of their own. */
  readonly parts?: { readonly properties: readonly string[]; readonly activity: string };
  /** The whole object, before and after, stands in one modified property of this name. */
  readonly whole?: string;
  /** Entries do not name the object by its id, but say this (the tenant's id where it is undefined). */
  readonly namedBy?: { readonly id: string | undefined; readonly displayName: string };
}

const directory = 'Core Directory';
const conditionalAccess = { service: 'Conditional Access', category: 'Policy', target: 'Policy' } as const;
const methods = { service: 'Authentication Methods', category: 'ApplicationManagement', target: 'Policy' } as const;
const applications = { service: directory, category: 'ApplicationManagement' } as const;
const credentials = ['passwordCredentials', 'keyCredentials'];

export const activities: Readonly<Record<string, Activities>> = {
  user: {
    service: directory,
    category: 'UserManagement',
    target: 'User',
    add: 'Add user',
    update: 'Update user',
    delete: 'Delete user',
    hardDelete: 'Hard Delete user',
    restore: 'Restore user',
  },
  group: {
    service: directory,
    category: 'GroupManagement',
    target: 'Group',
    add: 'Add group',
    update: 'Update group',
    delete: 'Delete group',
    hardDelete: 'Hard Delete group',
    restore: 'Restore group',
  },
  application: {
    ...applications,
    target: 'Application',
    add: 'Add application',
    update: 'Update application',
    delete: 'Delete application',
    hardDelete: 'Hard Delete application',
    restore: 'Restore application',
    // With the dash and the blank at its end, as Entra writes it.
    parts: { properties: credentials, activity: 'Update application – Certificates and secrets management ' },
  },
  servicePrincipal: {
    ...applications,
    target: 'ServicePrincipal',
    add: 'Add service principal',
    update: 'Update service principal',
    delete: 'Remove service principal',
    hardDelete: 'Hard delete service principal',
    restore: 'Restore service principal',
    parts: { properties: credentials, activity: 'Add service principal credentials' },
  },
  conditionalAccessPolicy: {
    ...conditionalAccess,
    add: 'Add conditional access policy',
    update: 'Update conditional access policy',
    delete: 'Delete conditional access policy',
    restore: 'Restore conditional access policy',
    whole: 'ConditionalAccessPolicy',
  },
  namedLocation: {
    ...conditionalAccess,
    add: 'Add named location',
    update: 'Update named location',
    delete: 'Delete named location',
    restore: 'Restore named location',
    whole: 'NamedLocation',
  },
  authenticationContextClassReference: {
    ...conditionalAccess,
    add: 'Add AuthenticationContextClassReference',
    update: 'Update AuthenticationContextClassReference',
    delete: 'Delete AuthenticationContextClassReference',
  },
  authenticationStrengthPolicy: {
    ...methods,
    add: 'Authentication Strength Policy Create',
    update: 'Authentication Strength Policy Update',
    delete: 'Authentication Strength Policy Delete',
  },
  authenticationMethodsPolicy: {
    ...methods,
    target: 'N/A',
    update: 'Authentication Methods Policy Update',
    namedBy: { id: '00000000-0000-0000-0000-000000000000', displayName: 'Authentication Methods Policy' },
  },
  authorizationPolicy: {
    service: directory,
    category: 'AuthorizationPolicy',
    target: 'Policy',
    update: 'Update authorization policy',
    namedBy: { id: undefined, displayName: 'Authorization Policy' },
  },
  organization: {
    service: directory,
    category: 'DirectoryManagement',
    target: 'Directory',
    update: 'Set Company Information',
  },
};

/** What making and ending a link is called, by the type of its owner and its relation. */
export const linkActivities: Readonly<
  Record<string, Readonly<Record<string, { readonly add: string; readonly remove: string }>>>
> = {
  group: {
    members: { add: 'Add member to group', remove: 'Remove member from group' },
    owners: { add: 'Add owner to group', remove: 'Remove owner from group' },
  },
  application: { owners: { add: 'Add owner to application', remove: 'Remove owner from application' } },
  servicePrincipal: {
    owners: { add: 'Add owner to service principal', remove: 'Remove owner from service principal' },
  },
  user: {
    manager: { add: 'Set user manager', remove: 'Remove user manager' },
    sponsors: { add: 'Assign user as internal sponsor', remove: 'Remove user as internal sponsor' },
  },
};

/** What an app role assignment is called, by the type of whom the role is given to. */
export const assignmentActivities: Readonly<Record<string, { readonly add: string; readonly remove: string }>> = {
  user: { add: 'Add app role assignment grant to user', remove: 'Remove app role assignment from user' },
  group: { add: 'Add app role assignment to group', remove: 'Remove app role assignment from group' },
  servicePrincipal: {
    add: 'Add app role assignment to service principal',
    remove: 'Remove app role assignment from service principal',
  },
};

/** A grant whose scope grows or shrinks is logged as added, with both scopes. */
export const grantActivities = { add: 'Add delegated permission grant', remove: 'Remove delegated permission grant' };
