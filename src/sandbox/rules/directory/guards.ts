// An object of the directory in, refusals that several types share out: on-premises mastery, privileged targets, verified domains.
import { badRequest, type Context, denied, type GraphObject, type GraphRecord, type Reader } from '../../types.ts';

/** Refuses a change of an object that is mastered on-premises (reference 1.13). */
export function checkMastered(object: GraphRecord): void {
  if (object.onPremisesSyncEnabled !== true) return;
  throw badRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  );
}

/** True for members and owners of role-assignable groups, who count as administrators (reference 1.14). */
function isPrivileged(user: GraphObject, reader: Reader): boolean {
  return ['members', 'owners'].some((relation) =>
    reader.owners(relation, user.id).some((group) => reader.get('group', group)?.isAssignableToRole === true),
  );
}

/** 403 for what an application may not do to an administrator without a directory role of its own (reference 1.14). */
export function checkPrivileged(user: GraphObject, context: Context): void {
  if (!context.caller.privileged && isPrivileged(user, context.store)) throw denied();
}

/** Names of the tenant's verified domains, lower-case, the default one first. */
export function verifiedDomains(reader: Reader): string[] {
  const [organization] = [...reader.list('organization')];
  const domains = (organization?.verifiedDomains ?? []) as unknown as { name: string; isDefault?: boolean }[];
  return domains
    .toSorted((one, other) => Number(other.isDefault ?? false) - Number(one.isDefault ?? false))
    .map(({ name }) => name.toLowerCase());
}

/** The application or service principal that asks becomes owner of what it makes (reference 3.2, 3.3). */
export function ownByCaller(object: GraphObject, context: Context): void {
  const { store, caller } = context;
  if (store.targets('owners', object.id).length > 0 || !store.get('servicePrincipal', caller.servicePrincipalId))
    return;
  store.link('owners', object.id, caller.servicePrincipalId);
}
