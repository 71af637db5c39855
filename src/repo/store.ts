// What the parts of a repository share: the git program, the objects, the kinds, and where the state is.
import type { Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Scope } from '../model/scope.ts';
import type { Objects, TreeEntry } from './blobs.ts';
import type { Git, Identity } from './git.ts';
import { isRecordPath, pathOfRef, refOf } from './layout.ts';

/** A regular file that is not executable: the only sort of entry that a state has. */
export const fileMode = '100644';

/** More single paths than this are asked for by their folders, and picked from what comes. */
const mostPaths = 200;

export interface Store {
  readonly git: Git;
  readonly objects: Objects;
  readonly kinds: Kinds;
  readonly statePath: string;
  readonly branch: string;
  readonly identity: Identity;
  /** Path of the key that signs commits. */
  readonly signingKey?: string;
  /** How many objects of a kind that is new are held in memory while they are captured; those before them wait in a file. */
  readonly objectsInMemory: number;
  /** Told before each step that leaves something behind; tests end the process there. */
  readonly onStep: (step: string) => void;
}

/** The paths that a scope is about, from the repository's top, as few as git can be asked for; and the test that picks from what comes. */
export function pathsOf(
  store: Store,
  scope: Scope | undefined,
): { readonly paths: string[]; readonly takes: (ref: Ref | undefined) => boolean } {
  const { statePath } = store;
  if (scope === undefined || (scope.kinds === undefined && scope.refs === undefined))
    return { paths: [statePath], takes: () => true };
  const kinds = [...store.kinds.keys()];
  if (scope.refs === undefined) {
    const named = kinds.filter((kind) => scope.kinds!.includes(kind));
    return { paths: named.map((kind) => `${statePath}/${kind}`), takes: (ref) => ref !== undefined };
  }
  const refs = new Set(scope.refs.filter((ref) => store.kinds.has(kindOf(ref))));
  const folders = new Set([...refs].map((ref) => `${statePath}/${kindOf(ref)}`));
  const paths =
    refs.size > mostPaths ? [...folders] : [...refs].map((ref) => `${statePath}/${pathOfRef(store.kinds, ref)}`);
  return { paths, takes: (ref) => ref !== undefined && refs.has(ref) };
}

/** The ref that a path from the repository's top is the file of; undefined for a record's file; Problem `usage` for anything else. */
export function refAt(store: Store, path: string, mode: string): Ref | undefined {
  const inside = path.slice(store.statePath.length + 1);
  const ref = refOf(store.kinds, inside);
  if (mode !== fileMode) {
    throw strange(
      path,
      `It is ${modes[mode] ?? `of mode ${mode}`}, and the state holds plain files only. Remove it, and commit that.`,
    );
  }
  if (ref === undefined && !isRecordPath(inside)) {
    throw strange(
      path,
      'It is not where Driftline would put an object of that name, so it is not read. Move or remove it, and commit that.',
    );
  }
  return ref;
}

const modes: Readonly<Record<string, string>> = {
  '120000': 'a symbolic link',
  '160000': 'a submodule',
  '100755': 'an executable file',
};

function strange(path: string, detail: string): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'The state holds a file that does not belong there',
    detail,
    subject: path,
  });
}

/** The entry of a path in a commit, looked up tree by tree through the long-lived reader. */
export async function entryAt(store: Store, commit: string, path: string): Promise<TreeEntry | undefined> {
  const slash = path.lastIndexOf('/');
  const tree = await store.objects.tree(slash === -1 ? `${commit}^{tree}` : `${commit}:${path.slice(0, slash)}`);
  return tree?.get(path.slice(slash + 1));
}
