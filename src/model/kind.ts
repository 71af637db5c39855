// The row that says all there is to know of one kind of object; every other part of the house is generic over these rows.

/** Which throttling budget of Graph a request draws from; Conditional Access has its own: 1 request a second (reference 1.7). */
export type Lane = 'directory' | 'conditionalAccess' | 'policies';

/**
 * When a value can be written: `always`; only in the `create` request; `never` (read-only or computed);
 * `action`: by a request of its own that the row's `action` names.
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
  /** Members that tell the items of a set of objects apart; without them the whole item is its own key. */
  readonly key?: readonly string[];
  /** The order of the items means something: keep it. */
  readonly sequence?: true;
  /** A text that is a set joined by this separator (`scope` by a space, flag enums by a comma). */
  readonly flags?: ' ' | ',' | ', ';
  /** Keep only these members of the object (or of each item): an allow-list below the top. */
  readonly only?: readonly string[];
  /** Changes by itself or copies another value: never stored (reference 2.3). */
  readonly noise?: true;
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
  /** Mastered on-premises on a synced object: not writable there (reference 1.13). Default true for users and groups' attributes. */
  readonly cloudOnly?: true;
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
  readonly equals?: string | boolean;
}

/** A relationship that is stored with this end of it. */
export interface LinkKind {
  /** Kinds that the other end may be of; what is none of them is stored as `directoryObjects/<id>` or Graph's collection name. */
  readonly targets: readonly string[];
  readonly single?: true;
  /**
   * Where it is read from (reference 1.4, 1.5): `delta` in bulk by `<path>/delta?$select=<link>`; `expand` on the listing, complete up to 19
   * and read by list beyond; `list` per object, in batches of 20.
   */
  readonly read: 'delta' | 'expand' | 'list';
  /** How it is written: `$ref` links (reference 1.11), an object of its own posted to the list, or not at all. */
  readonly write: 'ref' | 'assignment' | 'never';
  /** Members of a listed item that are the link's target and its properties, where the item is no directory object (app role assignments). */
  readonly item?: { readonly target: string; readonly targetType?: string; readonly properties: readonly string[] };
  /** Where this holds the link is computed by the server: not stored, never written. */
  readonly computedWhen?: Condition;
  readonly native?: true;
  readonly access?: AccessClass;
  /** Further application permissions that reading or writing this link needs. */
  readonly permissions?: { readonly read?: readonly string[]; readonly write?: readonly string[] };
}

/** Objects that live inside another one, have requests of their own, and are stored as an array attribute of their owner. */
export interface Contained {
  /** The attribute, and the path segment below the owner. */
  readonly attribute: string;
  /** The member that tells them apart, and addresses them. */
  readonly key: string;
  /** `inline`: comes with the owner; `list`: read per owner, in batches of 20. */
  readonly read: 'inline' | 'list';
  /** Read only for owners where this holds. */
  readonly when?: Condition;
  /** Which requests there are for it; `update` alone means that its items exist by themselves. */
  readonly write: readonly ('create' | 'update' | 'delete')[];
  /** Members that a create may bear and an update may not. */
  readonly createOnly?: readonly string[];
}

export interface Deletion {
  /** `soft`: goes to a bin for 30 days and comes back with its id; `hard`: gone at once; `never`: cannot be deleted (reference 1.12). */
  readonly mode: 'soft' | 'hard' | 'never';
  /** Path of the bin's listing, with the type cast where Graph needs it. */
  readonly bin?: string;
  /** Path below which `<id>/restore` is posted; default: the bin's path without its cast. */
  readonly restore?: string;
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
  /** Least application permissions (reference 2.2). */
  readonly permissions: { readonly read: readonly string[]; readonly write: readonly string[] };
  /** Microsoft's own recovery: the name it has for this kind (native.md 1.3), absent where it has none. */
  readonly native?: string;
  /** Conditions under which an object of this kind is never written, with the reason (a first-party service principal). */
  readonly readOnlyWhen?: readonly (Condition & { readonly because: string })[];
  /** Clouds that do not have it (reference 1.1). */
  readonly absentIn?: readonly string[];
}

/** The attributes that may name an object of this kind, best first. */
export function nameAttributes(kind: Kind | undefined): readonly string[] {
  return kind?.names ?? ['displayName'];
}

/** The kinds by name, in the order they are read and shown. */
export type Kinds = ReadonlyMap<string, Kind>;
