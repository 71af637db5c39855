// App roles and scopes before and after a write in, the refusal of what Graph does not let one do to them out (reference 3.3).
import { badRequest, GraphError, type GraphObject, type GraphRecord } from '../../types.ts';

/** The app roles and scopes of an application, with the word for where they stand. */
export function entitlements(application: GraphRecord): { roles: GraphRecord[]; scopes: GraphRecord[] } {
  const api = (application.api ?? {}) as GraphRecord;
  return {
    roles: (application.appRoles ?? []) as GraphRecord[],
    scopes: (api.oauth2PermissionScopes ?? []) as GraphRecord[],
  };
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Each entry has a GUID of its own and, where it has a value, one that no other has. */
export function checkEntitlements(application: GraphRecord): void {
  const { roles, scopes } = entitlements(application);
  for (const [entries, name] of [
    [roles, 'appRoles'],
    [scopes, 'api.oauth2PermissionScopes'],
  ] as const) {
    const values = entries.map(({ value }) => value).filter((value) => typeof value === 'string');
    const ids = entries.map(({ id }) => String(id).toLowerCase());
    if (!ids.every((id) => guid.test(id))) throw badRequest(`Invalid value specified for property 'id' of '${name}'.`);
    if (new Set(ids).size < ids.length || new Set(values).size < values.length) {
      throw badRequest('Request contains a property with duplicate values.');
    }
  }
  if (roles.some(({ allowedMemberTypes }) => !Array.isArray(allowedMemberTypes) || allowedMemberTypes.length === 0)) {
    throw badRequest("Invalid value specified for property 'allowedMemberTypes' of 'appRoles'.");
  }
  const api = (application.api ?? {}) as GraphRecord;
  const known = new Set(scopes.map(({ id }) => id));
  for (const client of (api.preAuthorizedApplications ?? []) as GraphRecord[]) {
    const unknown = ((client.delegatedPermissionIds ?? []) as string[]).find((id) => !known.has(id));
    if (unknown !== undefined) {
      throw badRequest(
        `Property PreAuthorizedApplication references applications ${String(client.appId)} that have permission ${unknown}, which cannot be found.`,
      );
    }
  }
}

/** An enabled entry can be disabled, and neither removed nor changed otherwise (reference 3.3, Update). */
export function checkEnabledEntitlements(before: GraphObject, after: GraphRecord): void {
  const [was, is] = [entitlements(before), entitlements(after)];
  for (const [old, now] of [
    [was.roles, is.roles],
    [was.scopes, is.scopes],
  ] as const) {
    for (const entry of old) {
      if (entry.isEnabled !== true) continue;
      const same = now.find(({ id }) => String(id).toLowerCase() === String(entry.id).toLowerCase());
      if (!same || content(same) !== content(entry)) {
        throw new GraphError(
          400,
          'CannotDeleteOrUpdateEnabledEntitlement',
          'Permission (scope or role) cannot be deleted or updated unless disabled first.',
        );
      }
    }
  }
}

/** All that counts as a change: set members without regard to order, unset and null alike, without the switch itself. */
function content(entry: GraphRecord): string {
  const pairs = Object.entries(entry)
    .filter(([name, value]) => !['isEnabled', 'origin'].includes(name) && value !== null)
    .map(([name, value]) => [name, Array.isArray(value) ? [...value].map(String).sort() : value]);
  return JSON.stringify(pairs.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
}
