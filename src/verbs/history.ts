// History: the life of one object through all snapshots, attribute by attribute, newest first.
import { diffEntities } from '../diff/index.ts';
import type { Commit } from '../model/commit.ts';
import { keyOfGraphId } from '../model/graph-id.ts';
import type { Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { isKey, kindOf, type Ref, toRef } from '../model/ref.ts';
import type { ReportChange } from '../model/report.ts';
import type { Repository } from '../model/repository.ts';
import { type Compared, composeChanges } from '../report/index.ts';
import { nameLookup } from './names.ts';
import { findObject, unknownObject } from './scope.ts';

export interface HistoryRequest {
  readonly repository: Repository;
  readonly kinds: Kinds;
  /** A ref, an object id, or an exact display name. */
  readonly object: string;
  /** Kinds to look among; absent: all. */
  readonly among?: readonly string[] | undefined;
  /** Where to start; default: the branch. */
  readonly from?: string | undefined;
  /** How many commits at the most. */
  readonly limit?: number | undefined;
  readonly now: () => Date;
}

export interface HistoryEntry {
  readonly commit: Commit;
  readonly change: ReportChange;
}

export interface History {
  readonly ref: Ref;
  /** What each commit changed in the object, newest first. Can be walked once. */
  readonly entries: AsyncIterable<HistoryEntry>;
  close(): Promise<void>;
}

/**
 * The history of the one object that is meant, also of one that is gone by now. Problem `usage` where none is meant, or several.
 */
export async function history(request: HistoryRequest): Promise<History> {
  const { repository, kinds, now, limit } = request;
  const start = request.from === undefined ? await repository.tip() : await repository.resolve(request.from, now());
  if (start === undefined)
    throw new Problem({
      kind: 'usage',
      summary: 'There is no history yet',
      detail: 'The branch has no commit. Take a snapshot first: driftline snapshot.',
    });
  const ref = await meant(request, start);
  const kind = kinds.get(kindOf(ref))!;
  const commits: Commit[] = [];
  const names = nameLookup(repository, kinds, [start.id]);
  async function* compared(): AsyncGenerator<Compared> {
    for await (const commit of repository.log({
      from: start!.id,
      refs: [ref],
      ...(limit === undefined ? {} : { limit }),
    })) {
      const [parent] = commit.parents;
      const after = (await repository.entity(commit.id, ref))?.entity;
      const before = parent === undefined ? undefined : (await repository.entity(parent, ref))?.entity;
      const change = diffEntities(kind, before, after);
      if (change === undefined) continue;
      commits.push(commit);
      yield { kind, change, before, after };
    }
  }
  const changes = composeChanges({
    kinds,
    compared: compared(),
    names: names.find,
    fromComplete: () => true,
    binExpired: false,
  });
  async function* entries(): AsyncGenerator<HistoryEntry> {
    // Changes come out in the order in which their commits went in.
    for await (const change of changes) yield { commit: commits.shift()!, change };
  }
  return { ref, entries: entries(), close: names.close };
}

/** The object that is meant: one of the newest commit, or, by its id, one that any commit ever had. */
async function meant({ repository, kinds, object, among }: HistoryRequest, start: Commit): Promise<Ref> {
  const rows = [...kinds.values()].filter(({ name }) => among === undefined || among.includes(name));
  const sources = { repository, kinds, commits: [start] };
  const found = await findObject(sources, object, rows);
  if (found !== undefined) return found;
  for (const kind of rows) {
    const key = keyOfGraphId(kind, object);
    if (key === undefined || !isKey(key)) continue;
    const ref = toRef(kind.name, key);
    for await (const _ of repository.log({ from: start.id, refs: [ref], limit: 1 })) return ref;
  }
  throw unknownObject(sources, object);
}
