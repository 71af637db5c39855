// Mode apply: the reviewed plan, by its digest, in the approved environment, carried out; its record on the branch, its journal left for the next job.
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openJournal } from '../apply/index.ts';
import { markdownText } from '../model/escape.ts';
import type { Plan } from '../model/plan.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import type { RunRecord } from '../model/run.ts';
import { parsePlan } from '../plan/index.ts';
import { count } from '../report/index.ts';
import { type Applied, type ApplyRequest, applyPlan, resumeRun, writingTo } from '../verbs/apply.ts';
import { endedRuns, startedRuns } from '../verbs/runs.ts';
import { version } from '../version.ts';
import { requireApproval } from './approval.ts';
import { wrong } from './inputs.ts';
import { notify } from './notify.ts';
import { publish, refusePublic, type Site } from './site.ts';

/** Runs the mode. 0 where all was done, 4 where only part of it, 3 where the plan may not be applied here, 130 where it was stopped. */
export async function runApply(site: Site): Promise<number> {
  const { inputs, workplace, runner } = site;
  const { plan, folder } = await reviewedPlan(site);
  const approval = await requireApproval(site);
  await refusePublic(site);
  await requireMerged(site, plan);
  const repository = await site.openRepository();
  const runs = await keepRunsOutside(site, repository);
  const reader = await workplace.openReader();
  const writer = await workplace.openWriter();
  try {
    await requireNew(repository, plan);
    await site.clone.unbundle(join(folder, 'live.bundle'));
    await site.clone.point('refs/driftline/plans/reviewed', plan.live.commit);
    const branch = { at: site.tip };
    const request = requestOf(site, { repository, reader, writer }, branch);
    const stopped = inputs.resume === undefined ? undefined : await takeUp(site, repository, plan, runs);
    const applied =
      stopped === undefined
        ? await applyPlan(plan, request)
        : await resumeRun(stopped, { ...request, journal: openJournal });
    const commit =
      applied.commit === undefined ? undefined : await publish(site, repository, branch.at, applied.commit.id);
    return await sayRun(site, applied, commit, approval);
  } finally {
    await writer.close();
    await reader.close();
    await repository.close();
    runner.output('run-path', runs);
  }
}

/** The plan in the folder, which must be the one that was reviewed: its digest is checked twice, against its content and against the input. */
async function reviewedPlan({ inputs, world }: Site): Promise<{ plan: Plan; folder: string }> {
  if (inputs.plan === undefined) throw wrong('plan', 'is missing');
  if (inputs.digest === undefined)
    throw wrong('digest', 'is missing; without it nobody knows that this plan was reviewed');
  const asked = resolve(world.environment.GITHUB_WORKSPACE ?? world.cwd, inputs.plan);
  const folder = asked.endsWith('.json') ? resolve(asked, '..') : asked;
  const text = await readFile(join(folder, 'plan.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw wrong('plan', 'names no folder with a plan.json in it');
  const plan = parsePlan(text, 'plan.json');
  if (plan.digest === inputs.digest) return { plan, folder };
  throw new Problem({
    kind: 'refused',
    summary: 'The plan is not the one that was reviewed',
    detail: `Its digest is ${plan.digest.slice(0, 12)}…, and the reviewed one's ${inputs.digest.slice(0, 12).replace(/[^0-9a-f]/g, '?')}…. Nothing was changed.`,
    subject: 'plan.json',
  });
}

/** The goal must be part of the branch: what is in an open pull request was accepted by nobody yet. */
async function requireMerged({ clone, tip, branch, inputs, remote }: Site, plan: Plan): Promise<void> {
  const { commit } = plan.goal;
  const tips = [tip, ...inputs.goalBranches.map((name) => remote.refs.get(name))];
  if ((await clone.commitOf(commit)) !== undefined)
    for (const accepted of tips) if (accepted !== undefined && (await clone.isAncestor(commit, accepted))) return;
  throw new Problem({
    kind: 'refused',
    summary: 'The goal of the plan is not merged',
    detail: `The commit ${commit.slice(0, 12)} is not part of ${[branch, ...inputs.goalBranches].join(' or ')}. Nothing was changed. Merge the pull request, plan again on the branch, and have that plan approved.`,
    subject: commit,
  });
}

/** A plan is applied once, wherever: the records of ended runs are on the branch. */
async function requireNew(repository: Repository, plan: Plan): Promise<void> {
  for await (const { record } of endedRuns(repository, 200))
    if (record.plan === plan.digest)
      throw new Problem({
        kind: 'refused',
        summary: 'The plan was applied already',
        detail: `Run ${record.id} did it. Nothing was changed. Plan again to see what still differs.`,
        subject: `plan ${plan.digest.slice(0, 12)}`,
      });
}

/** Journals lie outside of the clone, which goes with the job: a later step can save them even where this one was killed. */
async function keepRunsOutside({ folder, runner }: Site, repository: Repository): Promise<string> {
  const outside = join(folder, 'run');
  await mkdir(outside, { recursive: true });
  await mkdir(repository.privateFolder, { recursive: true });
  await symlink(outside, join(repository.privateFolder, 'runs'), 'dir');
  runner.output('run-path', outside);
  return outside;
}

/**
 * Brings the journal of a stopped run to where it is looked for. Gives the run's id; undefined where it is of another plan, for this one
 * was then made and reviewed after it, and begins anew.
 */
async function takeUp(
  { inputs, world, runner }: Site,
  repository: Repository,
  plan: Plan,
  runs: string,
): Promise<string | undefined> {
  const from = resolve(world.environment.GITHUB_WORKSPACE ?? world.cwd, inputs.resume!);
  await cp(from, runs, { recursive: true }).catch(() => {
    throw wrong('resume', 'names no folder');
  });
  const started = await startedRuns(repository);
  if (started.length === 0) throw wrong('resume', 'names a folder without the journal of a run');
  const found = started.find(({ state }) => state.digest === plan.digest);
  if (found === undefined)
    runner.annotate('notice', 'Not resumed', 'The journal is of another plan than this one, which begins anew.');
  return found?.id;
}

/** `branch.at`: where the remote's branch is, by what this job pushed last. */
function requestOf(
  site: Site,
  doors: Pick<ApplyRequest, 'repository' | 'reader' | 'writer'>,
  branch: { at: string | undefined },
): ApplyRequest {
  const { world, runner, workplace, configuration, inputs, clone } = site;
  return {
    ...doors,
    ...writingTo(configuration),
    kinds: workplace.kinds,
    configuration,
    version,
    ...(inputs.maxAge === undefined ? {} : { maxAge: inputs.maxAge }),
    now: world.now,
    sleep: world.wait,
    signal: world.signal,
    onStep: (step, outcome, done, total) =>
      runner.log(`${done}/${total}  ${outcome.padEnd(7)}  ${step.action} ${step.displayName}`),
    // A log is read by many: the password is told to nobody.
    onSecret: (step) =>
      runner.annotate(
        'warning',
        'New password',
        `${step.displayName} has a new password that nobody was told: set another one.`,
      ),
    // The state before the run is on the remote before the first write: undo needs it, whatever becomes of this job.
    journal: async (path) => {
      const before = await doors.repository.tip();
      if (before !== undefined && before.id !== branch.at) {
        await clone.push([{ ref: site.branch, from: branch.at, to: before.id }]);
        branch.at = before.id;
      }
      return openJournal(path);
    },
  };
}

async function sayRun(site: Site, { record }: Applied, commit: string | undefined, approval: string): Promise<number> {
  const { runner } = site;
  const { counts } = record;
  const words = `${counts.done} done, ${counts.refused} refused, ${counts.skipped} skipped, ${counts.unknown} unknown`;
  runner.output('run', record.id);
  runner.output('changed', String(counts.done));
  if (commit !== undefined) runner.output('commit', commit);
  runner.log(`Run ${record.id} ${record.status}: ${words}`);
  const left = record.left.filter(({ byNature }) => !byNature);
  for (const { displayName, action, outcome, because } of record.failures)
    runner.annotate('warning', `A step was ${outcome}`, `${action} ${displayName}: ${because}`);
  for (const { displayName, path, because } of left)
    runner.annotate('warning', 'Still differs', `${displayName}${path === undefined ? '' : `, ${path}`}: ${because}`);
  runner.summary(
    summaryOf(site, record, `${words}; ${count(record.writes, 'write')}. ${markdownText(approval)}`, left, commit),
  );
  if (record.status === 'complete') return exitStatus.done.status;
  await notify(site, 'failure', `Run ${record.id} is ${record.status}: ${words}.`);
  if (record.status === 'partial') return exitStatus.incomplete.status;
  runner.annotate(
    'error',
    'The run was stopped',
    'What was done is in its journal, in the folder that run-path names. Run the failed job again: the example workflows hand it the journal, and it goes on where it stopped (input resume).',
  );
  return exitStatus.interrupted.status;
}

function summaryOf(
  site: Site,
  record: RunRecord,
  words: string,
  left: RunRecord['left'],
  commit: string | undefined,
): string {
  const link = (id: string) => `[${id.slice(0, 12)}](${site.page}/commit/${id})`;
  const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const failures = record.failures.map(({ displayName, action, outcome, because }) =>
    row(outcome, action, markdownText(displayName, 80), markdownText(because, 400)),
  );
  const rest = left.map(({ displayName, path, because }) =>
    row('left', markdownText(path ?? '', 80), markdownText(displayName, 80), markdownText(because, 400)),
  );
  const table =
    failures.length + rest.length === 0
      ? []
      : ['', '| | | object | because |', '|---|---|---|---|', ...failures, ...rest];
  return [
    `## Run ${record.id}: ${record.status}`,
    '',
    `${words} Goal ${link(record.goal)}, before ${link(record.before)}${commit === undefined ? '' : `, after ${link(commit)}`}.`,
    ...table,
    '',
    `Take it back with \`driftline undo ${record.id}\`.`,
    '',
  ].join('\n');
}
