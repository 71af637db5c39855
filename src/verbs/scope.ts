// Scope: the words by which a person says what a command is about (kinds, ids, refs, names) into the objects that they mean.
import type { Commit } from '../model/commit.ts';
import { displayNameOf } from '../model/entity.ts';
import { keyOfGraphId } from '../model/graph-id.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { isGuid, isKey, kindOf, parseRef, type Ref, toRef } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import type { TenantReader } from '../model/tenant.ts';

/** What was asked for, in the person's words. */
export interface AskedScope {
  /** Kind names; absent: all kinds. */
  readonly kinds?: readonly string[] | undefined;
  /** Object ids, refs or exact display names; absent: all objects of the kinds. */
  readonly ids?: readonly string[] | undefined;
}

export interface ScopeSources {
  readonly repository: Repository;
  readonly kinds: Kinds;
  /** Where to look, the likeliest first. */
  readonly commits: readonly Commit[];
  /** Asked for ids that no commit has: objects that came since. */
  readonly reader?: (() => Promise<TenantReader>) | undefined;
}

/** Objects that one word may mean before the list of them is cut. */
const mostCandidates = 20;

/**
 * The scope that the words mean. An id is looked up by path in the commits, then asked of the tenant; a name is looked for through the
 * objects of the commits. Problem `usage` for a word that means nothing, or several objects, which it lists.
 */
export async function resolveScope(sources: ScopeSources, asked: AskedScope): Promise<Scope> {
  const kinds = asked.kinds ?? [...sources.kinds.keys()];
  if (asked.ids === undefined || asked.ids.length === 0) return asked.kinds === undefined ? {} : { kinds };
  const among = [...sources.kinds.values()].filter(({ name }) => kinds.includes(name));
  const refs = new Set<Ref>();
  for (const text of asked.ids) {
    const ref = await findObject(sources, text, among);
    if (ref === undefined) throw unknownObject(sources, text);
    refs.add(ref);
  }
  return { refs: [...refs] };
}

/** The one object that a text means, among some kinds; undefined where it means none. Problem `usage` where it means several. */
export async function findObject(
  sources: ScopeSources,
  text: string,
  among: readonly Kind[],
): Promise<Ref | undefined> {
  const ref = parseRef(text);
  if (ref !== undefined && among.some(({ name }) => name === kindOf(ref))) return ref;
  const named = new Map<Ref, string>();
  for (const candidate of candidates(text, among))
    for (const commit of sources.commits) {
      const stored = await sources.repository.entity(commit.id, candidate);
      if (stored !== undefined)
        named.set(candidate, displayNameOf(sources.kinds.get(kindOf(candidate)), stored.entity));
    }
  if (named.size === 0) for (const found of await askTenant(sources, text, among)) named.set(found, text);
  if (named.size === 0) await lookForName(sources, text, among, named);
  if (named.size > 1) throw ambiguous(text, named);
  return [...named.keys()][0];
}

/** The refs that an id would have in each of the kinds, if it were of that kind. */
function candidates(text: string, among: readonly Kind[]): Ref[] {
  return among.flatMap((kind) => {
    const key = keyOfGraphId(kind, text);
    return [...new Set([key, isKey(text) ? text : undefined])].flatMap((found) =>
      found !== undefined && isKey(found) ? [toRef(kind.name, found)] : [],
    );
  });
}

/** Directory objects are found by their id in one request; of the other kinds each is asked for it. */
async function askTenant({ reader, kinds }: ScopeSources, text: string, among: readonly Kind[]): Promise<Ref[]> {
  const id = text.toLowerCase();
  if (reader === undefined || !isGuid(id)) return [];
  const tenant = await reader();
  const directory = (await tenant.resolve([id])).get(id);
  if (directory !== undefined) return kinds.has(kindOf(directory)) ? [directory] : [];
  const found: Ref[] = [];
  for (const kind of among)
    if (kind.lane !== 'directory' && kind.singleton !== true)
      for (const entity of (await tenant.readObjects(kind, [id])).values()) found.push(entity.ref);
  return found;
}

async function lookForName(
  { repository, commits, kinds }: ScopeSources,
  text: string,
  among: readonly Kind[],
  named: Map<Ref, string>,
): Promise<void> {
  const scope = { kinds: among.map(({ name }) => name) };
  for (const commit of commits) {
    for await (const { entity } of repository.entities(repository.files(commit.id, scope))) {
      const name = displayNameOf(kinds.get(kindOf(entity.ref)), entity);
      if (name === text) named.set(entity.ref, name);
      if (named.size > mostCandidates) return;
    }
    if (named.size > 0) return;
  }
}

/** Problem `usage` for a text that means no object. */
export function unknownObject({ commits }: ScopeSources, text: string): Problem {
  const where = commits.map(({ id }) => id.slice(0, 12)).join(' and ');
  return new Problem({
    kind: 'usage',
    summary: 'No such object',
    detail: `Neither an object with this id, nor one with exactly this display name, is in ${where === '' ? 'the tenant' : `commit ${where}`}. Give an object id, a ref (kind/id) or a display name; for what is gone for longer, compare with an older commit.`,
    subject: text,
  });
}

function ambiguous(text: string, named: ReadonlyMap<Ref, string>): Problem {
  const list = [...named].slice(0, mostCandidates).map(([ref, name]) => (name === text ? ref : `${ref} (${name})`));
  return new Problem({
    kind: 'usage',
    summary: 'More than one object is meant',
    detail: `Say which one by its ref: ${list.join(', ')}${named.size > mostCandidates ? ', and more' : ''}.`,
    subject: text,
  });
}
