// The permissions in a token and those that an operation needs in, whether it may be done out (reference 2.2).
import type { Permissions } from './types.ts';

/** Application permissions of Microsoft Graph that the served types know (reference 2.2). */
export const allPermissions: readonly string[] = [
  'AppRoleAssignment.ReadWrite.All',
  'Application.Read.All',
  'Application.ReadWrite.All',
  'AuditLog.Read.All',
  'AuthenticationContext.Read.All',
  'AuthenticationContext.ReadWrite.All',
  'CustomSecAttributeAssignment.Read.All',
  'CustomSecAttributeAssignment.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Device.ReadWrite.All',
  'Directory.Read.All',
  'Domain.Read.All',
  'Group.Read.All',
  'Group.ReadWrite.All',
  'GroupMember.Read.All',
  'GroupMember.ReadWrite.All',
  'Member.Read.Hidden',
  'OrgContact.Read.All',
  'Organization.Read.All',
  'Organization.ReadWrite.All',
  'Policy.Read.All',
  'Policy.Read.AuthenticationMethod',
  'Policy.Read.ConditionalAccess',
  'Policy.ReadWrite.AuthenticationMethod',
  'Policy.ReadWrite.Authorization',
  'Policy.ReadWrite.ConditionalAccess',
  'Policy.ReadWrite.SecurityDefaults',
  'RoleManagement.Read.Directory',
  'RoleManagement.ReadWrite.Directory',
  'User-LifeCycleInfo.Read.All',
  'User-LifeCycleInfo.ReadWrite.All',
  'User.DeleteRestore.All',
  'User.Read.All',
  'User.ReadWrite.All',
];

/** What the two Directory permissions let a token read besides (permissions reference, "Directory permissions"). */
const directoryRead = new Set(
  ['User', 'Group', 'GroupMember', 'Application', 'Organization', 'Device', 'Domain', 'OrgContact'].map(
    (name) => `${name}.Read.All`,
  ),
);

/** True where the granted permissions hold this one: by name, or by a wider one. */
function holds(granted: ReadonlySet<string>, wanted: string): boolean {
  if (granted.has(wanted)) return true;
  if (granted.has(wanted.replace('.Read.', '.ReadWrite.'))) return true;
  if (wanted === 'Directory.Read.All') return granted.has('Directory.ReadWrite.All');
  if (wanted.startsWith('Policy.Read.') && granted.has('Policy.Read.All')) return true;
  if (wanted === 'GroupMember.Read.All' && (granted.has('Group.Read.All') || granted.has('Group.ReadWrite.All')))
    return true;
  return directoryRead.has(wanted) && (granted.has('Directory.Read.All') || granted.has('Directory.ReadWrite.All'));
}

/** True where one of the alternatives is granted whole; an empty list asks for nothing. */
export function allowed(granted: ReadonlySet<string>, needed: Permissions): boolean {
  if (needed.length === 0) return true;
  return needed.some((one) => (typeof one === 'string' ? [one] : one).every((name) => holds(granted, name)));
}
