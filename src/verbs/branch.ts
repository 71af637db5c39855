// From a private commit of the living tenant to the branch: what differs in the scope is copied, without reading the tenant again.
import type { Commit } from '../model/commit.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { FileChange, Repository } from '../model/repository.ts';
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
  const changes: FileChange[] = [];
  if (from !== undefined)
    for await (const change of repository.diff(tip?.id, from.id, scope))
      if (change.ref !== undefined) changes.push(change);
  const after = new Map<Ref, Entity>();
  const put = changes.filter(({ after: blob }) => blob !== undefined);
  for await (const { entity } of repository.entities(
    put.map(({ ref, path, after: blob }) => ({ ref: ref!, path, blob: blob! })),
  ))
    after.set(entity.ref, entity);
  const kinds = [...new Set(changes.map(({ ref }) => kindOf(ref!)))];
  const work = await repository.capture({ base: tip?.id, kinds });
  try {
    for (const name of kinds) {
      const refs = changes.map(({ ref }) => ref!).filter((ref) => kindOf(ref) === name);
      const kind = work.kind(name, new Set(refs));
      await kind.put(refs.map((ref) => after.get(ref)).filter((entity): entity is Entity => entity !== undefined));
      await kind.complete();
    }
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
