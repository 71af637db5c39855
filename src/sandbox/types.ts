// The words that the sandbox's parts share: objects, errors, the store, and the rules of one Graph type as data and functions.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A JSON object; absent properties are absent, cleared ones are null. */
export interface GraphRecord {
  [property: string]: Json;
}

/** An object of an entity type, as it is stored: plain JSON with its id, contained children as arrays. */
export interface GraphObject extends GraphRecord {
  id: string;
}

/** An object and what it is. */
export interface Item {
  readonly type: string;
  readonly object: GraphObject;
}

/** What Graph answers when it refuses (reference 1.8); thrown from anywhere below the router. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: readonly { code: string; message: string; target?: string }[];

  constructor(
    status: number,
    code: string,
    message: string,
    more: { headers?: Record<string, string>; details?: { code: string; message: string; target?: string }[] } = {},
  ) {
    super(message);
    this.name = 'GraphError';
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.details = more.details ?? [];
  }
}

/** 400 `Request_BadRequest`, the directory's refusal of a body or a query (reference 1.8). */
export function badRequest(message: string): GraphError {
  return new GraphError(400, 'Request_BadRequest', message);
}

/** 404 as the directory says it (reference 1.8), also for objects that a replica does not see yet. */
export function notFound(id: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

/** 403 `Authorization_RequestDenied` (reference 1.8). */
export function denied(message = 'Insufficient privileges to complete the operation.'): GraphError {
  return new GraphError(403, 'Authorization_RequestDenied', message);
}

/** The headers of a request, by name in any case. */
export interface HeaderFields {
  get(name: string): string | null;
}

/** 403 as a tenant without a premium licence gets it (reference 1.8). */
export function unlicensed(): GraphError {
  return new GraphError(
    403,
    'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
    "Neither tenant is B2C or tenant doesn't have premium license",
  );
}

/** What a handler answers; a body that is undefined is no body at all. */
export interface Answer {
  readonly status: number;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reading objects and links. Soft-deleted objects are not there, nor links from or to them. */
export interface Reader {
  get(type: string, id: string): GraphObject | undefined;
  /** The objects whose property equals the value, or, for a collection property, contains it. Indexed for identifying properties. */
  find(type: string, property: string, value: string): readonly GraphObject[];
  /** Any object by its id, with its type (`user`, `group`, `conditionalAccessPolicy`, …). */
  locate(id: string): { readonly type: string; readonly object: GraphObject } | undefined;
  /** The type of the object that has this id, without reading the object. */
  typeOf(id: string): string | undefined;
  list(type: string): Iterable<GraphObject>;
  /** Objects from a position on; `next` is undefined after the last one. Positions stay valid while objects come and go. */
  page(
    type: string,
    from: number,
    limit: number,
  ): { readonly objects: readonly GraphObject[]; readonly next: number | undefined };
  count(type: string): number;
  /** Ids at the other end of a relation (`members`, `owners`, `manager`, …) of one object, in the order they were linked. */
  targets(relation: string, owner: string): readonly string[];
  /** Ids of the objects whose relation holds this one. */
  owners(relation: string, target: string): readonly string[];
  linked(relation: string, owner: string, target: string): boolean;
}

export type Bin = 'directory' | 'conditionalAccess';

/** A soft-deleted object; the object bears its `deletedDateTime`. */
export interface Binned {
  readonly type: string;
  readonly object: GraphObject;
}

/** One line of the change log that delta queries are answered from. */
export interface Change {
  readonly sequence: number;
  readonly at: number;
  readonly type: string;
  readonly id: string;
  /** The properties that were written, or undefined for all. */
  readonly properties?: readonly string[];
  /** `changed`: soft-deleted; `deleted`: gone for good (reference 1.5). */
  readonly removed?: 'changed' | 'deleted';
  readonly relation?: string;
  readonly target?: string;
  readonly unlinked?: true;
}

/** The tenant's truth. Writes take effect at once; replicas (other Readers) may see them later. */
export interface Store extends Reader {
  readonly tenantId: string;
  /** The sandbox's clock, which tests may turn. */
  now(): Date;
  /** `2026-08-01T10:00:00Z` of the clock. */
  timestamp(): string;
  /** A GUID from the seed: the same sequence in every run. */
  newId(): string;
  /** A number in [0, 1) from the seed. */
  random(): number;
  put(type: string, object: GraphObject, changed?: readonly string[]): void;
  /** Gone at once, with its links, from wherever it is (also from a bin). */
  remove(type: string, id: string): void;
  bury(type: string, id: string, bin: Bin): void;
  /** Brings an object back out of its bin with its links; the caller has checked that nothing clashes. */
  restore(id: string): GraphObject;
  binned(bin: Bin, id: string): Binned | undefined;
  listBin(bin: Bin, type?: string): Iterable<Binned>;
  /** The names of all relations that anything is linked by. */
  relations(): readonly string[];
  link(relation: string, owner: string, target: string): void;
  unlink(relation: string, owner: string, target: string): void;
  /** Writes whose changes appear in no delta, as Microsoft's own recovery jobs make them (reference 1.5). */
  silently(writes: () => void): void;
  changesSince(sequence: number): readonly Change[];
  lastSequence(): number;
}

/** Who asks: an application and its service principal, with the permissions in its token, or a user by way of an application. */
export interface Caller {
  readonly appId: string;
  readonly servicePrincipalId: string;
  readonly permissions: ReadonlySet<string>;
  /** Holds a directory role that lets it touch privileged users (reference 1.14). */
  readonly privileged: boolean;
  /** The user for whom the application asks, where the token is delegated. */
  readonly user?: {
    readonly id: string;
    readonly displayName: string;
    readonly userPrincipalName: string;
    readonly ipAddress: string;
  };
}

/** What a rule may look at while one request is served. */
export interface Context {
  readonly store: Store;
  /** The replica that serves this request: may not see the newest writes. */
  readonly reader: Reader;
  readonly caller: Caller;
  readonly version: 'v1.0' | 'beta';
  readonly method: string;
  /** Path below the version root, decoded, without the query. */
  readonly path: string;
  readonly headers: HeaderFields;
  /** True where the caller's token has one of these permissions (`X.ReadWrite.Y` counts as `X.Read.Y`). */
  may(...permissions: string[]): boolean;
  /** The rules of another type. */
  rules(type: string): EntityType | undefined;
  /** Keeps a secret that can be used at the token endpoint, and never read. */
  keepSecret(holder: string, keyId: string, secret: string): void;
}

/**
 * Application permissions: any one of the outer list suffices; a list inside means that all of it is needed.
 * `X.ReadWrite.Y` counts as `X.Read.Y` for reading, and `Directory.Read(Write).All` covers what Graph lets it cover.
 */
export type Permissions = readonly (string | readonly string[])[];

/** A navigation collection of references to other objects, written by `$ref` (reference 1.11). */
export interface LinkRule {
  /** Types that may be linked. */
  readonly targets: readonly string[];
  /** A single reference, set by `PUT …/$ref` and cleared by `DELETE …/$ref`. */
  readonly single?: true;
  /** Read only, because it is the other side of this relation (`memberOf` is the inverse of `members`). */
  readonly inverseOf?: string;
  /** The link is still there after the target was soft-deleted and restored (reference 3.1 Delete); else it is lost at deletion. */
  readonly survivesBin?: true;
  /** The link is lost when its owner is soft-deleted. */
  readonly lostWithOwner?: true;
  readonly maximum?: number;
  /** Replace the type's own permissions for this relation. */
  readonly read?: Permissions;
  readonly write?: Permissions;
  /** Throws a GraphError where the link may not be made or ended. */
  checkAdd?(owner: GraphObject, target: { type: string; object: GraphObject }, context: Context): void;
  checkRemove?(owner: GraphObject, target: string, context: Context): void;
}

/** A contained navigation collection with requests of its own, stored as an array property of its owner. */
export interface ChildRule {
  readonly type: string;
  /** The property that addresses a child, and its alternate key (`federatedIdentityCredentials(name='x')`) where Graph has one. */
  readonly key: string;
  readonly alternateKey?: string;
  /** The children come with every read of the owner (auto-expanded). */
  readonly inline?: true;
  readonly methods: readonly ('list' | 'get' | 'create' | 'update' | 'delete')[];
  readonly derived?: readonly string[];
  readonly readOnly?: readonly string[];
  readonly createOnly?: readonly string[];
  readonly required?: readonly string[];
  readonly maximum?: number;
  defaults?(body: GraphRecord, owner: GraphObject, context: Context): GraphRecord;
  check?(child: GraphRecord, before: GraphRecord | undefined, owner: GraphObject, context: Context): void;
  /** What DELETE leaves: undefined removes the child, a record replaces it (a built-in method configuration is reset). */
  remove?(child: GraphRecord, owner: GraphObject, context: Context): GraphRecord | undefined;
}

/** A navigation collection of objects that have a type of their own and name this object in a property (`appRoleAssignedTo`). */
export interface RelatedRule {
  readonly type: string;
  readonly by: string;
  readonly methods: readonly ('list' | 'get' | 'create' | 'delete')[];
  /** Replaces the type's own read permissions. */
  readonly read?: Permissions;
}

/** A bound action or function below an object, such as `addPassword`, `updateAllowedCombinations`, `usage`. */
export interface ActionRule {
  readonly method: 'GET' | 'POST';
  readonly permissions?: Permissions;
  run(object: GraphObject, body: GraphRecord, context: Context): Answer;
}

/**
 * All that the sandbox knows of one entity type beyond Microsoft's published types (metadata.ts).
 * `rules/directory/index.ts` exports `directoryTypes`, `rules/policies/index.ts` exports `policyTypes`, both `readonly EntityType[]`.
 */
export interface EntityType {
  /** Graph's type name without namespace: `conditionalAccessPolicy`. */
  readonly type: string;
  /** Collection or singleton below the version root: `identity/conditionalAccess/policies`. */
  readonly path: string;
  /** Further paths of the same collection (`policies/conditionalAccessPolicies`). */
  readonly aliases?: readonly string[];
  /** Folder name of the seed (`state/<kind>/<key>.yaml`); default: the last segment of the path. */
  readonly kind?: string;
  /** One object that always exists, served at the path itself. */
  readonly singleton?: true;
  /** What the collection takes; `upsert`: PATCH of an absent id creates it. */
  readonly methods: readonly ('list' | 'get' | 'create' | 'update' | 'upsert' | 'delete')[];
  /** Derived types that `@odata.type` may name; where given, it is required on every create and update. */
  readonly derived?: readonly string[];
  /** Alternate keys: `applications(appId='…')`. */
  readonly alternateKeys?: readonly string[];
  /** Properties returned without `$select`; default: all. */
  readonly defaultSelect?: readonly string[];
  /** Never returned in a listing without (`onlyOnSelect`) or even with `$select` (`onlyOnSingle`). */
  readonly onlyOnSelect?: readonly string[];
  readonly onlyOnSingle?: readonly string[];
  /** Selecting these needs the permission, else the whole request gets 403 (reference 3.1). */
  readonly guarded?: Readonly<Record<string, Permissions>>;
  /** Refused in every body: "Property 'x' is read-only and cannot be set." Dotted paths reach into complex values. */
  readonly readOnly: readonly string[];
  /** Taken at creation, refused afterwards. */
  readonly createOnly?: readonly string[];
  /** Taken by PATCH, refused at creation. */
  readonly updateOnly?: readonly string[];
  readonly required?: readonly string[];
  readonly notClearable?: readonly string[];
  /** Dotted paths that only the beta root shows and takes. */
  readonly betaOnly?: readonly string[];
  /** Query options that the collection refuses: `$top`, `$expand`, … */
  readonly refusedOptions?: readonly string[];
  readonly bin?: Bin;
  /** Objects of a type with a bin that are gone at once all the same (an on-premises synced group, reference 1.12). */
  hardDeleted?(object: GraphObject): boolean;
  readonly links?: Readonly<Record<string, LinkRule>>;
  readonly children?: Readonly<Record<string, ChildRule>>;
  readonly related?: Readonly<Record<string, RelatedRule>>;
  readonly actions?: Readonly<Record<string, ActionRule>>;
  /** Objects that exist in every tenant and are put into an empty store; a seed file of the same id overrides them. */
  builtIn?(store: Store): readonly GraphObject[];
  /** `create`, `delete` and `restore` default to `write`. */
  readonly permissions: {
    readonly read: Permissions;
    readonly write: Permissions;
    readonly create?: Permissions;
    readonly delete?: Permissions;
    readonly restore?: Permissions;
  };
  /** A collection without addressable objects of its own: reached through related collections only (`appRoleAssignment`). */
  readonly unlisted?: true;
  /** Properties that name objects without which one of this type is not there: it hides while they are in a bin, and goes with them. */
  readonly ends?: readonly string[];
  /** A delta query exists (reference 1.5). */
  readonly delta?: true;
  /** Properties that change by themselves between reads (reference 2.3), with the value they take. */
  readonly noise?: Readonly<Record<string, (object: GraphObject, store: Store) => Json>>;
  /** Refusals in this workload's own words: its 404 code where it is not the directory's. */
  readonly notFoundCode?: string;

  /** The id of a new object; default: a new GUID. */
  identify?(body: GraphRecord, context: Context): string;
  /** A body as this service means it, before it is checked: some read names in any case, and `[]` where an object belongs as null. */
  readBody?(body: GraphRecord): GraphRecord;
  /** Properties that the server fills in at creation; what the body says wins. */
  defaults?(body: GraphRecord, context: Context): GraphRecord;
  checkCreate?(body: GraphRecord, context: Context): void;
  /** `after` is `before` with the patch merged in. */
  checkUpdate?(before: GraphObject, patch: GraphRecord, after: GraphObject, context: Context): void;
  checkDelete?(object: GraphObject, context: Context): void;
  checkRestore?(object: GraphObject, body: GraphRecord, context: Context): void;
  /** The server's own recalculation of what is to be stored, at creation (`before` undefined) and update. */
  settle?(after: GraphObject, before: GraphObject | undefined, context: Context): GraphObject;
  afterCreate?(object: GraphObject, body: GraphRecord, context: Context): void;
  afterUpdate?(object: GraphObject, before: GraphObject, context: Context): void;
  afterDelete?(object: GraphObject, context: Context): void;
  afterRestore?(object: GraphObject, body: GraphRecord, context: Context): void;
  /** What the answer to the creating request says beyond a read: a secret that is shown once. */
  created?(object: GraphObject, body: GraphRecord, context: Context): GraphRecord;
  /** What a read says besides what is stored, or instead of it; `selected` is the `$select` list, undefined without one. */
  present?(
    object: GraphObject,
    context: Context,
    request: { readonly single: boolean; readonly selected: ReadonlySet<string> | undefined },
  ): GraphRecord;
}
