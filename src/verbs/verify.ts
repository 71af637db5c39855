// Verify: a repository and what is known of it from elsewhere in, everything about it that cannot be believed out, each thing named.
import type { Commit } from '../model/commit.ts';
import { coverageStatuses } from '../model/coverage.ts';
import { isObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import { kindOf } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Finding, Inspection } from '../repo/index.ts';

export interface VerifyOptions {
  readonly repository: Repository;
  readonly inspection: Inspection;
  readonly now: Date;
  /** A commit, kept outside of the repository, that the branch must contain. */
  readonly anchor?: string | undefined;
  /** Path of an allowed signers file: every snapshot must be signed by one of its keys. */
  readonly signers?: string | undefined;
}

export interface Verification {
  readonly findings: readonly Finding[];
  /** Commits looked at, how many of them are snapshots, and how many files they brought. */
  readonly commits: number;
  readonly snapshots: number;
  readonly files: number;
}

/** Clocks of runners differ by so much, and not by more. */
const clockTolerance = 600_000;

/**
 * Looks at every object, ref, commit and file. Damage is a finding and never an error: the list names all that is found, for somebody
 * who must decide what of the history still holds.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { repository, inspection } = options;
  const findings: Finding[] = [];
  const known = new Set<string>();
  let [commits, snapshots] = [0, 0];
  findings.push(...(await inspection.objects()));
  for await (const finding of inspection.storage()) findings.push(finding);
  try {
    const tip = await repository.tip();
    if (tip === undefined)
      throw damaged(repository.branch, 'The branch has no commit: it was deleted, or its ref is damaged.');
    findings.push(...(await anchorFindings(options, tip)));
    const tenantId = await tenantOf(options, tip, findings);
    const history: Commit[] = [];
    for await (const commit of repository.log({ from: tip.id })) history.push(commit);
    const byId = new Map(history.map((commit) => [commit.id, commit]));
    for (const commit of history.reverse()) {
      commits += 1;
      if (commit.snapshot?.tenantId === tenantId) snapshots += 1;
      for await (const finding of commitFindings(options, commit, byId, known, tenantId)) findings.push(finding);
    }
    await coverageFindings(options, tip, findings);
    for await (const finding of inspection.workingFolder(tip.id)) findings.push(finding);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    findings.push({ subject: error.subject ?? repository.branch, detail: error.detail });
  }
  return { findings, commits, snapshots, files: known.size };
}

async function anchorFindings({ repository, inspection, anchor, now }: VerifyOptions, tip: Commit): Promise<Finding[]> {
  if (anchor === undefined) return [];
  const gone = {
    subject: anchor,
    detail: `The branch does not contain this commit, which it once had: its history was rewritten, or the branch was put back. Compare with another copy before you believe it.`,
  };
  const commit = await repository.resolve(anchor, now).catch(() => undefined);
  return commit !== undefined && (await inspection.isAncestor(commit.id, tip.id)) ? [] : [gone];
}

/** The tenant that the state is of, by its tenant.yaml. */
async function tenantOf({ repository }: VerifyOptions, tip: Commit, findings: Finding[]): Promise<string | undefined> {
  const subject = `${repository.statePath}/tenant.yaml`;
  const file = await recordAt(repository, tip, 'tenant.yaml', findings);
  if (file === 'broken') return undefined;
  if (typeof file?.tenantId === 'string' && typeof file.formatVersion === 'number') return file.tenantId;
  findings.push({
    subject,
    detail: file === undefined ? 'It is not there.' : 'It does not say tenantId and formatVersion.',
  });
  return undefined;
}

/** A record of the tip, undefined where it is not there; one that cannot be read is a finding of its own, and does not hide the others. */
async function recordAt(repository: Repository, tip: Commit, name: string, findings: Finding[]) {
  try {
    return await repository.file(tip.id, name);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    findings.push({ subject: error.subject ?? name, detail: error.detail });
    return 'broken' as const;
  }
}

async function* commitFindings(
  options: VerifyOptions,
  commit: Commit,
  byId: ReadonlyMap<string, Commit>,
  known: Set<string>,
  tenantId: string | undefined,
): AsyncGenerator<Finding> {
  const { inspection } = options;
  const subject = commit.id.slice(0, 12);
  const [first] = commit.parents;
  const missing = commit.parents.filter((parent) => !byId.has(parent));
  if (missing.length > 0)
    yield { subject, detail: 'The commits before it are not here: the clone is shallow, or history is missing.' };
  const from = first !== undefined && byId.has(first) ? first : undefined;
  const before = known.size;
  yield* inspection.files(from, commit.id, known);
  const late = commit.parents.some((parent) => (byId.get(parent)?.at ?? '') > commit.at);
  if (late) yield { subject, detail: `It is of ${commit.at}, before the commit that it stands on.` };
  if (Date.parse(commit.at) > options.now.getTime() + clockTolerance)
    yield { subject, detail: `It is of ${commit.at}, which is in the future.` };
  if (commit.snapshot === undefined) {
    if (/^Driftline <|^Driftline-/.test(commit.author) && known.size > before && commit.parents.length < 2)
      yield { subject, detail: 'It says that Driftline made it, and lacks the trailers of a snapshot.' };
    return;
  }
  yield* snapshotFindings(options, commit, from, tenantId);
}

async function* snapshotFindings(
  { repository, inspection, signers }: VerifyOptions,
  commit: Commit,
  from: string | undefined,
  tenantId: string | undefined,
): AsyncGenerator<Finding> {
  const subject = commit.id.slice(0, 12);
  const record = commit.snapshot!;
  const counts = await countsBetween(repository, from, commit.id);
  if (record.tenantId !== tenantId) {
    // Several tenants may share a repository; their snapshots leave each other's state alone.
    if (counts !== undefined && counts.added + counts.changed + counts.removed > 0)
      yield {
        subject,
        detail: `It is a snapshot of tenant ${record.tenantId}, and changes the state of tenant ${tenantId}.`,
      };
    return;
  }
  if (Date.parse(record.startedAt) > Date.parse(record.finishedAt))
    yield { subject, detail: 'Its trailers say that it was finished before it was started.' };
  const told = record.counts;
  if (
    counts !== undefined &&
    (told.added !== counts.added || told.changed !== counts.changed || told.removed !== counts.removed)
  )
    yield {
      subject,
      detail: `Its trailers say ${told.changed} changed, ${told.added} added, ${told.removed} removed; it holds ${counts.changed}, ${counts.added}, ${counts.removed}.`,
    };
  const unbelieved = signers === undefined ? undefined : await inspection.signature(commit.id, signers);
  if (unbelieved !== undefined)
    yield { subject, detail: `Its signature is not one of the keys' in ${signers}: ${unbelieved}` };
}

/** What differs in objects; undefined where it cannot be told, which has been said already. */
async function countsBetween(repository: Repository, from: string | undefined, to: string) {
  const counts = { added: 0, changed: 0, removed: 0 };
  try {
    for await (const { ref, before, after } of repository.diff(from, to)) {
      if (ref === undefined) continue;
      counts[before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'] += 1;
    }
    return counts;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** The coverage of the tip: sound, and where the tip is a snapshot, true of its files. */
async function coverageFindings({ repository }: VerifyOptions, tip: Commit, findings: Finding[]): Promise<void> {
  const subject = `${repository.statePath}/coverage.yaml`;
  const coverage = await recordAt(repository, tip, 'coverage.yaml', findings);
  if (coverage === 'broken') return;
  if (coverage === undefined) {
    findings.push({ subject, detail: 'It is not there.' });
    return;
  }
  const counts = new Map<string, number>();
  const counted = tip.snapshot !== undefined && (await countFiles(repository, tip, counts));
  for (const [kind, entry] of Object.entries(coverage)) {
    const { status, count, reason } = isObject(entry) ? entry : {};
    if (!(coverageStatuses as readonly unknown[]).includes(status) || typeof count !== 'number' || count < 0)
      findings.push({ subject, detail: `What it says of ${kind} is not a coverage.` });
    else if (status !== 'complete' && typeof reason !== 'string')
      findings.push({ subject, detail: `It gives no reason why ${kind} is not complete.` });
    else if (status === 'complete' && counted && count !== (counts.get(kind) ?? 0))
      findings.push({ subject, detail: `It says ${count} of ${kind}, and the commit holds ${counts.get(kind) ?? 0}.` });
  }
}

/** Counts the tip's objects by kind; false where they cannot be listed, which has been said already. */
async function countFiles(repository: Repository, tip: Commit, counts: Map<string, number>): Promise<boolean> {
  try {
    for await (const { ref } of repository.files(tip.id)) counts.set(kindOf(ref), (counts.get(kindOf(ref)) ?? 0) + 1);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

function damaged(subject: string, detail: string): Problem {
  return new Problem({ kind: 'failed', summary: 'The repository is damaged', detail, subject });
}
