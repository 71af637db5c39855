// Mode drift: the living tenant against the accepted baseline; where they differ, one rolling branch and pull request, else none.

import { createHash } from 'node:crypto';
import type { Commit } from '../model/commit.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import type { TenantReader } from '../model/tenant.ts';
import { count } from '../report/index.ts';
import { capture, countsText } from '../verbs/capture.ts';
import { version } from '../version.ts';
import { notify } from './notify.ts';
import { closePullRequest, syncLabels, syncPullRequest } from './pull-requests.ts';
import { commentText, readingLog, type Survey, sayIncomplete, survey, writeReport } from './report.ts';
import { publish, refusePublic, type Site } from './site.ts';

/** Where the living tenant is kept inside the job's clone. */
const liveRef = 'refs/driftline/drift';
/** The rolling branches; the tenant's id follows, and with a pull request per kind the kind. */
const prefix = 'driftline/drift/';

/** Is this one of the Action's own drift branches, of this tenant where one is named? */
export function isDriftBranch(branch: string, tenantId = ''): boolean {
  const own = `${prefix}${tenantId.toLowerCase()}`;
  return tenantId === '' ? branch.startsWith(own) : branch === own || branch.startsWith(`${own}-`);
}

/** Runs the mode. 0, 2 where there is drift and that is to fail, 4 where not everything could be read. */
export async function runDrift(site: Site): Promise<number> {
  const { inputs, workplace, world } = site;
  await refusePublic(site);
  const repository = await site.openRepository();
  const reader = await workplace.openReader();
  try {
    const base = await repository.tip();
    const taken = await capture({
      repository,
      reader,
      kinds: workplace.kinds,
      scope: scopeOf(inputs.kinds),
      base,
      ref: base === undefined ? repository.branch : liveRef,
      now: world.now,
      version,
      onProgress: readingLog(site),
      signal: world.signal,
    });
    const live = taken.commit!;
    const kinds = sayIncomplete(site, live);
    if (base === undefined) await firstCommit(site, repository, live);
    else {
      const status = await compareAndShow(
        site,
        repository,
        { base, live },
        kinds.length > 0,
        inputs.actors ? reader : undefined,
      );
      if (kinds.length === 0) return status;
    }
    return kinds.length > 0 ? exitStatus.incomplete.status : exitStatus.done.status;
  } finally {
    await reader.close();
    await repository.close();
  }
}

/** In a repository without any commit there is nothing to open a pull request against: the first state is the baseline. */
async function firstCommit(site: Site, repository: Repository, live: Commit): Promise<void> {
  const commit = await publish(site, repository, undefined, live.id);
  site.runner.output('drift', 'false');
  site.runner.output('changed', '0');
  site.runner.output('commit', commit);
  site.runner.log(
    `The repository was empty: ${commit.slice(0, 12)} is the first baseline (${countsText(live.snapshot!.counts)})`,
  );
  site.runner.summary(`## First baseline\n\nThe repository was empty. ${countsText(live.snapshot!.counts)}.`);
}

async function compareAndShow(
  site: Site,
  repository: Repository,
  { base, live }: { readonly base: Commit; readonly live: Commit },
  partly: boolean,
  reader: TenantReader | undefined,
): Promise<number> {
  const { runner, inputs, page } = site;
  const scope = scopeOf(inputs.kinds);
  const first = (await repository.file(base.id, 'tenant.yaml')) === undefined;
  // Nobody made a whole tenant lately.
  const log = first ? undefined : reader;
  const all = await survey(site, repository, base.id, live.id, scope, log);
  const drift = all.objects > 0;
  const tenantId = live.snapshot!.tenantId;
  runner.output('drift', String(drift));
  runner.output('changed', String(all.objects));
  runner.output('commit', live.id);
  const shown: Shown[] = [];
  const whole = `${prefix}${tenantId}`;
  if (drift && !inputs.perKind) shown.push({ base, live, first, branch: whole, kinds: undefined, drift: all });
  if (drift && inputs.perKind)
    for (const kind of all.kinds) {
      const one = await survey(site, repository, base.id, live.id, { kinds: [kind] }, log);
      shown.push({ base, live, first, branch: `${whole}-${kind}`, kinds: [kind], drift: one });
    }
  const numbers: number[] = [];
  let news = false;
  for (const one of shown) {
    const result = await showDrift(site, repository, one);
    if (result.number !== undefined) numbers.push(result.number);
    news ||= result.news;
  }
  // What could not be read may still have drifted: that it is gone is not known.
  if (!partly) await closeOthers(site, tenantId, new Set(shown.map(({ branch }) => branch)), base);
  runner.output('pull-request', numbers.join(','));
  const baseline = `[${base.id.slice(0, 12)}](${page}/commit/${base.id})`;
  if (!drift) {
    const words = partly ? 'No drift in what could be read' : 'No drift';
    const ignored = all.ignored > 0 ? ` (${count(all.ignored, 'difference')} ignored)` : '';
    runner.log(`${words}: the tenant is as ${base.id.slice(0, 12)} has it${ignored}`);
    runner.summary(`## ${words}\n\nThe tenant is as ${baseline} has it${ignored}.`);
    return exitStatus.done.status;
  }
  const counts = countsText(all.counts);
  const differ = `${count(all.objects, 'object')} ${all.objects === 1 ? 'differs' : 'differ'}`;
  runner.log(`Drift: ${counts}`);
  await writeReport(site, all.sheets, `## ${first ? 'First baseline' : 'Drift'}\n\n${differ} from ${baseline}.`);
  if (news) await notify(site, 'drift', `${differ} from the baseline: ${counts}.`);
  return inputs.failOnDrift ? exitStatus.differences.status : exitStatus.done.status;
}

interface Shown {
  readonly base: Commit;
  readonly live: Commit;
  /** The baseline holds nothing of the tenant yet. */
  readonly first: boolean;
  readonly branch: string;
  /** The kinds of a pull request of its own; undefined: all of them in one. */
  readonly kinds: readonly string[] | undefined;
  readonly drift: Survey;
}

/** Brings one branch and pull request up to date. `news`: there is something in it that was not there before. */
async function showDrift(
  site: Site,
  repository: Repository,
  shown: Shown,
): Promise<{ readonly number?: number; readonly news: boolean }> {
  const { clone, runner, github } = site;
  const { base, first, branch, kinds, drift } = shown;
  const live = kinds === undefined ? shown.live.id : await onlyKinds(site, repository, shown);
  const ref = `refs/heads/${branch}`;
  const there = site.remote.refs.get(ref);
  if (there !== undefined && (await isSomebodys(site, there))) {
    runner.annotate(
      'warning',
      'Drift branch',
      `Somebody committed on ${branch}, so it was left as it is. Merge or delete it; the next run makes it anew.`,
    );
    const open = (await github.pullRequests(branch)).find((pull) => pull.open);
    return { ...(open === undefined ? {} : { number: open.number }), news: false };
  }
  if (there === undefined || !(await sameBranch(site, there, live)))
    await clone.push([{ ref, from: there, to: live, rewrite: true }]);
  const { pull, done, news } = await syncPullRequest(github, {
    branch,
    base: repository.branch.replace(/^refs\/heads\//, ''),
    title: titleOf(site, drift, first, kinds),
    body: `${introduction(first)}\n\n${await commentText(site, drift.sheets)}`,
    kinds: drift.kinds,
    digest: await driftDigest(repository, base.id, live, scopeOf(kinds ?? site.inputs.kinds)),
    state: `${base.id} ${await clone.idAt(live, repository.statePath)}`,
  });
  runner.log(`Pull request #${pull.number} ${done}: ${pull.url}`);
  if (done === 'left closed') {
    runner.annotate(
      'notice',
      'Drift is known',
      `#${pull.number} shows this very drift and was closed by a person, so no other was opened. Another drift opens a new one.`,
    );
    return { news };
  }
  await syncLabels(github, pull, drift.kinds).catch((error: unknown) => {
    runner.annotate('warning', 'Labels', error instanceof Problem ? error.detail : 'The labels could not be set.');
  });
  return { number: pull.number, news };
}

/** A digest of the objects that differ and what they are now. */
async function driftDigest(repository: Repository, from: string, to: string, scope: Scope): Promise<string> {
  const digest = createHash('sha256');
  for await (const { ref, after } of repository.diff(from, to, scope))
    if (ref !== undefined) digest.update(`${ref} ${after}\n`);
  return digest.digest('hex');
}

function scopeOf(kinds: readonly string[] | undefined): Scope {
  return kinds === undefined ? {} : { kinds };
}

/** A commit on the baseline with the drift of these kinds alone. */
async function onlyKinds(
  site: Site,
  repository: Repository,
  { base, live, kinds = [], drift }: Shown,
): Promise<string> {
  const { statePath } = repository;
  const record = { ...live.snapshot!, counts: drift.counts };
  const files = ['tenant.yaml', 'coverage.yaml'];
  return site.clone.graft(
    live.id,
    base.id,
    [...kinds, ...files].map((name) => `${statePath}/${name}`),
    {
      subject: `${kinds.join(', ')}: ${countsText(drift.counts)}`,
      record,
      at: record.finishedAt,
    },
  );
}

/** Did a person commit on top of ours? Merging the baseline into it, as GitHub's "Update branch" does, is nobody's work. */
async function isSomebodys({ clone }: Site, commit: string): Promise<boolean> {
  const { author, parents } = await clone.madeBy(commit);
  return !author.startsWith('Driftline <') && parents.length < 2;
}

/** Is the branch as it would be made now: the same files on the same baseline? Then it is left, and no check runs again for nothing. */
async function sameBranch({ clone }: Site, there: string, live: string): Promise<boolean> {
  const [left, right] = [await clone.madeBy(there), await clone.madeBy(live)];
  return left.parents[0] === right.parents[0] && (await clone.treeOf(there)) === (await clone.treeOf(live));
}

/** Closes the pull requests, and deletes the branches, of drift that is gone. */
async function closeOthers(site: Site, tenantId: string, keep: ReadonlySet<string>, base: Commit): Promise<void> {
  const { clone, github, runner, remote } = site;
  for (const [ref, commit] of remote.refs) {
    const branch = ref.replace(/^refs\/heads\//, '');
    if (!isDriftBranch(branch, tenantId) || keep.has(branch)) continue;
    const closed = await closePullRequest(
      github,
      branch,
      `No drift any more: the tenant is as ${base.id} has it. Closed.`,
    );
    if (closed !== undefined) runner.log(`Pull request #${closed.number} closed: its drift is gone`);
    await clone.push([{ ref, from: commit, to: undefined }]);
  }
}

function titleOf(
  { configuration }: Site,
  { objects, counts }: Survey,
  first: boolean,
  kinds: readonly string[] | undefined,
): string {
  // Only numbers, names of kinds and of our own folders: nothing that the tenant says.
  const folder = /^tenants\/([A-Za-z0-9._-]+)\//.exec(configuration.statePath)?.[1];
  const where = [folder, kinds?.join(', ')].filter((part) => part !== undefined).join(' ');
  return `${first ? 'First baseline' : 'Drift'}${where === '' ? '' : ` in ${where}`}: ${count(objects, 'object')} (${countsText(counts)})`;
}

function introduction(first: boolean): string {
  return first
    ? 'This is the tenant as it is now. **Merging accepts it as the baseline** that later runs compare with. Closing changes nothing. The baseline holds nothing of the tenant yet: that is why every object is new below, and no kind was read in it.'
    : '**Merging accepts this drift** as the new baseline. Closing or commenting does not touch the tenant. To put the tenant back, somebody with write access comments `/driftline revert`; that makes a plan, which waits for approval. Do not commit on this branch: each run makes it anew.';
}
