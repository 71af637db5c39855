// The audit book: objects that differ, and entries of the tenant's audit log, into what the log has about each; it asks nobody.
import type { AuditEntry, Initiator } from '../model/audit.ts';
import { graphIdOf } from '../model/graph-id.ts';
import type { Kinds } from '../model/kind.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { ReportActor } from '../model/report.ts';

/** What must be known of a recovery to tell its writes. */
export interface Recovery {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly objects: readonly Ref[];
}

/** Entries of one object that are said. */
const mostActors = 5;

/** What was found about one object. */
interface Found {
  readonly ref: Ref;
  /** What an entry must name, and what its activity must begin with, to be about it. */
  readonly needs: readonly string[];
  readonly activities: readonly string[] | undefined;
  entries: ReportActor[] | undefined;
  count: number;
}

/** The objects, and the entries that are about them: of each object the newest few. */
export class AuditBook {
  readonly #kinds: Kinds;
  readonly #byRef = new Map<Ref, Found>();
  /** By one id that an entry about it names. */
  readonly #byId = new Map<string, Found[]>();
  /** Those that entries name by no id. */
  readonly #unnamed: Found[] = [];
  readonly #seen = new Set<string>();
  /** Initiators by their text: few make most entries. */
  readonly #initiators = new Map<string, Initiator>();
  /** The time of the oldest entry that was read, about whatever it is. */
  oldest: string | undefined;
  #runs: readonly (Recovery & { readonly wrote: ReadonlySet<Ref> })[] = [];

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  get size(): number {
    return this.#byRef.size;
  }

  all(): Iterable<Found> {
    return this.#byRef.values();
  }

  expect(ref: Ref): void {
    const kind = this.#kinds.get(kindOf(ref));
    if (kind === undefined) return;
    const key = keyOf(ref).toLowerCase();
    const needs =
      kind.key !== 'id'
        ? key.split('_').slice(0, 2)
        : kind.activities === undefined
          ? [(graphIdOf(kind, key) ?? key).toLowerCase()]
          : [];
    const found: Found = { ref, needs, activities: kind.activities, entries: undefined, count: 0 };
    this.#byRef.set(ref, found);
    const [id] = needs;
    if (id === undefined) this.#unnamed.push(found);
    else {
      const others = this.#byId.get(id);
      if (others === undefined) this.#byId.set(id, [found]);
      else others.push(found);
    }
  }

  enter(entry: AuditEntry): void {
    if (this.oldest === undefined || entry.activityDateTime < this.oldest) this.oldest = entry.activityDateTime;
    const objects = [...entry.about.flatMap((id) => this.#byId.get(id) ?? []), ...this.#unnamed].filter((found) =>
      isAbout(entry, found),
    );
    // A page may come twice, and so may what is about two of the objects.
    if (objects.length === 0 || this.#seen.has(entry.id)) return;
    this.#seen.add(entry.id);
    const { id: _, about: __, ...said } = entry;
    const kept = { ...said, initiatedBy: this.#initiator(entry.initiatedBy) };
    for (const found of new Set(objects)) {
      found.count += 1;
      found.entries ??= [];
      found.entries.push(kept);
      newestFirst(found.entries);
      if (found.entries.length > mostActors) found.entries.pop();
    }
  }

  #initiator(initiator: Initiator): Initiator {
    const text = JSON.stringify(initiator);
    const known = this.#initiators.get(text);
    if (known === undefined) this.#initiators.set(text, initiator);
    return known ?? initiator;
  }

  /** Learns which recoveries there were at the time of what was found. */
  async nameRuns(runs: (since: string) => AsyncIterable<Recovery>): Promise<void> {
    let since: string | undefined;
    for (const { entries } of this.all())
      for (const { activityDateTime } of entries ?? [])
        if (since === undefined || activityDateTime < since) since = activityDateTime;
    if (since === undefined) return;
    const found: (Recovery & { readonly wrote: ReadonlySet<Ref> })[] = [];
    for await (const run of runs(since)) found.push({ ...run, wrote: new Set(run.objects) });
    this.#runs = found;
  }

  of(refs: readonly Ref[]): { readonly actors: readonly ReportActor[]; readonly more: number } {
    const found = refs.flatMap((ref) => this.#byRef.get(ref) ?? []);
    const entries = newestFirst(found.flatMap((each) => each.entries ?? [])).slice(0, mostActors);
    const total = found.reduce((sum, { count }) => sum + count, 0);
    return { actors: entries.map((entry) => this.#withRun(entry, refs)), more: total - entries.length };
  }

  #withRun(said: ReportActor, refs: readonly Ref[]): ReportActor {
    const at = Date.parse(said.activityDateTime);
    const run = this.#runs.find(
      ({ startedAt, finishedAt, wrote }) =>
        Date.parse(startedAt) <= at && at <= Date.parse(finishedAt) && refs.some((ref) => wrote.has(ref)),
    );
    return run === undefined ? said : { ...said, run: run.id };
  }
}

function isAbout(entry: AuditEntry, { needs, activities }: Found): boolean {
  const activity = entry.activityDisplayName.toLowerCase();
  return (
    needs.every((id) => entry.about.includes(id)) &&
    (activities?.some((begin) => activity.startsWith(begin.toLowerCase())) ?? true)
  );
}

/** In place, and most often in order already. */
function newestFirst(entries: ReportActor[]): ReportActor[] {
  return entries.sort((one, other) => Date.parse(other.activityDateTime) - Date.parse(one.activityDateTime));
}
