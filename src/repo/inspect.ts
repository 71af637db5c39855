// Inspection: a repository in, everything in it that is damaged, strange or not as Driftline writes it out, each with the file that it is about.
import { createHash } from 'node:crypto';
import { type Dirent, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Problem } from '../model/problem.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import { emptyTree, GitFailure, objectId } from './git.ts';
import { openChecker } from './sign.ts';
import { refAt, type Store } from './store.ts';
import { readObject, readYaml } from './yaml.ts';
import { emitObject } from './yaml-emit.ts';

/** Something that is not as it must be. */
export interface Finding {
  /** A path, a commit or a ref. */
  readonly subject: string;
  readonly detail: string;
  /** The file can be read: only its form is a person's. */
  readonly readable?: true;
}

/** What git writes with its own checksum at the end. */
const sealed = /\.(pack|idx|rev|bitmap|mtimes|graph)$|^(multi-pack-index|commit-graph|index)$/;
/** Characters of what git fsck names. */
const mostNamed = 4000;
const looseRef = /^(?:[0-9a-f]{40}|ref: refs\/[!-~]+)\n$/;
const packedRef =
  /^(?:# pack-refs with:(?: peeled| fully-peeled| sorted)* ?|\^[0-9a-f]{40}|[0-9a-f]{40} refs\/[!-~]+)$/;

/** Looks at a repository without changing it. Nothing here throws for damage: damage is what it is asked for. */
export class Inspection {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** What `git fsck --strict` says of all objects, reachable or not, and of refs and their logs. */
  async objects(): Promise<Finding[]> {
    const process = this.#store.git.start(['fsck', '--full', '--strict', '--no-dangling', '--no-progress']);
    process.end();
    let named = '';
    for await (const chunk of process.stdout) if (named.length < mostNamed) named += chunk.toString('utf8');
    try {
      await process.done;
      return [];
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      return [
        { subject: 'git fsck', detail: `${error.said} ${named.replace(/\s+/g, ' ')}`.trim().slice(0, mostNamed) },
      ];
    }
  }

  /** Files of git's own whose checksum is not that of their bytes, and refs that are not written as git writes them. */
  async *storage(): AsyncGenerator<Finding> {
    const { commonDir, gitDir } = this.#store.git.place;
    for (const path of [...(await below(join(commonDir, 'objects'))), join(gitDir, 'index')]) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (!sealed.test(name) || !existsSync(path)) continue;
      const bytes = await readFile(path);
      const end = bytes.length - 20;
      const sum = createHash('sha1').update(bytes.subarray(0, end)).digest();
      // An index may be written without a checksum (index.skipHash), as zeros.
      const without = name === 'index' && bytes.subarray(end).every((byte) => byte === 0);
      if (end < 0 || (!without && !sum.equals(bytes.subarray(end))))
        yield { subject: relative(commonDir, path), detail: 'Its checksum is not that of its bytes.' };
    }
    yield* packList(commonDir);
    yield* this.#refs(commonDir, gitDir);
  }

  async *#refs(commonDir: string, gitDir: string): AsyncGenerator<Finding> {
    for (const path of [join(gitDir, 'HEAD'), ...(await below(join(commonDir, 'refs')))])
      if (!path.endsWith('.lock') && !looseRef.test(await readFile(path, 'utf8')))
        yield {
          subject: relative(commonDir, path),
          detail: 'It holds neither the id of a commit nor the name of a ref.',
        };
    const packed = join(commonDir, 'packed-refs');
    const lines = existsSync(packed) ? (await readFile(packed, 'utf8')).split('\n').slice(0, -1) : [];
    for (const line of lines)
      if (!packedRef.test(line)) yield { subject: 'packed-refs', detail: 'One of its lines is not as git writes it.' };
  }

  /**
   * The files of the state that differ between two commits (undefined: all of the newer one's): each must be a plain file where its ref
   * says, parse, and be in canonical form. Blobs in `known` are passed over; those looked at are added.
   */
  async *files(from: string | undefined, to: string, known: Set<string>): AsyncGenerator<Finding> {
    const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', from ?? emptyTree, to, '--', this.#store.statePath];
    let raw = '';
    for await (const field of this.#store.git.fields(args)) {
      if (raw === '') {
        raw = field;
        continue;
      }
      const [, mode = '', , blob = '', status] = raw.split(' ');
      raw = '';
      if (status === 'D') continue;
      const finding = await this.#file(field, mode, blob, known);
      if (finding !== undefined) yield { ...finding, subject: `${to.slice(0, 12)}:${finding.subject}` };
    }
  }

  async #file(path: string, mode: string, blob: string, known: Set<string>): Promise<Finding | undefined> {
    try {
      const ref = refAt(this.#store, path, mode);
      // The same bytes elsewhere are another file: the id inside is compared with the path.
      if (known.has(`${blob} ${path}`)) return undefined;
      known.add(`${blob} ${path}`);
      const object = await this.#store.objects.read(blob);
      if (object === undefined) return { subject: path, detail: `Its content (${blob}) is not in the repository.` };
      return this.#canonical(object.content, path, ref)
        ? undefined
        : {
            subject: path,
            detail: 'It is sound, but not written as Driftline writes it; the next snapshot rewrites it.',
            readable: true,
          };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { subject: error.subject ?? path, detail: error.detail };
    }
  }

  #canonical(bytes: Buffer, path: string, ref: Ref | undefined): boolean {
    if (ref === undefined) return emitObject(readObject(bytes, path)) === bytes.toString('utf8');
    return readYaml(bytes, { kind: this.#store.kinds.get(kindOf(ref))!, ref, path }).canonical;
  }

  /** Files of the checked-out state folder whose bytes are not those of the commit. None where the branch is not checked out. */
  async *workingFolder(commit: string): AsyncGenerator<Finding> {
    const { git, branch, statePath } = this.#store;
    const { workTree } = git.place;
    if (workTree === undefined || (await git.ask(['symbolic-ref', '--quiet', 'HEAD'])) !== branch) return;
    if (!existsSync(join(git.place.gitDir, 'index'))) return;
    const expected = new Set<string>();
    for await (const entry of git.fields(['ls-tree', '-r', '-z', '--full-tree', commit, '--', statePath])) {
      const path = entry.slice(entry.indexOf('\t') + 1);
      expected.add(path);
      const bytes = await readFile(join(workTree, path)).catch(() => undefined);
      if (bytes === undefined) yield { subject: path, detail: 'The commit has it, and the working folder has not.' };
      else if (blobId(bytes) !== entry.slice(12, 52))
        yield { subject: path, detail: 'It differs from the commit: an edit that is not committed, or damage.' };
    }
    for (const path of await below(join(workTree, statePath))) {
      const name = relative(workTree, path).replaceAll('\\', '/');
      if (!expected.has(name)) yield { subject: name, detail: 'The working folder has it, and the commit has not.' };
    }
  }

  /** Why a commit's signature by one of the keys in a file cannot be believed; undefined where it can. */
  async signature(commit: string, signers: string): Promise<string | undefined> {
    if (!objectId.test(commit)) throw new RangeError(`not a commit: ${commit}`);
    const checker = await openChecker(signers);
    try {
      const process = this.#store.git.start([...checker.options, 'verify-commit', '--raw', commit]);
      process.end();
      process.stdout.resume();
      await process.done;
      return undefined;
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      return error.said === '' ? 'It is not signed.' : error.said;
    } finally {
      await checker.close();
    }
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return (await this.#store.git.ask(['merge-base', '--is-ancestor', ancestor, descendant])) !== undefined;
  }

  async close(): Promise<void> {
    await this.#store.objects.close();
  }
}

/** The list of packs, which some ways of fetching go by, must name packs that are there. */
async function* packList(commonDir: string): AsyncGenerator<Finding> {
  const path = join(commonDir, 'objects/info/packs');
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  for (const line of text.split('\n'))
    if (
      line !== '' &&
      !(/^P pack-[0-9a-f]{40}\.pack$/.test(line) && existsSync(join(commonDir, 'objects/pack', line.slice(2))))
    )
      yield { subject: 'objects/info/packs', detail: 'One of its lines names no pack that is there.' };
}

function blobId(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Absolute paths of the files below a folder, in a stable order; none where there is no such folder. */
async function below(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
