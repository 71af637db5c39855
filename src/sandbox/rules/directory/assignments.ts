// The rules of appRoleAssignment and oAuth2PermissionGrant (reference 3.5, 3.6).
import { badRequest, type Context, type EntityType, GraphError, type GraphRecord, notFound } from '../../types.ts';
import { guidBytes, joinedId } from './identifiers.ts';
import { rolesOf } from './service-principals.ts';

const noRole = '00000000-0000-0000-0000-000000000000';
/** App role assignments that one principal can hold (limits page). */
const mostAssignments = 1500;

export const appRoleAssignments: EntityType = {
  type: 'appRoleAssignment',
  path: 'appRoleAssignments',
  unlisted: true,
  methods: ['list', 'get', 'create', 'delete'],
  ends: ['principalId', 'resourceId'],
  permissions: {
    read: ['Application.Read.All'],
    write: [['AppRoleAssignment.ReadWrite.All', 'Application.Read.All']],
  },
  readOnly: ['createdDateTime', 'principalDisplayName', 'principalType', 'resourceDisplayName'],
  required: ['principalId', 'resourceId', 'appRoleId'],
  identify: (body, { store }) =>
    Buffer.concat([guidBytes(String(body.principalId)), opaque(store)]).toString('base64url'),
  defaults: (_body, { store }) => ({ createdDateTime: store.timestamp() }),
  checkCreate(body, context) {
    const [principalId, resourceId, appRoleId] = [body.principalId, body.resourceId, body.appRoleId].map((id) =>
      String(id).toLowerCase(),
    ) as [string, string, string];
    const principal = context.store.locate(principalId);
    const resource = context.store.get('servicePrincipal', resourceId);
    if (!principal || !['user', 'group', 'servicePrincipal'].includes(principal.type)) throw notFound(principalId);
    if (!resource) throw notFound(resourceId);
    // A fresh principal or resource that this replica does not see yet (reference 1.8).
    if (!context.reader.locate(principalId) || !context.reader.get('servicePrincipal', resourceId)) {
      throw badRequest('Not a valid reference update.');
    }
    if (!rolesUnknown(resource)) checkRole(appRoleId, principal.type, rolesOf(resource, context.reader));
    const held = context.store.find('appRoleAssignment', 'principalId', principalId);
    if (held.some((each) => each.resourceId === resourceId && each.appRoleId === appRoleId)) {
      throw badRequest('Permission being assigned already exists on the object');
    }
    if (held.length >= mostAssignments)
      throw new GraphError(
        403,
        'Directory_QuotaExceeded',
        'The directory object quota limit for the Principal has been exceeded.',
      );
  },
  settle: (assignment, _before, { store }) => ({
    ...assignment,
    principalId: String(assignment.principalId).toLowerCase(),
    resourceId: String(assignment.resourceId).toLowerCase(),
    appRoleId: String(assignment.appRoleId).toLowerCase(),
    principalType: typeName(store.locate(String(assignment.principalId).toLowerCase())?.type),
  }),
  present: (assignment, { reader }) => ({
    principalDisplayName: reader.locate(String(assignment.principalId))?.object.displayName ?? null,
    resourceDisplayName: reader.locate(String(assignment.resourceId))?.object.displayName ?? null,
  }),
};

const typeName = (type: string | undefined) =>
  type === undefined ? null : type.charAt(0).toUpperCase() + type.slice(1);

function opaque(store: Context['store']): Buffer {
  return guidBytes(store.newId());
}

/** The tenants that own Microsoft's own services (reference 3.4). */
const microsoftTenants = ['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47'];

/** A seed need not hold the hundreds of roles of Microsoft's own services, which change weekly (reference 2.3); then any may be assigned. */
function rolesUnknown(resource: GraphRecord): boolean {
  const roles = (resource.appRoles ?? []) as unknown[];
  return roles.length === 0 && microsoftTenants.includes(String(resource.appOwnerOrganizationId));
}

/** The role is there, enabled, and meant for principals of this type; none at all only where the resource declares none (reference 3.5). */
function checkRole(appRoleId: string, principalType: string, roles: readonly GraphRecord[]): void {
  if (appRoleId === noRole) {
    if (roles.length === 0) return;
    throw badRequest(
      'Permission being assigned was not found on application: the default access role needs a resource without app roles.',
    );
  }
  const role = roles.find(({ id }) => String(id).toLowerCase() === appRoleId);
  if (!role) throw badRequest(`Permission being assigned was not found on application '${appRoleId}'.`);
  const member = principalType === 'servicePrincipal' ? 'Application' : 'User';
  if (role.isEnabled !== true || !((role.allowedMemberTypes ?? []) as string[]).includes(member)) {
    throw badRequest(
      'Not a valid permission for the principal: the app role is disabled or not meant for principals of this type.',
    );
  }
}

export const oauth2PermissionGrants: EntityType = {
  type: 'oAuth2PermissionGrant',
  path: 'oauth2PermissionGrants',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  delta: true,
  ends: ['clientId', 'resourceId', 'principalId'],
  permissions: {
    read: ['Directory.Read.All', 'DelegatedPermissionGrant.Read.All'],
    write: ['DelegatedPermissionGrant.ReadWrite.All'],
  },
  readOnly: [],
  createOnly: ['clientId', 'consentType', 'principalId', 'resourceId'],
  required: ['clientId', 'consentType', 'resourceId'],
  // The same three give the same id again (reference 1.15).
  identify: (body) =>
    joinedId(...[body.clientId, body.resourceId, body.principalId].filter((id) => typeof id === 'string').map(String)),
  checkCreate(body, context) {
    const { clientId, resourceId, principalId, consentType } = body;
    if (consentType !== 'AllPrincipals' && consentType !== 'Principal') {
      throw badRequest("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.");
    }
    if ((consentType === 'Principal') !== (typeof principalId === 'string')) {
      throw badRequest("Invalid value specified for property 'principalId' of resource 'OAuth2PermissionGrant'.");
    }
    checkScope(body);
    for (const [id, type] of [
      [clientId, 'servicePrincipal'],
      [resourceId, 'servicePrincipal'],
      [principalId, 'user'],
    ] as const) {
      if (typeof id === 'string' && !context.reader.get(type, id.toLowerCase())) {
        throw badRequest(
          `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
        );
      }
    }
    if (context.store.get('oAuth2PermissionGrant', oauth2PermissionGrants.identify?.(body, context) ?? '')) {
      throw new GraphError(409, 'Request_MultipleObjectsWithSameKeyValue', 'Permission entry already exists.');
    }
  },
  checkUpdate(_before, patch) {
    checkScope(patch);
  },
  settle: (grant) => ({
    ...grant,
    clientId: String(grant.clientId).toLowerCase(),
    resourceId: String(grant.resourceId).toLowerCase(),
    principalId: typeof grant.principalId === 'string' ? grant.principalId.toLowerCase() : null,
  }),
};

function checkScope({ scope }: GraphRecord): void {
  if (typeof scope === 'string' && scope.length > 3850) {
    throw badRequest("Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'.");
  }
}
