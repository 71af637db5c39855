// The rolling pull request and the sticky comment: one of each, found again by branch and hidden marker, opened, updated or closed.
import type { Comment, GitHub, PullRequest } from './github.ts';

/** Labels that the Action sets and takes off; all others are people's. */
const labelPrefix = 'driftline';

export interface DriftPullRequest {
  readonly branch: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  /** Kinds that the drift touches. */
  readonly kinds: readonly string[];
  /** Tells this drift from another: a digest of what differs. */
  readonly digest: string;
  /** Tells whether anything else of the body is another: the trees of both sides. */
  readonly state: string;
}

export interface Synced {
  /** `left closed`: a person closed it, and the drift is still the one that it showed. */
  readonly done: 'created' | 'updated' | 'unchanged' | 'left closed';
  /** It shows drift that it did not show before. */
  readonly news: boolean;
  readonly pull: PullRequest;
}

/** The begin of the hidden line by which a pull request's body says which drift it shows. */
function driftMarker(digest: string): string {
  return `<!-- driftline:drift ${digest} `;
}

/**
 * Opens the branch's pull request or brings it up to date. There is at most one open, and it is not touched while it shows the same drift
 * from the same baseline. One that a person closed is left closed as long as the drift is the same, for closing it was an answer.
 */
export async function syncPullRequest(github: GitHub, drift: DriftPullRequest): Promise<Synced> {
  const marker = driftMarker(drift.digest);
  const first = `${marker}${drift.state} -->`;
  const body = `${first}\n${drift.body}`;
  const pulls = await github.pullRequests(drift.branch);
  const open = pulls.find((pull) => pull.open);
  if (open !== undefined) {
    const news = !open.body.startsWith(marker);
    const same = open.title === drift.title && open.body.split(/\r?\n/, 1)[0] === first;
    const pull = same ? open : await github.updatePullRequest(open.number, { title: drift.title, body });
    return { done: same ? 'unchanged' : 'updated', news, pull };
  }
  const last = pulls[0];
  if (last !== undefined && !last.merged && last.body.startsWith(marker))
    return { done: 'left closed', news: false, pull: last };
  const { branch: head, base, title } = drift;
  return { done: 'created', news: true, pull: await github.createPullRequest({ head, base, title, body }) };
}

/** Sets the labels for the kinds that are touched, and takes off ours that no longer hold. */
export async function syncLabels(github: GitHub, pull: PullRequest, kinds: readonly string[]): Promise<void> {
  const wanted = [labelPrefix, ...kinds.map((kind) => `${labelPrefix}:${kind}`)];
  const stale = pull.labels.filter((label) => label.startsWith(`${labelPrefix}:`) && !wanted.includes(label));
  const missing = wanted.filter((label) => !pull.labels.includes(label));
  if (missing.length > 0) await github.addLabels(pull.number, missing);
  for (const label of stale) await github.removeLabel(pull.number, label);
}

/** Closes the branch's open pull request with a word. Its marker goes first, so that the same drift, come back, opens a new one. */
export async function closePullRequest(github: GitHub, branch: string, word: string): Promise<PullRequest | undefined> {
  const open = (await github.pullRequests(branch)).find((pull) => pull.open);
  if (open === undefined) return undefined;
  const body = open.body.replace(/^<!-- driftline:drift [^\n]*-->\n?/, '');
  if (body !== open.body) await github.updatePullRequest(open.number, { body });
  await syncComment(github, open.number, 'no-drift', word);
  return github.updatePullRequest(open.number, { state: 'closed' });
}

/** The first line of a sticky comment: which of ours it is. */
function commentMarker(name: string): string {
  return `<!-- driftline:${name} -->`;
}

/** Writes the one comment of this name, updating the one that is there. A person's comment with the same marker is left alone. */
export async function syncComment(github: GitHub, number: number, name: string, text: string): Promise<Comment> {
  const body = `${commentMarker(name)}\n${text}`;
  const found = await ownComment(github, number, name);
  if (found === undefined) return github.addComment(number, body);
  return found.body.replace(/\r\n/g, '\n') === body ? found : github.updateComment(found.id, body);
}

/** Our comment of this name, undefined where there is none yet. */
export async function ownComment(github: GitHub, number: number, name: string): Promise<Comment | undefined> {
  for (const comment of await github.comments(number))
    if (comment.body.startsWith(commentMarker(name)) && (await github.isOwn(comment))) return comment;
  return undefined;
}
