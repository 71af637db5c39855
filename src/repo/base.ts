// The base of a capture: a commit in; how many objects it has of each kind, and which, as far as the capture must know them, out.

import type { Commit } from '../model/commit.ts';
import { grouped } from '../model/grouped.ts';
import type { Kind } from '../model/kind.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import { pathOf } from './layout.ts';
import { refAt, type Store } from './store.ts';
import { ObjectTable } from './table.ts';

/** What the base has of a kind. */
export interface BaseKind {
  readonly empty: boolean;
  /** How many objects: where they are many git must walk through all of them, so that it is asked only when somebody needs it. */
  readonly count: () => Promise<number>;
  /** Which, where they are few. */
  readonly table?: ObjectTable;
}

/** What the base has of these kinds. Problem `usage` as {@link readIndex}. */
export async function lookAtBase(
  store: Store,
  base: Commit | undefined,
  names: readonly string[],
): Promise<Map<string, BaseKind>> {
  const large = names.filter((name) => store.kinds.get(name)?.sharded);
  const tables = await readIndex(
    store,
    base,
    names.filter((name) => !large.includes(name)),
  );
  const found = new Map<string, BaseKind>();
  for (const [name, table] of tables) {
    const { size } = table;
    found.set(name, { empty: size === 0, count: async () => size, table });
  }
  const folders = base && (await store.objects.tree(`${base.id}:${store.statePath}`));
  for (const name of large) {
    const empty = folders?.has(name) !== true;
    found.set(name, { empty, count: async () => (empty ? 0 : countFiles(store, base!, name)) });
  }
  return found;
}

/** How many files a kind has, by git alone: naming each costs us more than it costs git to walk the trees. */
async function countFiles(store: Store, base: Commit, name: string): Promise<number> {
  const args = ['ls-tree', '-r', '--full-tree', '--format=.', base.id, '--', `${store.statePath}/${name}`];
  let length = 0;
  for await (const chunk of store.git.stream(args)) length += chunk.length;
  return length / '.\n'.length;
}

/**
 * Those of a kind's objects that the base has, folder by folder. Problem `usage` where one of them is no plain file; what else lies there is
 * found by the next reading of the whole kind, as differences are taken only on top of what an earlier reading has made.
 */
export async function lookUp(
  store: Store,
  base: Commit | undefined,
  kind: Kind,
  refs: ReadonlySet<Ref>,
): Promise<ObjectTable> {
  const table = new ObjectTable();
  if (base === undefined) return table;
  const own = [...refs].filter((ref) => kindOf(ref) === kind.name).map(keyOf);
  const folders = grouped(own, (key) => {
    const path = `${store.statePath}/${pathOf(kind, key)}`;
    return path.slice(0, path.lastIndexOf('/'));
  });
  for (const [folder, keys] of folders) {
    const tree = await store.objects.tree(`${base.id}:${folder}`);
    for (const key of keys) {
      const entry = tree?.get(`${key}.yaml`);
      if (entry === undefined) continue;
      refAt(store, `${folder}/${key}.yaml`, entry.mode);
      table.enter(key, Buffer.from(entry.id, 'hex'));
    }
  }
  return table;
}

/** The base's objects, one table a kind. Problem `usage` for an entry of the kinds' folders that does not belong there. */
export async function readIndex(
  store: Store,
  base: Commit | undefined,
  kinds: readonly string[],
): Promise<Map<string, ObjectTable>> {
  const tables = new Map(kinds.map((kind) => [kind, new ObjectTable()]));
  if (base === undefined || kinds.length === 0) return tables;
  const folders = kinds.map((kind) => `${store.statePath}/${kind}`);
  const id = Buffer.alloc(20);
  const args = ['ls-tree', '-r', '-z', '--full-tree', base.id, '--', ...folders];
  for await (const entries of store.git.fieldsTogether(args)) {
    for (const entry of entries) {
      // `100644 blob <id>` TAB path
      const path = entry.slice(entry.indexOf('\t') + 1);
      const ref = refAt(store, path, entry.slice(0, 6))!;
      id.write(entry.slice(12, 52), 'hex');
      const slash = ref.indexOf('/');
      tables.get(ref.slice(0, slash))!.enter(ref.slice(slash + 1), id);
    }
  }
  return tables;
}
