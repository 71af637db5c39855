// What services of others declare: Microsoft Graph's application permissions by id, and the roles that a tenant can tell from their assignments.
import type { GraphObject, GraphRecord } from '../../types.ts';

/** Microsoft Graph's own application id, the same in every tenant. */
const graphAppId = '00000003-0000-0000-c000-000000000000';

/** Ids of Microsoft Graph's application permissions, the same in every tenant (Microsoft Graph permissions reference). */
const graphPermissions: Readonly<Record<string, string>> = {
  'df021288-bdef-4463-88db-98f22de89214': 'User.Read.All',
  '741f803b-c850-494e-b5df-cde7c675a1ca': 'User.ReadWrite.All',
  '5b567255-7703-4780-807c-7be8301ae99b': 'Group.Read.All',
  '62a82d76-70ea-41e2-9197-370581804d09': 'Group.ReadWrite.All',
  '98830695-27a2-44f7-8c18-0c3ebc9698f6': 'GroupMember.Read.All',
  'dbaae8cf-10b5-4b86-a4a1-f871c94c6695': 'GroupMember.ReadWrite.All',
  '7ab1d382-f21e-4acd-a863-ba3e13f7da61': 'Directory.Read.All',
  '19dbc75e-c2e2-444c-a770-ec69d8559fc7': 'Directory.ReadWrite.All',
  '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30': 'Application.Read.All',
  '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9': 'Application.ReadWrite.All',
  '18a4783c-866b-4cc7-a460-3d5e5662c884': 'Application.ReadWrite.OwnedBy',
  '06b708a9-e830-4db3-a914-8e69da51d44f': 'AppRoleAssignment.ReadWrite.All',
  '8e8e4742-1d95-4f68-9d56-6ee75648c72a': 'DelegatedPermissionGrant.ReadWrite.All',
  '246dd0d5-5bd0-4def-940b-0421030a5b68': 'Policy.Read.All',
  '37730810-e9ba-4e46-b07e-8ca78d182097': 'Policy.Read.ConditionalAccess',
  '01c0a623-fc9b-48e9-b794-0756f8e8f067': 'Policy.ReadWrite.ConditionalAccess',
  '29c18626-4985-4dcd-85c0-193eef327366': 'Policy.ReadWrite.AuthenticationMethod',
  'fb221be6-99f2-473f-bd32-01c6a0e9ca3b': 'Policy.ReadWrite.Authorization',
  '483bed4a-2ad3-4361-a73b-c83ccdbdc53c': 'RoleManagement.Read.Directory',
  '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8': 'RoleManagement.ReadWrite.Directory',
  '498476ce-e0fe-48b0-b801-37ba7e2685c6': 'Organization.Read.All',
  '292d869f-3427-49a8-9dab-8c70152b74e9': 'Organization.ReadWrite.All',
  'b0afded3-3588-46d8-8b3d-9842eff778da': 'AuditLog.Read.All',
  '7438b122-aefc-4978-80ed-43db9fcc7715': 'Device.Read.All',
  '09850681-111b-4a89-9bed-3f2cae46d706': 'User.Invite.All',
  'b633e1c5-b582-4048-a93e-9f11b44c7e96': 'Mail.Send',
};

/** The role without a declaration: default access. */
const defaultAccess = '00000000-0000-0000-0000-000000000000';

function declared(id: string, value: string): GraphRecord {
  return {
    allowedMemberTypes: ['User', 'Application'],
    description: value,
    displayName: value,
    id,
    isEnabled: true,
    origin: 'Application',
    value,
  };
}

/**
 * The app roles of a service that is not this tenant's own: those it says it has, Microsoft Graph's permissions, and every
 * role that is assigned on it, for what is assigned was declared.
 */
export function foreignRoles(principal: GraphObject, assigned: Iterable<string>): GraphRecord[] {
  const roles = [...((principal.appRoles ?? []) as GraphRecord[])];
  const known = new Set(roles.map(({ id }) => String(id).toLowerCase()));
  const isGraph = principal.appId === graphAppId;
  for (const id of [...(isGraph ? Object.keys(graphPermissions) : []), ...assigned]) {
    if (known.has(id) || id === defaultAccess) continue;
    known.add(id);
    roles.push(declared(id, (isGraph ? graphPermissions[id] : undefined) ?? `Role.${id.slice(0, 8)}`));
  }
  return roles;
}
