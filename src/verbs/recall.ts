// Recall: which file an object made as it came, remembered in digests, so that an object that comes the same again need not be made again.
import { hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import { keyOf } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Recognition, TenantIdentity } from '../model/tenant.ts';

/** Bytes of one digest: too many for two objects to share it, by accident or by art. */
const length = 16;
/** Digests that are written at a time. */
const writtenTogether = 4096;

export interface RecallOptions {
  readonly repository: Pick<Repository, 'privateFolder'>;
  readonly identity: TenantIdentity;
  readonly version: string;
  readonly kind: Kind;
}

/** Recognizes nothing: the pages only say what their entities were made of. */
export const nothingKnown: Recognition = { recognizes: () => false };

type Blobs = (key: string) => string | undefined;

/**
 * What is remembered are facts that stay true, whatever becomes of the snapshot: that this content made that blob, with this version and these
 * permissions. So the file may be deleted, cut off, written by two at a time or be of another branch; what it lacks is made as before.
 */
export class Recall {
  readonly #path: string;
  readonly #salt: string;
  readonly #known: DigestSet;
  readonly #draft: FileHandle;
  /** Digests that are not written yet. */
  #open: string[] = [];

  private constructor(path: string, salt: string, known: DigestSet, draft: FileHandle) {
    this.#path = path;
    this.#salt = salt;
    this.#known = known;
    this.#draft = draft;
  }

  /** Undefined for kinds of few objects, and where something has to be asked for each. */
  static async open({ repository, identity, version, kind }: RecallOptions): Promise<Recall | undefined> {
    const parts = [...Object.values(kind.links), ...(kind.contained ?? [])];
    if (!kind.sharded || kind.key !== 'id' || parts.some(({ read }) => read === 'list')) return undefined;
    const { tenantId, cloud, permissions } = identity;
    const salt = hash('sha256', JSON.stringify([kind.name, version, cloud, [...(permissions ?? [])].sort()]));
    const folder = join(repository.privateFolder, 'recall');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${tenantId}.${kind.name}`);
    const known = new DigestSet(await readFile(path).catch(() => Buffer.alloc(0)));
    // Whoever else appends to it appends facts, too.
    const draft = await open(`${path}.draft`, 'a', 0o600);
    await draft.truncate();
    return new Recall(path, salt, known, draft);
  }

  /** Knows the objects again whose file in the base is the one that they would make. */
  recognition(blobs: Blobs): Recognition {
    return {
      recognizes: (key, content) => {
        const blob = blobs(key);
        const digest = blob === undefined ? undefined : this.#digest(content, blob);
        if (digest === undefined || !this.#known.has(digest)) return false;
        this.#open.push(digest);
        return true;
      },
    };
  }

  /** Notes what the objects were made of that were put, and those that were recognized. */
  async note(entities: readonly Entity[], contents: readonly (string | undefined)[], blobs: Blobs): Promise<void> {
    for (const [at, { ref }] of entities.entries()) {
      const content = contents[at];
      const blob = content === undefined ? undefined : blobs(keyOf(ref));
      if (blob !== undefined) this.#open.push(this.#digest(content!, blob));
    }
    if (this.#open.length >= writtenTogether) await this.#write();
  }

  /** Lets the notes take the place of what was known. */
  async save(): Promise<void> {
    await this.#write();
    await this.#draft.close();
    await rename(`${this.#path}.draft`, this.#path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#draft.close();
  }

  async #write(): Promise<void> {
    const digests = this.#open;
    this.#open = [];
    if (digests.length > 0) await this.#draft.appendFile(digests.join(''), 'hex');
  }

  #digest(content: string, blob: string): string {
    return hash('sha256', `${this.#salt}${blob}${content}`, 'hex').slice(0, 2 * length);
  }
}

/** Digests side by side, as they stand in a file, and where each of them is. */
class DigestSet {
  readonly #bytes: Buffer;
  /** Open addressing: places plus one, 0 where a slot is empty. */
  readonly #slots: Uint32Array;
  readonly #asked = Buffer.alloc(length);

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const count = Math.floor(bytes.length / length);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(count + 1) + 1));
    for (let place = 0; place < count; place += 1) {
      const slot = this.#slot(bytes, place * length);
      if (this.#slots[slot] === 0) this.#slots[slot] = place + 1;
    }
  }

  has(digest: string): boolean {
    this.#asked.write(digest, 'hex');
    return this.#slots[this.#slot(this.#asked, 0)] !== 0;
  }

  /** The slot of a digest: where it is, or where it would go. */
  #slot(digest: Buffer, at: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = digest.readUInt32LE(at) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]! - 1;
      const start = place * length;
      if (place < 0 || this.#bytes.compare(digest, at, at + length, start, start + length) === 0) return slot;
    }
  }
}
