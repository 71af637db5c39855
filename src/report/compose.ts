// Compose: the changes between two commits, once, into the report that every renderer says.
import type { AttributeChange, LinkChange, Operation } from '../model/change.ts';
import { graphIdOf } from '../model/graph-id.ts';
import { isArray, isObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { rowPath } from '../model/path.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type {
  Named,
  Pointer,
  Report,
  ReportActor,
  ReportAttribute,
  ReportChange,
  ReportHeader,
  ReportLink,
  ReportSummary,
} from '../model/report.ts';
import { accessOf } from './access.ts';
import { type Compared, isNative, recoveryAction } from './action.ts';
import { pointersIn, pointerText, pointerToRef } from './pointers.ts';

/** What compose asks of the two commits; it reads nothing by itself. */
export interface ComposeOptions {
  readonly kinds: Kinds;
  /** The changes, in the order of their refs, without what is ignored or not believed. */
  readonly compared: AsyncIterable<Compared>;
  /** The objects that pointers lead to, by {@link pointerText}, from the side where they exist; those not found are left out. */
  readonly names: (pointers: readonly Pointer[]) => Promise<ReadonlyMap<string, Named>>;
  /** Which deleted objects are in the recycle bin; undefined where it cannot be told. */
  readonly inBin?: (deleted: readonly Ref[]) => Promise<ReadonlySet<Ref> | undefined>;
  /** Who is said to have changed an object; undefined where that is not known. */
  readonly actors?: (ref: Ref) => { readonly actors: readonly ReportActor[]; readonly more: number } | undefined;
  /** Was the kind read completely in FROM, so that what is not there was not there? */
  readonly fromComplete: (kind: string) => boolean;
  /** What is deleted in TO has been gone for longer than the bin keeps it. */
  readonly binExpired: boolean;
  readonly cloud?: string | undefined;
}

export interface ReportOptions extends ComposeOptions {
  readonly header: ReportHeader;
  /** Asked when the changes are at their end. */
  readonly counts: () => { readonly ignored: number; readonly withheld: number };
}

/** Changes that are looked at together: enough to ask for names in bulk, few enough to be nothing in memory. */
const windowSize = 64;

/** Composes changes one for one, as they are walked. */
export async function* composeChanges(options: ComposeOptions): AsyncGenerator<ReportChange> {
  for await (const window of windows(options.compared, windowSize)) yield* await composeWindow(window, options);
}

/** Composes the report. The changes are made as they are walked; a report is walked once. */
export function compose(options: ReportOptions): Report {
  const byKind: Record<string, Record<Operation, number>> = {};
  let [objects, attributes, links] = [0, 0, 0];
  async function* changes(): AsyncGenerator<ReportChange> {
    for await (const change of composeChanges(options)) {
      objects += 1;
      attributes += change.attributes.length;
      links += change.links.length;
      byKind[change.kind] ??= { create: 0, update: 0, delete: 0 };
      byKind[change.kind]![change.operation] += 1;
      yield change;
    }
  }
  return {
    header: options.header,
    changes: changes(),
    summary: (): ReportSummary => {
      const { ignored, withheld } = options.counts();
      return { objects, attributes, links, ignored, ...(withheld === 0 ? {} : { withheld }), byKind };
    },
  };
}

async function* windows<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let window: Item[] = [];
  for await (const item of items) {
    window.push(item);
    if (window.length < size) continue;
    yield window;
    window = [];
  }
  if (window.length > 0) yield window;
}

async function composeWindow(window: readonly Compared[], options: ComposeOptions): Promise<ReportChange[]> {
  const wanted = new Map<string, Pointer>();
  for (const { kind, change } of window) {
    for (const { target } of change.links) want(wanted, pointerToRef(target));
    for (const attribute of change.attributes)
      for (const pointer of attributePointers(kind, attribute).values()) want(wanted, pointer);
  }
  const names = wanted.size === 0 ? new Map<string, Named>() : await options.names([...wanted.values()]);
  const deleted = window.filter(({ kind, change }) => change.operation === 'delete' && kind.deletion.mode === 'soft');
  const inBin = deleted.length === 0 ? undefined : await options.inBin?.(deleted.map(({ change }) => change.ref));
  return window.map((compared) => composeChange(compared, options, names, inBin?.has(compared.change.ref)));
}

function want(wanted: Map<string, Pointer>, pointer: Pointer): void {
  wanted.set(pointerText(pointer), pointer);
}

function attributePointers(kind: Compared['kind'], { path, before, after }: AttributeChange): Map<string, Pointer> {
  const found = pointersIn(kind, rowPath(path), before);
  return pointersIn(kind, rowPath(path), after, found);
}

function composeChange(
  compared: Compared,
  options: ComposeOptions,
  names: ReadonlyMap<string, Named>,
  inBin: boolean | undefined,
): ReportChange {
  const { kind, change } = compared;
  const { action, because } = recoveryAction(compared, {
    fromComplete: options.fromComplete(kind.name),
    inBin,
    binExpired: options.binExpired,
    cloud: options.cloud,
  });
  const access = accessOf(compared);
  const by = options.actors?.(change.ref);
  return {
    ref: change.ref,
    kind: kind.name,
    type: kind.type,
    id: graphIdOf(kind, keyOf(change.ref)) ?? keyOf(change.ref),
    displayName: change.displayName,
    ...(change.formerName === undefined ? {} : { formerName: change.formerName }),
    operation: change.operation,
    recoveryAction: action,
    ...(because === undefined ? {} : { because }),
    synced: change.synced,
    native: isNative(compared, action),
    ...(access.length === 0 ? {} : { access }),
    attributes: change.attributes.map((attribute) => nameAttribute(compared, attribute, names)),
    links: change.links.map((link) => nameLink(compared, link, options.kinds, names)),
    ...(by === undefined ? {} : { actors: by.actors, ...(by.more === 0 ? {} : { moreActors: by.more }) }),
  };
}

function nameAttribute(
  { kind }: Compared,
  attribute: AttributeChange,
  names: ReadonlyMap<string, Named>,
): ReportAttribute {
  const known: [string, string][] = [];
  for (const [text, pointer] of attributePointers(kind, attribute)) {
    const named = names.get(pointerText(pointer));
    if (named !== undefined && named.displayName !== text) known.push([text, named.displayName]);
  }
  return known.length === 0 ? attribute : { ...attribute, names: Object.fromEntries(known) };
}

function nameLink(compared: Compared, link: LinkChange, kinds: Kinds, names: ReadonlyMap<string, Named>): ReportLink {
  const named = names.get(pointerText(pointerToRef(link.target)));
  const kind = kindOf(link.target);
  const known: [string, string][] = [];
  for (const value of Object.values(link.properties ?? {})) {
    const name = ownItemName(compared, value);
    if (name !== undefined) known.push([value, name]);
  }
  return {
    ...link,
    targetName: named?.displayName ?? keyOf(link.target),
    targetType: kinds.get(kind)?.type ?? (kind === 'directoryObjects' ? 'directoryObject' : kind),
    ...(known.length === 0 ? {} : { names: Object.fromEntries(known) }),
  };
}

/** No app role: the assignment to the application as such (reference 3.5). */
const defaultAccess = '00000000-0000-0000-0000-000000000000';

/** The name of one of the object's own items that has this id: the app role of an assignment on a service principal. */
function ownItemName({ before, after }: Compared, id: string): string | undefined {
  if (id === defaultAccess) return 'default access';
  for (const side of [after, before])
    for (const value of Object.values(side?.attributes ?? {})) {
      const item = isArray(value) ? value.find((member) => isObject(member) && member.id === id) : undefined;
      const name = isObject(item) ? (item.displayName ?? item.value) : undefined;
      if (typeof name === 'string') return name;
    }
  return undefined;
}
