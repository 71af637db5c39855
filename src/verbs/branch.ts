// From a private commit of the living tenant to the branch: what differs in the scope is copied, without reading the tenant again.
import type { Commit } from '../model/commit.ts';
import type { Coverage } from '../model/coverage.ts';
import { grouped } from '../model/grouped.ts';
import type { JsonObject } from '../model/json.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import { countsText, coverageAt } from './capture.ts';

export interface KeepOptions {
  readonly repository: Repository;
  /** A commit of the living tenant; what it says of the scope goes onto the branch. Undefined: only records are written. */
  readonly from: Commit | undefined;
  readonly scope: Scope;
  /** Subject of the commit; the counts follow it. */
  readonly subject: string;
  readonly version: string;
  readonly notes: Readonly<Record<string, string>>;
  /** Records to write beside the state, by path. */
  readonly files?: Readonly<Record<string, JsonObject>>;
  readonly at: string;
}

/** Commits the scope as `from` has it. The branch's tip where nothing differs and no record is written. Problem `conflict` where the branch moved meanwhile. */
export async function keepOnBranch(options: KeepOptions): Promise<Commit> {
  const { repository, from, scope, files = {} } = options;
  const tip = await repository.tip();
  const changes = () => (from === undefined ? [] : repository.diff(tip?.id, from.id, scope));
  // There may be very many: first which objects, then, as git says it once more, how they are.
  const refs: Ref[] = [];
  for await (const { ref } of changes()) if (ref !== undefined) refs.push(ref);
  const byKind = grouped(refs, kindOf);
  const work = await repository.capture({ base: tip?.id, kinds: [...byKind.keys()] });
  try {
    const kinds = new Map([...byKind].map(([name, own]) => [name, work.kind(name, new Set(own))]));
    for await (const { ref, after } of changes())
      if (ref !== undefined && after !== undefined) await kinds.get(kindOf(ref))!.copy(ref, after);
    for (const kind of kinds.values()) await kind.complete();
    const coverage = await joinedCoverage(repository, tip, from);
    const known = from ?? tip;
    const tenant = known === undefined ? undefined : await repository.file(known.id, 'tenant.yaml');
    if (tenant !== undefined) await work.file('tenant.yaml', tenant);
    await work.file('coverage.yaml', coverage as unknown as JsonObject);
    for (const [path, value] of Object.entries(files)) await work.file(path, value);
    const counts = work.counts();
    const record = {
      tenantId: String(tenant?.tenantId),
      startedAt: from?.at ?? options.at,
      finishedAt: options.at,
      version: options.version,
      coverage,
      counts,
      notes: options.notes,
    };
    const unchanged = Object.keys(files).length === 0;
    const message = { subject: `${options.subject}: ${countsText(counts)}`, record, at: options.at };
    const commit = await work.commit(message, { skipUnchanged: unchanged });
    if (commit === undefined) return tip!;
    await repository.updateWorkingFolder(tip?.id, commit.id);
    return commit;
  } finally {
    await work.abort();
  }
}

/** What the branch knows of each kind, and what was read now where it was read. */
async function joinedCoverage(
  repository: Repository,
  tip: Commit | undefined,
  from: Commit | undefined,
): Promise<Coverage> {
  const before = tip === undefined ? {} : await coverageAt(repository, tip.id);
  const now = from === undefined ? {} : await coverageAt(repository, from.id);
  const read = Object.entries(now).filter(([kind, { status }]) => status !== 'skipped' || before[kind] === undefined);
  return { ...before, ...Object.fromEntries(read) };
}
