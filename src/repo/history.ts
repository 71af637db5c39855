// History: git's log in, commits out, newest first; and the words by which people name a commit, resolved to one.
import type { Commit } from '../model/commit.ts';
import { momentOf } from '../model/moment.ts';
import { Problem } from '../model/problem.ts';
import { type Git, GitFailure, objectId } from './git.ts';
import { recordOf } from './message.ts';

const fields = ['%H', '%T', '%P', '%ct', '%an <%ae>', '%B'];
const format = [
  '-z',
  `--format=tformat:${fields.join('%x00')}`,
  '--encoding=UTF-8',
  '--no-show-signature',
  '--no-mailmap',
  '--no-notes',
  '--no-color',
  '--no-decorate',
];

const PLAIN_REVISION = /^[^\x00-\x20\x7f-\x9f-][^\x00-\x1f\x7f-\x9f]{0,499}$/;

/** Commits from a full commit id on, newest first; with paths only those that changed one of them. */
export async function* logFrom(
  git: Git,
  from: string,
  options: { readonly limit?: number; readonly paths?: readonly string[] },
): AsyncGenerator<Commit, void, undefined> {
  const limit = options.limit === undefined ? [] : [`--max-count=${options.limit}`];
  let row: string[] = [];
  for await (const field of git.fields(['log', ...format, ...limit, assertId(from), '--', ...(options.paths ?? [])])) {
    row.push(field);
    if (row.length < fields.length) continue;
    yield commitOf(row);
    row = [];
  }
}

/** A commit by its full id. Problem `failed` where there is none. */
export async function commitById(git: Git, id: string): Promise<Commit> {
  for await (const commit of logFrom(git, id, { limit: 1 })) return commit;
  throw new Error('git log gave no commit');
}

/** Only full ids reach git as they are: a shorter text could be an option or a name with a meaning of its own. */
export function assertId(id: string): string {
  if (objectId.test(id)) return id;
  throw new RangeError(`not a full object id: ${JSON.stringify(id)}`);
}

function commitOf(row: readonly string[]): Commit {
  const [id, tree, parents, seconds, author, message] = row as [string, string, string, string, string, string];
  const snapshot = recordOf(message);
  return {
    id,
    tree,
    parents: parents === '' ? [] : parents.split(' '),
    at: new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z'),
    author,
    subject: message.split('\n', 1)[0]!,
    ...(snapshot !== undefined && { snapshot }),
  };
}

/** What a revision is resolved against. */
export interface Names {
  readonly git: Git;
  readonly branch: string;
  /** The branch's tip, undefined before the first commit; asked for only where it is needed. */
  readonly tip: () => Promise<string | undefined>;
}

/**
 * The commit that a text names: whatever git takes for one (id, branch, tag, `HEAD~2`), or a moment on the branch: `@2026-11-20` (the end of
 * that day, UTC), `@2026-11-20T14:00Z`, `@yesterday`, `@today`. Problem `usage` where it names none, saying which are near.
 */
export async function resolveRevision(names: Names, revision: string, now: Date): Promise<Commit> {
  const moment = revision.startsWith('@') ? momentOf(revision.slice(1), now) : undefined;
  if (moment !== undefined) return commitAt(names, revision, moment);
  if (!PLAIN_REVISION.test(revision) || revision.includes('..'))
    throw await unknown(names, revision, 'It cannot be the name of one commit.');
  try {
    for await (const id of names.git.fields(['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`])) {
      const found = /[0-9a-f]{40}/.exec(id)?.[0];
      if (found !== undefined) return await commitById(names.git, found);
    }
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const ambiguous = /ambiguous/.test(error.said);
    throw await unknown(
      names,
      revision,
      ambiguous ? 'Several objects begin so.' : 'No commit, branch or tag is named so.',
    );
  }
  throw await unknown(names, revision, 'No commit, branch or tag is named so.');
}

async function commitAt(names: Names, revision: string, moment: number): Promise<Commit> {
  if (Number.isNaN(moment)) throw await unknown(names, revision, 'There is no such day or time.');
  const tip = await names.tip();
  if (tip !== undefined) {
    const before = `--min-age=${Math.floor(moment / 1000)}`;
    const id = (await names.git.run(['rev-list', '--first-parent', '--max-count=1', before, assertId(tip), '--']))
      .toString('latin1')
      .trim();
    if (id !== '') return commitById(names.git, id);
  }
  throw await unknown(names, revision, `The branch ${shortName(names.branch)} had no commit then.`);
}

async function unknown(names: Names, revision: string, why: string): Promise<Problem> {
  const near = await nearNames(names, revision);
  const shown = revision.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
  return new Problem({
    kind: 'usage',
    summary: 'No such commit',
    detail: `${why} ${near.length === 0 ? `The branch ${shortName(names.branch)} has no commits yet: take a snapshot first.` : `Near are: ${near.join(', ')}.`}`,
    subject: shown,
  });
}

/** Branches and tags that look alike, then the newest commits of the branch with their dates. */
async function nearNames(names: Names, revision: string): Promise<string[]> {
  const refs: string[] = [];
  for await (const line of names.git.fields([
    'for-each-ref',
    '--format=%(refname)%00',
    'refs/heads',
    'refs/tags',
    'refs/remotes',
  ])) {
    const name = shortName(line.trim());
    if (name !== '' && looksLike(name, revision)) refs.push(name);
  }
  const newest: string[] = [];
  const tip = await names.tip();
  if (tip !== undefined) {
    for await (const commit of logFrom(names.git, tip, { limit: 3 }))
      newest.push(`${commit.id.slice(0, 10)} (${commit.at})`);
  }
  return [...refs.slice(0, 5), ...newest];
}

function looksLike(name: string, revision: string): boolean {
  const [left, right] = [name.toLowerCase(), revision.toLowerCase()];
  return left.startsWith(right.slice(0, 3)) || left.includes(right) || right.includes(left);
}

export function shortName(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags|remotes)\//, '');
}
