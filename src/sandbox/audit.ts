// What a request wrote in, entries of the directory's audit log out, in Graph's shape and with its lag (reference 1.16).
import { type Activities, activities, assignmentActivities, grantActivities, linkActivities } from './activities.ts';
import { guidOf } from './random.ts';
import type { MemoryStore, Written } from './store.ts';
import type { Caller, GraphObject, GraphRecord, Json } from './types.ts';

/** A property before and after; `undefined`: there was, or is, none. Kept as it is, and made a JSON text when it is read. */
type Modified = readonly [name: string, before: Json | undefined, after: Json | undefined];

interface Target {
  readonly id: string | null;
  readonly displayName: string | null;
  readonly type: string;
  readonly userPrincipalName: string | null;
  readonly modified: readonly Modified[];
}

interface Deed {
  readonly activity: string;
  readonly service: string;
  readonly category: string;
  readonly operation: 'Add' | 'Update' | 'Delete' | 'Assign' | 'Unassign';
  readonly targets: readonly Target[];
}

interface Entry extends Deed {
  readonly at: number;
  readonly number: number;
  readonly caller: Caller;
  readonly callerName: string | null;
  readonly correlationId: string;
}

/** Types that lie between two others, and go with them. */
const between = new Set(['appRoleAssignment', 'oAuth2PermissionGrant']);

const day = 86_400_000;

/** The log of one tenant. It keeps little of a write, and shapes it when it is asked for. */
export class AuditLog {
  private readonly store: MemoryStore;
  private readonly lagMs: number;
  private readonly retentionDays: number;
  private readonly log: Entry[];

  constructor(
    store: MemoryStore,
    options: { readonly lagMs: number; readonly retentionDays: number },
    from?: AuditLog,
  ) {
    this.store = store;
    this.lagMs = options.lagMs;
    this.retentionDays = options.retentionDays;
    this.log = [...(from?.log ?? [])];
  }

  /** Does what a request asks for, and notes who wrote what in it. A request that is refused leaves no entry. */
  during<Result>(caller: Caller, correlationId: string | null, act: () => Result): Result {
    const written: Written[] = [];
    const result = this.store.watched((write) => written.push(write), act);
    for (const deed of deedsOf(written, this.store)) {
      const number = this.log.length;
      this.log.push({
        ...deed,
        at: this.store.now().getTime(),
        number,
        caller,
        callerName: nameOf(this.store.get('servicePrincipal', caller.servicePrincipalId)),
        correlationId: correlationId ?? guidOf(`correlation ${number}`),
      });
    }
    return result;
  }

  /** What can be read of it now, oldest first: what is old enough to be in it, and not so old as to be out of it again. */
  *entries(): Iterable<GraphRecord> {
    const now = this.store.now().getTime();
    for (const entry of this.log)
      if (entry.at <= now - this.lagMs && entry.at > now - this.retentionDays * day) yield shaped(entry);
  }
}

function shaped(entry: Entry): GraphRecord {
  const { at, number, caller, callerName, correlationId, targets } = entry;
  const { user } = caller;
  return {
    id: `Directory_${correlationId}_${String(number).padStart(5, '0')}_${number}`,
    category: entry.category,
    correlationId,
    result: 'success',
    resultReason: '',
    activityDisplayName: entry.activity,
    activityDateTime: new Date(at).toISOString().replace('Z', `${String(number % 10_000).padStart(4, '0')}Z`),
    loggedByService: entry.service,
    operationType: entry.operation,
    initiatedBy: user
      ? { app: null, user: { ...user, userType: null, homeTenantId: null, homeTenantName: null } }
      : {
          user: null,
          app: {
            appId: caller.appId,
            displayName: callerName,
            servicePrincipalId: caller.servicePrincipalId,
            servicePrincipalName: null,
          },
        },
    targetResources: targets.map(({ modified, ...target }) => ({
      ...target,
      groupType: null,
      modifiedProperties: modified.map(([displayName, before, after]) => ({
        displayName,
        oldValue: before === undefined ? null : JSON.stringify(before),
        newValue: after === undefined ? null : JSON.stringify(after),
      })),
    })),
    additionalDetails: [],
  };
}

/** What was done, as the log says it: one deed for each object and link, and none for what followed by itself. */
function deedsOf(written: readonly Written[], store: MemoryStore): Deed[] {
  const gone = written.some(({ type, removed, restored }) => (removed || restored) && !between.has(type));
  const deeds: Deed[] = [];
  const objects = new Map<string, Written>();
  for (const write of written) {
    if (write.relation !== undefined) {
      const deed = gone ? undefined : linkDeed(write, store);
      if (deed) deeds.push(deed);
    } else if (!(gone && between.has(write.type))) {
      const first = objects.get(write.id);
      objects.set(write.id, first ? { ...write, before: first.before, restored: first.restored } : write);
    }
  }
  for (const write of objects.values()) deeds.push(...objectDeeds(write, store));
  return deeds;
}

function objectDeeds(write: Written, store: MemoryStore): Deed[] {
  if (write.type === 'appRoleAssignment') return assignmentDeed(write, store);
  if (write.type === 'oAuth2PermissionGrant') return grantDeed(write, store);
  const names = activities[write.type];
  if (names === undefined) return [];
  const { before, after, removed, restored, binned } = write;
  const deed = (activity: string | undefined, operation: Deed['operation'], modified: readonly Modified[]): Deed[] =>
    activity === undefined
      ? []
      : [
          {
            activity,
            service: names.service,
            category: names.category,
            operation,
            targets: [objectTarget(names, after ?? before, write.id, modified, store)],
          },
        ];
  if (removed) return deed(binned ? names.hardDelete : names.delete, 'Delete', wholeOf(names, before, undefined));
  if (restored) return deed(names.restore, 'Update', []);
  if (!before)
    return deed(names.add, 'Add', names.whole ? wholeOf(names, undefined, after) : pascal(changesOf({}, after ?? {})));
  const changed = changesOf(before, after ?? {});
  const own = (part: boolean) => changed.filter(([name]) => part === (names.parts?.properties.includes(name) ?? false));
  return [
    ...(own(true).length > 0 ? deed(names.parts?.activity, 'Update', pascal(own(true))) : []),
    ...(own(false).length > 0
      ? deed(names.update, 'Update', names.whole ? wholeOf(names, before, after) : pascal(own(false)))
      : []),
  ];
}

function wholeOf(names: Activities, before: GraphObject | undefined, after: GraphObject | undefined): Modified[] {
  return names.whole === undefined ? [] : [[names.whole, before, after]];
}

function changesOf(before: GraphRecord, after: GraphRecord): Modified[] {
  const found: Modified[] = [];
  for (const name of Object.keys(after)) {
    const [old, now] = [before[name] ?? null, after[name] ?? null];
    if (name !== 'id' && JSON.stringify(old) !== JSON.stringify(now)) found.push([name, old, now]);
  }
  return found;
}

/** As the directory writes them: names with a capital, values as arrays of one, and the names once more. */
function pascal(changed: readonly Modified[]): Modified[] {
  const name = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const list = (value: Json | undefined): Json => (value === null || value === undefined ? [] : [value].flat());
  return [
    ...changed.map(([property, before, after]): Modified => [name(property), list(before), list(after)]),
    ['Included Updated Properties', undefined, changed.map(([property]) => name(property)).join(', ')],
  ];
}

function objectTarget(
  names: Activities,
  object: GraphObject | undefined,
  id: string,
  modified: readonly Modified[],
  store: MemoryStore,
): Target {
  const { namedBy } = names;
  return {
    ...targetOf(names.target, object, id, modified),
    ...(namedBy && { id: namedBy.id ?? store.tenantId, displayName: namedBy.displayName }),
  };
}

function targetOf(
  type: string,
  object: GraphObject | undefined,
  id: string,
  modified: readonly Modified[] = [],
): Target {
  const upn = object?.userPrincipalName;
  return { id, displayName: nameOf(object), type, userPrincipalName: typeof upn === 'string' ? upn : null, modified };
}

function nameOf(object: GraphObject | undefined): string | null {
  return typeof object?.displayName === 'string' ? object.displayName : null;
}

/** The other end is the first target, and bears the owner among its modified properties. */
function linkDeed({ type, id, relation = '', target = '', unlinked }: Written, store: MemoryStore): Deed | undefined {
  const names = linkActivities[type]?.[relation];
  const kind = activities[type];
  if (!names || !kind) return undefined;
  const owner = store.get(type, id);
  const other = store.locate(target);
  const ends: Modified[] = [
    [`${kind.target}.ObjectID`, id, undefined],
    [`${kind.target}.DisplayName`, nameOf(owner), undefined],
  ];
  const modified = unlinked ? ends : ends.map(([name, value]): Modified => [name, undefined, value]);
  return {
    activity: unlinked ? names.remove : names.add,
    service: kind.service,
    category: kind.category,
    operation: unlinked ? 'Unassign' : 'Assign',
    targets: [
      targetOf(activities[other?.type ?? '']?.target ?? 'Other', other?.object, target, modified),
      targetOf(kind.target, owner, id),
    ],
  };
}

/** The resource is the first target, and bears whom it is given to among its modified properties. */
function assignmentDeed({ before, after, removed }: Written, store: MemoryStore): Deed[] {
  const assignment = after ?? before;
  const principal = store.locate(String(assignment?.principalId));
  const names = assignmentActivities[principal?.type ?? ''];
  const kind = activities[principal?.type ?? ''];
  if (!assignment || !principal || !names || !kind) return [];
  const resource = store.get('servicePrincipal', String(assignment.resourceId));
  const role = (resource?.appRoles as { id: string; value: string }[] | undefined)?.find(
    ({ id }) => id === assignment.appRoleId,
  );
  const facts: [string, Json][] = [
    ['AppRole.Id', assignment.appRoleId ?? null],
    ['AppRole.Value', role?.value ?? null],
    [`${kind.target}.ObjectID`, principal.object.id],
    [`${kind.target}.DisplayName`, nameOf(principal.object)],
  ];
  return [
    {
      activity: removed ? names.remove : names.add,
      service: kind.service,
      category: kind.category,
      operation: removed ? 'Unassign' : 'Assign',
      targets: [
        targetOf(
          'ServicePrincipal',
          resource,
          String(assignment.resourceId),
          facts.map(([name, value]): Modified => (removed ? [name, value, undefined] : [name, undefined, value])),
        ),
        targetOf(kind.target, principal.object, principal.object.id),
      ],
    },
  ];
}

/** The resource is the first target, the client is the second one and stands among the modified properties of the first. */
function grantDeed({ before, after, removed }: Written, store: MemoryStore): Deed[] {
  const grant = after ?? before;
  if (!grant) return [];
  const clientId = String(grant.clientId);
  const client = store.get('servicePrincipal', clientId);
  const { service, category } = activities.servicePrincipal as Activities;
  return [
    {
      activity: removed ? grantActivities.remove : grantActivities.add,
      service,
      category,
      operation: removed ? 'Unassign' : 'Assign',
      targets: [
        targetOf(
          'ServicePrincipal',
          store.get('servicePrincipal', String(grant.resourceId)),
          String(grant.resourceId),
          [
            ['DelegatedPermissionGrant.Scope', before?.scope, removed ? undefined : grant.scope],
            ['DelegatedPermissionGrant.ConsentType', before?.consentType, removed ? undefined : grant.consentType],
            ['ServicePrincipal.ObjectID', removed ? clientId : undefined, removed ? undefined : clientId],
          ],
        ),
        targetOf('ServicePrincipal', client, clientId),
      ],
    },
  ];
}
