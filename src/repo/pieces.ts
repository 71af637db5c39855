// Pieces: what was captured so far of one kind, kept as lists of blobs in a private commit, so that another capture goes on from there.
import { gathered } from '../model/gathered.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { parseRef, type Ref } from '../model/ref.ts';
import { assertId } from './history.ts';
import { pathOf } from './layout.ts';
import { fileMode, type Store } from './store.ts';
import type { TableEntry } from './table.ts';

const subject = 'A part of a first snapshot that is not complete yet';

/** The pieces that a commit keeps, or the whole kind; undefined where the second paragraph of its message is no note. */
export async function readPieces(
  store: Store,
  commit: string,
): Promise<{ readonly note: JsonObject; readonly trees: readonly string[] } | undefined> {
  const message = (await store.objects.read(assertId(commit)))?.content.toString('utf8').split('\n\n') ?? [];
  const note = parsed(message[2] ?? '');
  const trees = await store.objects.tree(`${commit}^{tree}`);
  if (!isObject(note) || trees === undefined) return undefined;
  return { note, trees: [...trees.values()].map(({ id }) => id) };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The objects of all pieces of a commit, in the order in which they were kept. */
export async function* filesOf(
  store: Store,
  kind: Kind,
  commit: string,
): AsyncGenerator<{ readonly ref: Ref; readonly blob: string; readonly path: string; readonly id: Buffer }> {
  for await (const field of store.git.fields(['ls-tree', '-r', '-z', '--full-tree', assertId(commit)])) {
    // `100644 blob <id>` TAB piece/key.yaml
    const key = field.slice(field.lastIndexOf('/') + 1, -'.yaml'.length);
    const ref = parseRef(`${kind.name}/${key}`);
    const blob = field.slice(12, 52);
    if (ref === undefined) throw unknown(field);
    yield { ref, blob, path: `${store.statePath}/${pathOf(kind, key)}`, id: Buffer.from(blob, 'hex') };
  }
}

/**
 * Makes a commit of the pieces there are and one more. A piece is one flat tree, written by git as it is listed: sorted into the folders of the
 * state by fast-import, it would cost as much as the kind itself does. Git looks whether it has all the blobs.
 */
export async function writePiece(
  { git }: Store,
  {
    pieces,
    objects,
    note,
    at,
  }: {
    readonly pieces: readonly string[];
    readonly objects: Iterable<TableEntry>;
    readonly note: JsonObject;
    readonly at: string;
  },
): Promise<{ readonly commit: string; readonly pieces: readonly string[] }> {
  const makeTree = async (entries: Iterable<string>): Promise<string> =>
    (await git.run(['mktree', '-z'], { input: gathered(entries) })).toString('latin1').trim();
  const files = lines(objects);
  const first = files.next();
  const all = first.done ? pieces : [...pieces, await makeTree(prefixed(first.value, files))];
  const root = await makeTree(all.map((tree, number) => `040000 tree ${tree}\t${String(number).padStart(6, '0')}\0`));
  const made = await git.run(['commit-tree', root], { input: `${subject}\n\n${JSON.stringify(note)}\n`, at });
  return { commit: made.toString('latin1').trim(), pieces: all };
}

function* lines(objects: Iterable<TableEntry>): Generator<string, void> {
  for (const { key, id } of objects) yield `${fileMode} blob ${id}\t${key}.yaml\0`;
}

function* prefixed(first: string, others: Iterable<string>): Generator<string> {
  yield first;
  yield* others;
}

function unknown(path: string): Problem {
  return new Problem({
    kind: 'failed',
    summary: 'What a first snapshot kept cannot be used',
    detail: 'It names something that is no object. It is read anew.',
    subject: path,
  });
}
