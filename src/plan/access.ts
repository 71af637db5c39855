// Access: which changes give somebody access, by class; each class must be allowed by name before a recovery makes such a change.
import { attributeAt, itemKey } from '../model/canonical.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type AccessClass, holds, type Kind } from '../model/kind.ts';

/** What each class lets through, for `--help`, the plan's own words and docs/recovery.md. */
export const accessMeanings: Readonly<Record<AccessClass, string>> = {
  privilegedGroup: 'groups that directory roles may be assigned to: making them, and their members and owners',
  applicationPermission:
    "application permissions of Microsoft Graph (and of Microsoft's other services: app roles, which act without a user)",
  tenantConsent: 'consent for all users of the tenant (delegated permission grants of type AllPrincipals)',
  ownership: 'owners of applications and service principals, who can add credentials to them',
  credential: 'credentials: federated identity credentials, and applications that come back from the bin with theirs',
  trustedLocation: 'named locations that count as trusted',
  policyExclusion: 'exclusions from Conditional Access policies',
  policyDisabled: 'Conditional Access policies that no longer enforce',
  redirectUri: 'redirect URIs of applications, where tokens are sent',
  guestAccess: 'what guests may do, who may invite them, and inviting them again',
  authenticationMethod: 'authentication methods: switching them on, or for more people',
};

/** Microsoft Graph's own application id (the same in every tenant and cloud), and the tenants that own Microsoft's other services (reference 3.4). */
const graphAppId = '00000003-0000-0000-c000-000000000000';
const microsoftTenants = ['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47'];

/** A change to one top-level attribute, as an access rule sees it. */
export interface ValueChange {
  readonly kind: Kind;
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** The object's attributes as they are, `{}` where it is not there, and as they will be. */
  readonly objectBefore: JsonObject;
  readonly object: JsonObject;
  /** The object is there now: an exclusion in a policy that does not exist yet takes nothing away. */
  readonly exists: boolean;
}

/** Does a value change at a path that a row marks with this class give access? Removing never does, but for what enforces. */
const gives: Readonly<Record<AccessClass, (change: ValueChange) => boolean>> = {
  privilegedGroup: grows,
  applicationPermission: grows,
  tenantConsent: grows,
  ownership: grows,
  credential: grows,
  trustedLocation: ({ after, object }) => object.isTrusted === true && after !== undefined,
  policyExclusion: (change) => change.exists && grows(change),
  policyDisabled: ({ before, after, exists }) => exists && before === 'enabled' && after !== 'enabled',
  redirectUri: (change) => change.exists && grows(change),
  guestAccess: ({ after }) => after !== undefined,
  authenticationMethod: ({ after }) => after !== undefined && after !== 'disabled',
};

/** The classes of access that changing one top-level attribute gives; the row marks which paths may. */
export function accessOfValue(change: ValueChange): AccessClass[] {
  const found = new Set<AccessClass>();
  visit(change);
  return [...found];

  function visit(at: ValueChange): void {
    const { access, accessWhen } = attributeAt(at.kind, at.path);
    const applies = accessWhen === undefined || [at.objectBefore, at.object].some((side) => holds(accessWhen, side));
    if (access !== undefined && applies && gives[access](at)) found.add(access);
    const before = byKey(at.kind, at.path, at.before);
    const after = byKey(at.kind, at.path, at.after);
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      const [left, right] = [before.get(key), after.get(key)];
      for (const name of new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]))
        visit({ ...at, path: `${at.path}.${name}`, before: left?.[name], after: right?.[name] });
    }
  }
}

/** The object itself, or the items of an array that are objects, by the key that the row tells them apart by. */
function byKey(kind: Kind, path: string, value: Json | undefined): Map<string, JsonObject> {
  if (isObject(value)) return new Map([['', value]]);
  if (!isArray(value)) return new Map();
  const { key } = attributeAt(kind, path);
  const name = (item: JsonObject) =>
    key === undefined ? itemKey(item, undefined) : key.map((member) => String(item[member])).join(' ');
  return new Map(value.filter(isObject).map((item) => [name(item), item]));
}

/** Is there something after that was not there before? */
function grows({ kind, path, before, after }: ValueChange): boolean {
  if (after === undefined || after === null || after === false) return false;
  const { key, flags } = attributeAt(kind, path);
  if (isArray(after)) {
    const known = new Set((isArray(before) ? before : []).map((item) => itemKey(item, key)));
    return after.some((item) => !known.has(itemKey(item, key)));
  }
  if (flags !== undefined && typeof after === 'string') {
    const known = new Set(typeof before === 'string' ? before.split(flags) : []);
    return after.split(flags).some((flag) => !known.has(flag));
  }
  if (isObject(after)) return !isObject(before) || Object.keys(after).some((name) => !Object.hasOwn(before, name));
  return after !== before;
}

/** The classes of access that a new link gives; `owner` are the attributes of the object that the link is stored with. */
export function accessOfLink(kind: Kind, link: string, owner: JsonObject): AccessClass[] {
  const { access, accessWhen } = kind.links[link] ?? {};
  if (access === undefined || (accessWhen !== undefined && !holds(accessWhen, owner))) return [];
  const ofMicrosoft = owner.appId === graphAppId || microsoftTenants.includes(String(owner.appOwnerOrganizationId));
  return access === 'applicationPermission' && !ofMicrosoft ? [] : [access];
}

/** What an object brings with it, from the bin or made anew: the classes of all that it holds and the row marks. */
export function accessOfObject(kind: Kind, object: JsonObject, names = Object.keys(object)): AccessClass[] {
  const found = new Set<AccessClass>();
  for (const path of names) {
    const change = { kind, path, before: undefined, after: object[path], objectBefore: {}, object, exists: false };
    for (const one of accessOfValue(change)) found.add(one);
  }
  return [...found];
}
