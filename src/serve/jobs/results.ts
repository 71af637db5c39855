// Results: the changes of a job on the disk, one JSON line each, and a short index of them, so that a page of 100,000 reads what it shows.
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Operation } from '../../model/change.ts';
import type { JsonObject } from '../../model/json.ts';
import type { AccessClass } from '../../model/kind.ts';
import type { Ref } from '../../model/ref.ts';
import type { RecoveryAction, ReportChange } from '../../model/report.ts';
import { actorLines } from '../../report/index.ts';

/** A change as it is kept: with the whole top-level values that differ, which the native shape says and a page shows side by side. */
export interface StoredChange extends ReportChange {
  readonly before?: JsonObject;
  readonly after?: JsonObject;
  /** Why it was not made, where a recovery did not. */
  readonly failure?: string;
}

/** What is known of a change without opening it. */
export interface ChangeEntry {
  readonly ref: Ref;
  readonly kind: string;
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly formerName?: string;
  readonly operation: Operation;
  readonly action: RecoveryAction;
  readonly synced: boolean;
  readonly native: boolean;
  readonly access: readonly AccessClass[];
  readonly attributes: number;
  readonly links: number;
  readonly failure?: string;
  /** Who is said to have made it: the newest entry of the audit log about it. */
  readonly by?: string;
  /** Where the line stands in the file of changes, in bytes. */
  readonly at: number;
  readonly length: number;
}

/** Lines that are written together. */
const atATime = 256;

export class ResultWriter {
  readonly #changes: FileHandle;
  readonly #index: FileHandle;
  #offset = 0;
  #lines: string[] = [];
  #entries: string[] = [];

  private constructor(changes: FileHandle, index: FileHandle) {
    this.#changes = changes;
    this.#index = index;
  }

  /** Begins anew in a job's folder. */
  static async open(folder: string): Promise<ResultWriter> {
    const changes = await open(join(folder, 'changes.jsonl'), 'w', 0o600);
    return new ResultWriter(changes, await open(join(folder, 'index.jsonl'), 'w', 0o600));
  }

  async write(change: StoredChange): Promise<void> {
    const line = `${JSON.stringify(change)}\n`;
    const length = Buffer.byteLength(line);
    this.#lines.push(line);
    this.#entries.push(`${JSON.stringify(entryOf(change, this.#offset, length))}\n`);
    this.#offset += length;
    if (this.#lines.length >= atATime) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#changes.write(this.#lines.join(''));
    await this.#index.write(this.#entries.join(''));
    this.#lines = [];
    this.#entries = [];
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    await this.#flush();
    for (const file of [this.#changes, this.#index]) {
      await file.sync();
      await file.close();
    }
  }
}

function entryOf(change: StoredChange, at: number, length: number): ChangeEntry {
  const [by] = actorLines(change);
  return {
    ref: change.ref,
    kind: change.kind,
    type: change.type,
    id: change.id,
    name: change.displayName,
    ...(change.formerName === undefined ? {} : { formerName: change.formerName }),
    operation: change.operation,
    action: change.recoveryAction,
    synced: change.synced,
    native: change.native,
    access: change.access ?? [],
    attributes: change.attributes.length,
    links: change.links.length,
    ...(change.failure === undefined ? {} : { failure: change.failure }),
    ...(by === undefined ? {} : { by }),
    at,
    length,
  };
}

/** The index of a finished job, in the order of its changes. */
export async function readIndex(folder: string): Promise<ChangeEntry[]> {
  const lines = createInterface({ input: createReadStream(join(folder, 'index.jsonl')), crlfDelay: Infinity });
  const entries: ChangeEntry[] = [];
  for await (const line of lines) entries.push(JSON.parse(line) as ChangeEntry);
  return entries;
}

/** The changes that some entries of the index lead to. */
export async function readChanges(folder: string, entries: readonly ChangeEntry[]): Promise<StoredChange[]> {
  if (entries.length === 0) return [];
  const file = await open(join(folder, 'changes.jsonl'), 'r');
  try {
    const found: StoredChange[] = [];
    for (const { at, length } of entries) {
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, at);
      found.push(JSON.parse(buffer.toString('utf8')) as StoredChange);
    }
    return found;
  } finally {
    await file.close();
  }
}

/** What a reader of a report asks for. */
export interface ChangeFilter {
  readonly kind?: string | undefined;
  readonly operation?: string | undefined;
  readonly action?: string | undefined;
  /** A piece of the name, of a former name, or of the id, in any case. */
  readonly name?: string | undefined;
  readonly access?: boolean | undefined;
  readonly synced?: boolean | undefined;
}

/** Does an entry pass the filter? */
export function passes(entry: ChangeEntry, filter: ChangeFilter): boolean {
  const wanted = filter.name?.toLowerCase();
  return (
    (filter.kind === undefined || entry.kind === filter.kind || entry.type === filter.kind) &&
    (filter.operation === undefined || entry.operation === filter.operation) &&
    (filter.action === undefined || entry.action === filter.action) &&
    (filter.access !== true || entry.access.length > 0) &&
    (filter.synced === undefined || entry.synced === filter.synced) &&
    (wanted === undefined ||
      [entry.name, entry.formerName ?? '', entry.id, entry.ref].some((text) => text.toLowerCase().includes(wanted)))
  );
}
