// Names: what ids and application ids point to, looked up in commits; asked for little by little, and never more read than was needed.
import { displayNameOf } from '../model/entity.ts';
import type { Kinds } from '../model/kind.ts';
import { isKey, keyOf, kindOf, type Ref, toRef } from '../model/ref.ts';
import type { Named, Pointer } from '../model/report.ts';
import type { Repository, StoredEntity } from '../model/repository.ts';
import { pointerText } from '../report/index.ts';

/** Objects that are asked of git at a time. */
const atATime = 32;
/** Names that are kept; when there are more, all are forgotten and read again as they are needed. */
const mostKept = 20_000;
/** Objects that are looked through for application ids; in a larger tenant the ids beyond stay without a name. */
const mostScanned = 200_000;

export interface NameLookup {
  /** The objects that the pointers lead to, by `pointerText`, from the first commit that has them. */
  find(pointers: readonly Pointer[]): Promise<ReadonlyMap<string, Named>>;
  close(): Promise<void>;
}

/**
 * Looks names up in the commits, the first one first: a name that is on both sides is the newer one. Ids are looked up by path; for
 * application ids, which no path tells, the objects of the kind are read one after another until all that were asked for are found.
 */
export function nameLookup(repository: Repository, kinds: Kinds, commits: readonly string[]): NameLookup {
  const known = new Map<string, Named>();
  const scans = new Map<string, ApplicationScan>();

  async function byId({ kind, value }: Pointer): Promise<Named | undefined> {
    if (!kinds.has(kind) || !isKey(value)) return undefined;
    const ref = toRef(kind, value);
    for (const commit of commits) {
      const stored = await repository.entity(commit, ref);
      if (stored !== undefined) return named(kinds, stored);
    }
    return undefined;
  }

  async function byAppId(pointers: readonly Pointer[]): Promise<void> {
    for (const kind of new Set(pointers.map((pointer) => pointer.kind)))
      for (const commit of kinds.has(kind) ? commits : []) {
        const missing = pointers.filter((pointer) => pointer.kind === kind && !known.has(pointerText(pointer)));
        if (missing.length === 0) break;
        const scan = scans.get(`${commit} ${kind}`) ?? new ApplicationScan(repository, kinds, commit, kind);
        scans.set(`${commit} ${kind}`, scan);
        for (const pointer of missing) {
          const found = await scan.find(pointer.value);
          if (found !== undefined) known.set(pointerText(pointer), found);
        }
      }
  }

  return {
    async find(pointers) {
      if (known.size > mostKept) known.clear();
      const missing = pointers.filter((pointer) => !known.has(pointerText(pointer)));
      const ids = missing.filter(({ by }) => by === 'id');
      for (let at = 0; at < ids.length; at += atATime)
        await Promise.all(
          ids.slice(at, at + atATime).map(async (pointer) => {
            const found = await byId(pointer);
            if (found !== undefined) known.set(pointerText(pointer), found);
          }),
        );
      await byAppId(missing.filter(({ by }) => by === 'appId'));
      return known;
    },
    async close() {
      for (const scan of scans.values()) await scan.close();
    },
  };
}

function named(kinds: Kinds, { entity }: StoredEntity): Named {
  return { ref: entity.ref, displayName: displayNameOf(kinds.get(kindOf(entity.ref)), entity) };
}

/** The objects of a kind in a commit by application id, read as far as somebody asked. */
class ApplicationScan {
  readonly #kinds: Kinds;
  readonly #objects: AsyncIterator<StoredEntity>;
  readonly #found = new Map<string, Named>();
  #left = mostScanned;

  constructor(repository: Repository, kinds: Kinds, commit: string, kind: string) {
    this.#kinds = kinds;
    this.#objects = repository.entities(repository.files(commit, { kinds: [kind] }))[Symbol.asyncIterator]();
  }

  async find(appId: string): Promise<Named | undefined> {
    while (!this.#found.has(appId) && this.#left > 0) {
      const next = await this.#objects.next();
      this.#left = next.done ? 0 : this.#left - 1;
      if (next.done) break;
      const value = next.value.entity.attributes.appId;
      if (typeof value === 'string') this.#found.set(value, named(this.#kinds, next.value));
    }
    return this.#found.get(appId);
  }

  async close(): Promise<void> {
    await this.#objects.return?.();
  }
}

/** The refs by kind, as keys: what a reader is asked for. */
export function keysByKind(refs: readonly Ref[]): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const ref of refs) keys.set(kindOf(ref), [...(keys.get(kindOf(ref)) ?? []), keyOf(ref)]);
  return keys;
}
