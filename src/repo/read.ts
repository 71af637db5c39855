// Reading commits: what differs between two, which files one has, and the objects in them, each as a stream that costs what it holds.
import type { Ref } from '../model/ref.ts';
import type { FileChange, StoredEntity } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import { emptyTree } from './git.ts';
import { assertId } from './history.ts';
import { refOf } from './layout.ts';
import { pathsOf, refAt, type Store } from './store.ts';
import type { ReadEntity } from './yaml.ts';
import { brokenFile } from './yaml-strict.ts';

/** Blobs that are asked for ahead, and the bytes of them that may wait to be taken. */
const ahead = 256;
const bytesAhead = 8 * 2 ** 20;

/** The files of the state that differ, in path order. Problem `usage` for an entry of the newer commit that does not belong in the state. */
export async function* diffFiles(
  store: Store,
  from: string | undefined,
  to: string,
  scope?: Scope,
): AsyncGenerator<FileChange, void, undefined> {
  const { paths, takes } = pathsOf(store, scope);
  if (paths.length === 0) return;
  let raw = '';
  for await (const field of store.git.fields([
    'diff-tree',
    '-r',
    '-z',
    '--raw',
    '--no-renames',
    ...ends(from, to),
    '--',
    ...paths,
  ])) {
    if (raw === '') {
      raw = field;
      continue;
    }
    const change = changeOf(store, raw, field);
    raw = '';
    if (takes(change.ref)) yield change;
  }
}

/** A row of `diff-tree --raw`: `:<mode> <mode> <blob> <blob> <status>`. */
function changeOf(store: Store, raw: string, path: string): FileChange {
  const [modeBefore, modeAfter, before, after, status] = raw.slice(1).split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ];
  // What does not belong there and is gone now is only said to be gone.
  const ref =
    status === 'D' ? refOf(store.kinds, path.slice(store.statePath.length + 1)) : refAt(store, path, modeAfter);
  if (ref !== undefined && status !== 'A') refAt(store, path, modeBefore);
  return {
    path,
    ...(ref !== undefined && { ref }),
    ...(status !== 'A' && { before }),
    ...(status !== 'D' && { after }),
  };
}

/** The patch as git writes it, whatever attributes or drivers the repository sets for these files. */
export async function* patchBetween(
  store: Store,
  from: string | undefined,
  to: string,
  scope?: Scope,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { paths } = pathsOf(store, scope);
  if (paths.length === 0) return;
  const plain = [
    '--text',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    '--full-index',
    '--src-prefix=a/',
    '--dst-prefix=b/',
  ];
  yield* store.git.stream(['diff-tree', '-r', '-p', ...plain, ...ends(from, to), '--', ...paths]);
}

function ends(from: string | undefined, to: string): [string, string] {
  return [from === undefined ? emptyTree : assertId(from), assertId(to)];
}

/** The objects' files in a commit, in path order. Problem `usage` for an entry that does not belong in the state. */
export async function* listFiles(
  store: Store,
  commit: string,
  scope?: Scope,
): AsyncGenerator<{ readonly ref: Ref; readonly blob: string; readonly path: string }, void, undefined> {
  const { paths, takes } = pathsOf(store, scope);
  if (paths.length === 0) return;
  for await (const entry of store.git.fields([
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    assertId(commit),
    '--',
    ...paths,
  ])) {
    // `100644 blob <id>` TAB path
    const path = entry.slice(entry.indexOf('\t') + 1);
    const ref = refAt(store, path, entry.slice(0, 6));
    if (ref !== undefined && takes(ref)) yield { ref, blob: entry.slice(12, 52), path };
  }
}

interface File {
  readonly ref: Ref;
  readonly blob: string;
  readonly path: string;
}

/** Objects by blob id in the order asked, read ahead by a bounded number and size. */
export async function* readEntities(
  store: Store,
  files: AsyncIterable<File> | Iterable<File>,
  read: (bytes: Uint8Array, file: File) => ReadEntity,
): AsyncGenerator<StoredEntity, void, undefined> {
  const waiting: { readonly file: File; readonly blob: ReturnType<Store['objects']['read']> }[] = [];
  let window = ahead;
  const take = async (): Promise<StoredEntity> => {
    const { file, blob } = waiting.shift()!;
    const object = await blob;
    if (object?.type !== 'blob')
      throw brokenFile(
        file.path,
        `Its content (${file.blob}) is not in the repository. Run \`git fsck\`, or fetch it from the remote.`,
      );
    window = Math.max(1, Math.min(ahead, Math.floor(bytesAhead / Math.max(1, object.content.length))));
    const { entity, canonical } = read(object.content, file);
    return { entity, blob: file.blob, canonical };
  };
  for await (const file of files) {
    const blob = store.objects.read(assertId(file.blob));
    blob.catch(() => undefined);
    waiting.push({ file, blob });
    if (waiting.length >= window) while (waiting.length > window / 2) yield await take();
  }
  while (waiting.length > 0) yield await take();
}
