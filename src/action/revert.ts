// Mode revert: a commit, or the words of somebody with write access on a drift pull request, into a plan that takes the drift back.
import { markdownText } from '../model/escape.ts';
import { type AccessClass, accessClasses } from '../model/kind.ts';
import type { PlanOptions } from '../model/plan.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import { tenantsFolder } from '../verbs/tenants.ts';
import { requireKind } from '../workplace.ts';
import { isDriftBranch } from './drift.ts';
import type { PullRequest } from './github.ts';
import { wrong } from './inputs.ts';
import { changedRefs, commentName, planAndSay, planCommit, scopeOf } from './plan.ts';
import { syncComment } from './pull-requests.ts';
import { at, numberAt, textAt } from './runner.ts';
import type { Site } from './site.ts';

/** What a person may say after `/driftline revert`. */
export interface RevertWords {
  readonly kinds: readonly string[];
  readonly ids: readonly string[];
  readonly options: Partial<PlanOptions>;
}

const flags: Readonly<Record<string, keyof PlanOptions>> = {
  '--delete-new': 'deleteNew',
  '--allow-mass-change': 'allowMassChange',
  '--report-only-first': 'reportOnlyFirst',
};

function isMeant(comment: string): boolean {
  return /^\s*\/driftline\s+revert(\s|$)/.test(comment.split(/\r?\n/, 1)[0]!);
}

/** The words of a comment's first line; undefined where it does not begin with `/driftline revert`. Problem `usage` for a word that is not known. */
function revertWords(comment: string): RevertWords | undefined {
  if (!isMeant(comment)) return undefined;
  const line = comment.split(/\r?\n/, 1)[0]!.trim();
  const words = line.split(/\s+/).slice(2);
  const kinds: string[] = [];
  const ids: string[] = [];
  const access: AccessClass[] = [];
  const set: Record<string, boolean> = {};
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const flag = flags[word];
    if (flag !== undefined) {
      set[flag] = true;
      continue;
    }
    const value = ['--kind', '--id', '--allow-access'].includes(word) ? words.shift() : undefined;
    if (value === undefined) throw notKnown(word);
    if (word === '--kind') kinds.push(value);
    else if (word === '--id') ids.push(value);
    else if (value === 'all') access.push(...accessClasses);
    else if ((accessClasses as readonly string[]).includes(value)) access.push(value as AccessClass);
    else throw notKnown(value);
  }
  return {
    kinds,
    ids,
    options: { ...set, ...(access.length === 0 ? {} : { allowAccess: [...new Set(access)].sort() }) },
  };
}

function notKnown(word: string): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'A word of the comment is not known',
    detail: `${JSON.stringify(word)}. Known are --kind KIND, --id ID, --allow-access CLASS, ${Object.keys(flags).join(', ')}.`,
    subject: '/driftline revert',
  });
}

/** Runs the mode. It plans; another job, behind the environment's approval, applies. */
export async function runRevert(site: Site): Promise<number> {
  const { inputs, event, runner } = site;
  const repository = await site.openRepository();
  try {
    if (event.name !== 'issue_comment') {
      if (inputs.commit === undefined) throw wrong('commit', 'is missing');
      return await planCommit(site, repository, inputs.commit);
    }
    runner.output('plan-digest', '');
    const comment = textAt(event.payload, 'comment', 'body') ?? '';
    if (at(event.payload, 'issue', 'pull_request') !== undefined && isMeant(comment))
      return await answer(site, repository, comment);
    runner.log('The comment is not for Driftline');
    return exitStatus.done.status;
  } finally {
    await repository.close();
  }
}

/** Does what the comment asks for, if its author may. That it could not be done is told where it was asked for, as the plan is. */
async function answer(site: Site, repository: Repository, comment: string): Promise<number> {
  const { event, github, runner, world } = site;
  const login = textAt(event.payload, 'comment', 'user', 'login') ?? '';
  const number = numberAt(event.payload, 'issue', 'number') ?? 0;
  const pull = await github.pullRequest(number);
  if (isOfAnotherTenant(site, pull.headBranch)) {
    runner.log(`#${number} shows the drift of another tenant of this repository`);
    return exitStatus.done.status;
  }
  if (!(await github.mayWrite(login)))
    throw refused(`The comment is by ${login}, who may not write to the repository.`, number);
  try {
    return await revertDrift(site, repository, pull, revertWords(comment)!, login);
  } catch (error) {
    if (error instanceof Problem && !world.signal.aborted)
      await syncComment(
        github,
        number,
        commentName(site),
        `**${error.summary}.** ${markdownText(error.detail, 2000)}`,
      ).catch(() =>
        runner.annotate('warning', 'Comment', 'That it was not planned could not be told on the pull request.'),
      );
    throw error;
  }
}

async function revertDrift(
  site: Site,
  repository: Repository,
  pull: PullRequest,
  words: RevertWords,
  login: string,
): Promise<number> {
  const { workplace, clone, name } = site;
  const { number } = pull;
  if (!pull.open || pull.headRepository !== name || !isDriftBranch(pull.headBranch))
    throw refused('It is no open drift pull request of this repository.', number);
  for (const kind of words.kinds) requireKind(workplace.kinds, kind, '--kind');
  const base = await repository.tip();
  const head = (await clone.fetch([`refs/heads/${pull.headBranch}`])).get(`refs/heads/${pull.headBranch}`);
  if (base === undefined || head === undefined) throw refused('Its branch is gone.', number);
  const from = (await clone.mergeBase(base.id, head)) ?? base.id;
  const drifted = (await changedRefs(repository, from, head)).filter(
    (ref) =>
      (words.kinds.length === 0 || words.kinds.some((kind) => ref.startsWith(`${kind}/`))) &&
      (words.ids.length === 0 || words.ids.some((id) => ref === id || ref.endsWith(`/${id}`))),
  );
  if (drifted.length === 0) throw refused('It shows no drift of what was asked for.', number);
  return planAndSay(site, repository, {
    goal: base.id,
    scope: scopeOf(drifted),
    pull: number,
    options: words.options,
    reason: `/driftline revert on #${number} by ${login}`,
  });
}

/** Where several tenants share a repository, a job runs for each, and the comment is meant for one of them. */
function isOfAnotherTenant({ configuration }: Site, branch: string): boolean {
  const { tenantId } = configuration.credentials;
  return (
    configuration.statePath.startsWith(`${tenantsFolder}/`) &&
    tenantId !== undefined &&
    isDriftBranch(branch) &&
    !isDriftBranch(branch, tenantId)
  );
}

function refused(detail: string, number: number): Problem {
  return new Problem({
    kind: 'refused',
    summary: 'The drift is not taken back',
    detail: `${detail} Nothing was planned or changed.`,
    subject: `#${number}`,
  });
}
