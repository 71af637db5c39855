// The row that says all there is to know of one kind of object; every other part of the house is generic over these rows.
import { isArray, isObject, type Json, type JsonObject } from './json.ts';

/** Which throttling budget of Graph a request draws from; Conditional Access has its own: 1 request a second (reference 1.7). */
export type Lane = 'directory' | 'conditionalAccess' | 'policies';

/**
 * When a value can be written: `always`; only in the `create` request; `never` (read-only or computed);
 * `action`: changed by a request of its own that the row's `action` names (`POST …/<action>` with `{<attribute>: value}`); the create bears it.
 */
export type Write = 'always' | 'create' | 'never' | 'action';

/** Whom an attribute's value points to: the object of `kind` whose `by` attribute (default: its id) has that value. */
export interface Reference {
  readonly kind: string;
  readonly by?: 'id' | 'appId';
  /** The ids stand somewhere inside a longer text, such as a membership rule. */
  readonly inside?: true;
}

/**
 * What is to be known of one attribute path. A path is Graph's property names joined by dots; arrays add nothing to it
 * (`appRoles.id` is the id of each app role). Top-level paths are the allow-list of what is stored; deeper paths refine.
 * Unless a row says otherwise: an array is a set, null and absent and empty ([] and {}) are the same and are left out.
 */
export interface Attribute {
  /** Default `always` at the top level; deeper paths inherit. */
  readonly write?: Write;
  /** Name of the Graph action that writes it (`updateAllowedCombinations`); goes with `write: 'action'`. */
  readonly action?: string;
  /** The action takes what is to be added and removed, and not the whole value; goes with `write: 'action'`. */
  readonly difference?: Difference;
  /** Members that tell the items of a set of objects apart; without them the whole item is its own key. */
  readonly key?: readonly string[];
  /** The order of the items means something: keep it. */
  readonly sequence?: true;
  /** A text that is a set joined by this separator (`scope` by a space, flag enums by a comma). */
  readonly flags?: ' ' | ',' | ', ';
  /** Keep only these members of the object (or of each item): an allow-list below the top. */
  readonly only?: readonly string[];
  /** Changes by itself or copies another value: never stored, nor asked for (reference 2.3). */
  readonly noise?: true;
  /** It is noise on objects where one of these holds (what Microsoft edits on its own service principals). Top level only. */
  readonly noiseWhen?: readonly Condition[];
  /** An empty array or object means something else than an absent one: keep it. */
  readonly empty?: 'kept';
  /** Read only when this application permission is in the token: without it Graph refuses the whole request. */
  readonly guard?: string;
  readonly refersTo?: Reference;
  /** Graph refuses to create the object without it. */
  readonly required?: true;
  /** Microsoft's own recovery covers it (native.md section 2). */
  readonly native?: true;
  /** Writing it can give somebody access: the class that a recovery must be allowed to write. */
  readonly access?: AccessClass;
  /** It gives access only where this holds, before or after the write; default: always. */
  readonly accessWhen?: Condition;
  /** Writable on cloud objects only: on one that is synced from on-premises it is mastered there (reference 1.13). Default true. */
  readonly cloudOnly?: boolean;
}

/** How the body of an action says what is to change in a set of objects (`assignLicense`, reference 3.1). */
export interface Difference {
  /** Members of the body: the items to add or to change, each with its `members`; and the keys, by `key`, of those to remove. */
  readonly add: string;
  readonly remove: string;
  readonly key: string;
  readonly members: readonly string[];
  /** Items that have this member come from elsewhere (a licence from a group): they are not the action's to write. */
  readonly inherited?: string;
}

/** The value without the items that come from elsewhere: what can be written of it. */
export function ownItems({ difference }: Attribute, value: Json | undefined): Json | undefined {
  const inherited = difference?.inherited;
  if (inherited === undefined || !isArray(value)) return value;
  const own = value.filter((item) => !isObject(item) || (item[inherited] ?? null) === null);
  return own.length === 0 ? undefined : own;
}

/** What an access-giving change may give (see docs/recovery.md); a recovery needs each class named. */
export const accessClasses = [
  'privilegedGroup',
  'applicationPermission',
  'tenantConsent',
  'ownership',
  'credential',
  'trustedLocation',
  'policyExclusion',
  'policyDisabled',
  'redirectUri',
  'guestAccess',
  'authenticationMethod',
] as const;

export type AccessClass = (typeof accessClasses)[number];

/** An attribute's value that decides something about the whole object (`groupTypes` contains `DynamicMembership`). */
export interface Condition {
  readonly attribute: string;
  readonly contains?: string;
  readonly lacks?: string;
  readonly equals?: string | boolean;
  /** Both must hold. */
  readonly and?: Condition;
}

/** Does a condition hold for an object with these top-level attributes (raw from Graph or canonical)? */
export function holds(condition: Condition, attributes: JsonObject): boolean {
  const value = attributes[condition.attribute];
  const items = isArray(value) ? value : [];
  if (condition.contains !== undefined && !items.includes(condition.contains)) return false;
  if (condition.lacks !== undefined && items.includes(condition.lacks)) return false;
  if (condition.equals !== undefined && value !== condition.equals) return false;
  return condition.and === undefined || holds(condition.and, attributes);
}

/** A relationship that is stored with this end of it. */
export interface LinkKind {
  /** Kinds that the other end may be of; what is none of them is stored as `directoryObjects/<id>` or Graph's collection name. */
  readonly targets: readonly string[];
  readonly single?: true;
  /**
   * Where it is read from (reference 1.4, 1.5): `delta` in bulk by `<path>/delta?$select=<link>`; `expand` on the listing (on one of its own
   * where only some objects have it), complete up to 19 and read by list beyond; `list` per object, in batches of 20.
   */
  readonly read: 'delta' | 'expand' | 'list';
  /** How it is written: `$ref` links (reference 1.11), an object of its own posted to the list, or not at all. */
  readonly write: 'ref' | 'assignment' | 'never';
  /** Members of a listed item that are the link's target and its properties, where the item is no directory object (app role assignments). */
  readonly item?: { readonly target: string; readonly targetType?: string; readonly properties: readonly string[] };
  /** Only objects for which one of these holds have the link: the others are not asked for it. */
  readonly existsWhen?: readonly (Condition & { readonly equals: string })[];
  /** Clouds that do not have it (documentation of each request: "available in the following national cloud deployments"). */
  readonly absentIn?: readonly string[];
  /** Where this holds the link is computed by the server: not stored, never written. */
  readonly computedWhen?: Condition;
  /** Where this holds Graph shows the link only to a token with that permission, and to others as empty (reference 3.2). */
  readonly hiddenWhen?: Condition & { readonly permission: string };
  readonly native?: true;
  readonly access?: AccessClass;
  readonly accessWhen?: Condition;
  /** Writable on cloud objects only, as for attributes. Default true. */
  readonly cloudOnly?: boolean;
  /** Further application permissions that reading or writing this link needs. */
  readonly permissions?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
}

export type ContainedWrite = 'create' | 'update' | 'delete';

/** Objects that live inside another one, have requests of their own, and are stored as an array attribute of their owner. */
export interface Contained {
  /** The attribute, and the path segment below the owner. */
  readonly attribute: string;
  /** The member that tells them apart, and addresses them. */
  readonly key: string;
  /** Addressed by the alternate key, `<attribute>(<key>='…')`, and not by a path segment (reference 1.3). */
  readonly alternateKey?: true;
  /**
   * `inline`: comes with the owner; `expand`: by a listing of the owners with `$expand`, complete up to 19 and read per owner beyond; `list`:
   * read per owner, in batches of 20.
   */
  readonly read: 'inline' | 'expand' | 'list';
  /** Read only for owners where this holds. */
  readonly when?: Condition;
  /** Which requests there are for it; `update` alone means that its items exist by themselves. */
  readonly write: readonly ContainedWrite[];
  /** The same for items of these derived types, by `@odata.type`, where it differs. */
  readonly writeOf?: Readonly<Record<string, readonly ContainedWrite[]>>;
  /** Members that a create may bear and an update may not. */
  readonly createOnly?: readonly string[];
  /**
   * How an item goes that has no address of its own: by an action of its owner that takes its key, or by writing the list as it is then
   * without it (reference 3.3).
   */
  readonly removal?: { readonly action: string } | 'rewrite';
}

/** Can nobody make such an item again once it is deleted? (A secret is shown once, and a key only to whoever made it.) */
export function isIrrevocable({ write }: Pick<Contained, 'write'>): boolean {
  return write.includes('delete') && !write.includes('create');
}

export interface Deletion {
  /** `soft`: goes to a bin for 30 days and comes back with its id; `hard`: gone at once; `never`: cannot be deleted (reference 1.12). */
  readonly mode: 'soft' | 'hard' | 'never';
  /** Path of the bin's listing, with the type cast where Graph needs it. */
  readonly bin?: string;
  /** Path below which `<id>/restore` is posted; default: the bin's path without its cast. */
  readonly restore?: string;
  /** Clouds without this bin: a delete is for good there (reference 1.1). */
  readonly binAbsentIn?: readonly string[];
}

export interface Kind {
  /** Graph's collection or singleton name: the first half of refs, and the folder. */
  readonly name: string;
  /** Graph's type name, as reports and the API say it. */
  readonly type: string;
  /** Path below the version root. */
  readonly path: string;
  readonly version: 'v1.0' | 'beta';
  readonly lane: Lane;
  /** One object that always exists; its key is the kind's name, or the id that Graph gives where `key` says so. */
  readonly singleton?: true;
  /** What the key is made of: Graph's `id`, or attributes of a natural key joined by `_` (an absent one says `all`). */
  readonly key: 'id' | readonly string[];
  /** How Graph's own id follows from a natural key: base64url of the GUIDs in .NET byte order (reference 1.15). */
  readonly idFrom?: 'guids';
  /** May grow large: files are sharded by hex digits of the key. */
  readonly sharded: boolean;
  /** `$top`; absent where Graph does not take it (reference 1.4). */
  readonly pageSize?: number;
  /** Ask by `$select` for what the row lists; false where Graph does not take it, or derived types would be cut. */
  readonly select: boolean;
  /** Naming attributes, best first; default `displayName`. */
  readonly names?: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly links: Readonly<Record<string, LinkKind>>;
  readonly contained?: readonly Contained[];
  readonly deletion: Deletion;
  /** Can Graph make one anew (`POST` to the path, or an upsert)? */
  readonly creation: 'post' | 'upsert' | 'never';
  /** Derived types need `@odata.type` in every write. */
  readonly typed?: true;
  /** Graph demands a password at creation; none is stored, so one is made up, to be changed at the first sign-in (reference 3.1). */
  readonly newPassword?: true;
  /** Least application permissions (reference 2.2). */
  readonly permissions: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    /** Needed for a part of the kind only, and for which. */
    readonly optional?: readonly {
      readonly permission: string;
      readonly access: 'read' | 'write';
      readonly for: string;
    }[];
  };
  /**
   * Begins of the names of activities by which the audit log says that one was changed, where its entries do not name it by its own id
   * (reference 1.16): a singleton, or a natural key, whose first two ids they name then.
   */
  readonly activities?: readonly string[];
  /** Microsoft's own recovery: the name it has for this kind (native.md 1.3), absent where it has none. */
  readonly native?: string;
  /**
   * Conditions under which an object of this kind is never written, with the reason (a first-party service principal). Links that are
   * objects of their own (`write: 'assignment'`) stay writable: app roles of Microsoft Graph are assigned on such a service principal.
   */
  readonly readOnlyWhen?: readonly (Condition & { readonly because: string })[];
  /** Conditions under which a deleted object cannot be made anew by Graph, with the reason (a guest is invited, not created). */
  readonly notCreatedWhen?: readonly (Condition & { readonly because: string })[];
  /** Clouds that do not have it (reference 1.1). */
  readonly absentIn?: readonly string[];
  /**
   * A delta query tells of every change to what is stored (reference 1.5), but of the links and contained objects in `besides`, of which a
   * listing with `$expand` tells whether they are as they were. Absent: only reading all of the kind tells what changed.
   */
  readonly tracked?: { readonly besides: readonly string[] };
}

/** The attributes that may name an object of this kind, best first. */
export function nameAttributes(kind: Kind | undefined): readonly string[] {
  return kind?.names ?? ['displayName'];
}

/** What an object of this kind cannot be without: the references of its attributes that Graph demands (a service principal's application). */
export function requiredReferences(kind: Kind): Reference[] {
  return Object.values(kind.attributes).flatMap(({ required, refersTo }) =>
    required === true && refersTo !== undefined ? [refersTo] : [],
  );
}

const rowsByCloud = new Map<string, WeakMap<Kind, Kind>>();

/** A kind as a cloud has it: without the links that there are not. */
export function kindIn(cloud: string, kind: Kind): Kind {
  const absent = Object.keys(kind.links).filter((link) => kind.links[link]!.absentIn?.includes(cloud));
  if (absent.length === 0) return kind;
  const rows = rowsByCloud.get(cloud) ?? new WeakMap<Kind, Kind>();
  rowsByCloud.set(cloud, rows);
  const known = rows.get(kind);
  if (known !== undefined) return known;
  const links = Object.fromEntries(Object.entries(kind.links).filter(([link]) => !absent.includes(link)));
  const tracked = kind.tracked && { besides: kind.tracked.besides.filter((part) => !absent.includes(part)) };
  const row: Kind = { ...kind, links, ...(tracked && { tracked }) };
  rows.set(kind, row);
  return row;
}

/** The kinds by name, in the order they are read and shown. */
export type Kinds = ReadonlyMap<string, Kind>;
