// Modes plan and revert: what a commit, or a pull request's merged result, would do to the tenant; shown, commented, and saved for approval.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownText } from '../model/escape.ts';
import { requireMoment } from '../model/moment.ts';
import { type Plan, type PlanOptions, planOptions } from '../model/plan.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import { printPlan } from '../plan/index.ts';
import { count } from '../report/index.ts';
import { planRecovery } from '../verbs/plan.ts';
import { planSheet } from '../verbs/plan-sheet.ts';
import { resolveScope } from '../verbs/scope.ts';
import { version } from '../version.ts';
import { type Inputs, wrong } from './inputs.ts';
import { notify } from './notify.ts';
import { syncComment } from './pull-requests.ts';
import { commentText, readingLog, type Sheets, sayIncomplete, survey, writeReport } from './report.ts';
import { at, type GitHubEvent, numberAt, pullRefs, textAt } from './runner.ts';
import type { Site } from './site.ts';

/** Changes of more objects than this are planned by whole kinds. */
const mostRefs = 1_000;

/** Files outside of the state that decide what workflows and Driftline itself do (trust.md 2.4). */
const control = /^(\.github\/|CODEOWNERS$|docs\/CODEOWNERS$)|(^|\/)(driftline\.yaml|\.gitattributes|\.gitmodules)$/;

/** Is the pull request of the event from another repository? Then the job has no identity in the tenant, and may write nowhere. */
function isFromFork({ payload }: GitHubEvent, name: string): boolean {
  return textAt(payload, 'pull_request', 'head', 'repo', 'full_name') !== name;
}

/** Runs mode plan: by the commit that the input names, or of the pull request that set the job off. */
export async function runPlan(site: Site): Promise<number> {
  const { inputs, event } = site;
  const repository = await site.openRepository();
  try {
    if (inputs.commit !== undefined) return await planCommit(site, repository, inputs.commit);
    const [ref, head] = pullRefs(event);
    if (ref === undefined || head === undefined) throw wrong('commit', 'is missing, and the event is no pull request');
    if (at(event.payload, 'pull_request', 'merged') === true) return await planMerged(site, repository, head);
    const goal = await site.clone.commitOf(ref);
    if (goal === undefined)
      throw new Problem({
        kind: 'conflict',
        summary: 'The pull request cannot be merged',
        detail:
          'GitHub has no merged result of it: it is in conflict with its base. Resolve that; the plan is made of the result.',
        subject: ref,
      });
    return await planPullRequest(site, repository, goal);
  } finally {
    await repository.close();
  }
}

/** A plan of what a merged pull request changed, as the branch has it now: what came by other ways is no part of it. */
async function planMerged(site: Site, repository: Repository, headRef: string): Promise<number> {
  const { clone, tip, event } = site;
  const text = (...path: readonly string[]) => textAt(event.payload, 'pull_request', ...path) ?? '';
  const [merged, base, head] = [text('merge_commit_sha'), text('base', 'sha'), await clone.commitOf(headRef)];
  const from = head === undefined ? undefined : await clone.mergeBase(base, head);
  if (tip === undefined || head === undefined || from === undefined || !(await clone.isAncestor(merged, tip)))
    throw new Problem({
      kind: 'conflict',
      summary: 'The pull request is not merged here',
      detail: `Its merge is not part of ${site.branch}. Plan by hand, with the commit.`,
      subject: headRef,
    });
  const refs = await changedRefs(repository, from, head);
  if (refs.length === 0) return nothingToPlan(site);
  return planAndSay(site, repository, { goal: tip, scope: scopeOf(refs) });
}

function nothingToPlan({ runner }: Site): number {
  runner.output('changed', '0');
  runner.output('plan-digest', '');
  runner.log('The pull request changes no object of the state: there is nothing to plan');
  runner.summary('## Nothing to plan\n\nThe pull request changes no object of the state.');
  return exitStatus.done.status;
}

/** A plan by a commit that somebody named, over the scope of the inputs. */
export async function planCommit(site: Site, repository: Repository, revision: string): Promise<number> {
  const { inputs, workplace, world } = site;
  const goal = await repository.resolve(revision, world.now());
  const reader = await workplace.openReader();
  try {
    const scope = await resolveScope(
      { repository, kinds: workplace.kinds, commits: [goal], reader: async () => reader },
      { kinds: inputs.kinds, ids: inputs.ids },
    );
    return await planAndSay(site, repository, { goal: goal.id, scope });
  } finally {
    await reader.close();
  }
}

async function planPullRequest(site: Site, repository: Repository, goal: string): Promise<number> {
  const { clone, event, runner, name } = site;
  const base = (await clone.madeBy(goal)).parents[0]!;
  const number = numberAt(event.payload, 'pull_request', 'number')!;
  const fork = isFromFork(event, name);
  const controls = (await clone.changedPaths(base, goal)).filter((path) => control.test(path));
  for (const path of controls)
    runner.annotate(
      'warning',
      'Changes what workflows do',
      `${path} is changed by this pull request. Review it before anything else.`,
    );
  const broken = await checkFiles(site, base, goal);
  if (broken.length > 0) {
    const text = ['## The state is not valid', '', ...broken.map((line) => `- ${markdownText(line, 1000)}`), ''].join(
      '\n',
    );
    runner.summary(text);
    if (!fork) await syncComment(site.github, number, commentName(site), text);
    return exitStatus.usage.status;
  }
  const refs = await changedRefs(repository, base, goal);
  if (refs.length === 0) return nothingToPlan(site);
  if (fork) return showFork(site, repository, base, goal);
  return planAndSay(site, repository, { goal, scope: scopeOf(refs), pull: number, controls });
}

/** The objects that differ between two commits. */
export async function changedRefs(repository: Repository, from: string, to: string): Promise<Ref[]> {
  const refs: Ref[] = [];
  for await (const { ref } of repository.diff(from, to)) if (ref !== undefined) refs.push(ref);
  return refs;
}

/** Only what was changed: a plan that puts back other drift too would be no plan of this change. */
export function scopeOf(refs: readonly Ref[]): Scope {
  return refs.length > mostRefs ? { kinds: [...new Set(refs.map(kindOf))] } : { refs };
}

/** Each file that the pull request changes must be read and lie where it belongs; a file that cannot be is an annotation and a line. */
async function checkFiles(site: Site, base: string, goal: string): Promise<string[]> {
  const { runner, workplace } = site;
  const inspection = await workplace.openInspection();
  const broken: string[] = [];
  try {
    for await (const { subject, detail, readable } of inspection.files(base, goal, new Set())) {
      const path = subject.slice(subject.indexOf(':') + 1);
      runner.annotate(readable === true ? 'notice' : 'error', `State file ${path}`, detail);
      if (readable !== true) broken.push(`${path}: ${detail}`);
    }
    return broken;
  } finally {
    await inspection.close();
  }
}

/** From a fork: what the files say, and nothing of the tenant, for which the job has no identity. */
async function showFork(site: Site, repository: Repository, base: string, goal: string): Promise<number> {
  const { runner } = site;
  const { objects, sheets } = await survey(site, repository, base, goal, {});
  runner.output('changed', String(objects));
  runner.output('plan-digest', '');
  const words =
    'A pull request from a fork gets no identity in the tenant, so no plan was made and nothing was commented. This is what it changes.';
  runner.annotate('notice', 'From a fork', words);
  await writeReport(site, sheets, `## Changed by the pull request\n\n${words}`);
  return exitStatus.done.status;
}

interface Asked {
  readonly goal: string;
  readonly scope: Scope;
  /** The pull request to comment on. */
  readonly pull?: number;
  readonly controls?: readonly string[];
  readonly options?: Partial<PlanOptions>;
  readonly reason?: string | undefined;
}

/** Makes the plan, writes it for the job that may apply it, and says it. 3 where something stands against it, 4 where kinds were not read. */
export async function planAndSay(site: Site, repository: Repository, asked: Asked): Promise<number> {
  const { runner, inputs, workplace, configuration, world, clone } = site;
  const reader = await workplace.openReader();
  try {
    const reason = asked.reason ?? inputs.reason;
    const { plan, ref } = await planRecovery({
      repository,
      reader,
      kinds: workplace.kinds,
      configuration,
      goal: asked.goal,
      scope: asked.scope,
      options: { ...planOptions(inputsAsOptions(inputs, world.now()), configuration.allowAccess), ...asked.options },
      ...(reason === undefined ? {} : { reason }),
      now: world.now,
      version,
      onProgress: readingLog(site),
    });
    const live = await repository.resolve(plan.live.commit, world.now());
    const missing = sayIncomplete(site, live);
    const folder = join(site.folder, 'plan');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'plan.json'), printPlan(plan), { mode: 0o600 });
    await clone.bundle(join(folder, 'live.bundle'), ref, live.parents);
    const ready = plan.blockers.length === 0 && plan.steps.length > 0;
    runner.output('commit', plan.goal.commit);
    runner.output('changed', String(plan.steps.length));
    runner.output('plan-digest', ready ? plan.digest : '');
    runner.output('plan-path', folder);
    await sayPlan(site, plan, ready, asked);
    if (plan.blockers.length > 0) {
      await notify(site, 'refusal', `A plan of ${count(plan.steps.length, 'step')} may not be applied.`);
      return exitStatus.refused.status;
    }
    return missing.length > 0 ? exitStatus.incomplete.status : exitStatus.done.status;
  } finally {
    await reader.close();
  }
}

function inputsAsOptions(inputs: Inputs, now: Date): Partial<PlanOptions> {
  if (inputs.notAfter === undefined) return inputs;
  return { ...inputs, notAfter: requireMoment('not-after', inputs.notAfter, now) };
}

async function sayPlan(site: Site, plan: Plan, ready: boolean, { pull, controls = [] }: Asked): Promise<void> {
  const { runner, workplace } = site;
  for (const { because, displayName } of plan.blockers)
    runner.annotate('error', 'The plan may not be applied', named(displayName, because));
  for (const { because, displayName } of plan.refusals)
    runner.annotate('warning', 'A change is refused', named(displayName, because));
  const sheets: Sheets = (use) => use(planSheet(plan, workplace.kinds));
  const lead = leadOf(site, plan, ready, controls);
  runner.log(
    `Plan ${plan.digest.slice(0, 12)}: ${count(plan.steps.length, 'step')}, ${plan.refusals.length} refused, ${plan.blockers.length} against it`,
  );
  await writeReport(site, sheets, lead);
  if (pull === undefined) return;
  const { url } = await syncComment(
    site.github,
    pull,
    commentName(site),
    `${lead}\n\n${await commentText(site, sheets)}`,
  );
  runner.output('pull-request', String(pull));
  runner.log(`Commented: ${url}`);
}

/** The one comment about the plan. Several tenants may share a repository, and one pull request may touch several. */
export function commentName({ configuration: { statePath } }: Site): string {
  return statePath === 'state' ? 'plan' : `plan-${statePath.replace(/[^A-Za-z0-9]+/g, '-')}`;
}

function named(displayName: string | undefined, because: string): string {
  return displayName === undefined ? because : `${displayName}: ${because}`;
}

/** Above the plan: what it is, by what it is known, and what happens next. */
function leadOf({ runPage, page }: Site, plan: Plan, ready: boolean, controls: readonly string[]): string {
  const { commit } = plan.goal;
  const next = ready
    ? `It waits for approval in [this run](${runPage}), or for the merge; only this very plan can be applied, by its digest.`
    : plan.steps.length === 0
      ? 'The tenant is so already: there is nothing to apply.'
      : 'Something stands against it, so it cannot be applied.';
  const warning =
    controls.length === 0
      ? []
      : [
          `> **This pull request also changes ${controls.map((path) => markdownText(path, 100)).join(', ')}**, which decide what workflows and Driftline do.`,
          '',
        ];
  return [
    ...warning,
    `**${count(plan.steps.length, 'step')}** to make the tenant like [${commit.slice(0, 12)}](${page}/commit/${commit}). ${next}`,
    '',
    `Digest \`${plan.digest}\``,
  ].join('\n');
}
