// GitHub's REST API as far as the Action needs it: a repository's pull requests, comments, labels, permissions and environments.
import { Problem } from '../model/problem.ts';
import { at, numberAt, textAt, type World } from './runner.ts';
import { within } from './within.ts';

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly open: boolean;
  readonly merged: boolean;
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  readonly headBranch: string;
  readonly headCommit: string;
  /** `owner/name` of the repository that the head branch is in; undefined where that was deleted. */
  readonly headRepository?: string;
  readonly baseBranch: string;
  /** Who opened it is a program and not a person. */
  readonly byBot: boolean;
}

export interface Comment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  readonly author: string;
  readonly byBot: boolean;
}

export interface GitHubOptions {
  /** `https://api.github.com`, or the root of another GitHub's API. */
  readonly apiUrl: string;
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly world: Pick<World, 'wait' | 'signal' | 'now'>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** An answer that is no success, with what is needed to say it or to go on without. */
class Refused extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(textAt(body, 'message') ?? `status ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** What GitHub answers when the repository's settings forbid pull requests by workflows. */
const notPermitted = /not permitted to create or approve pull requests/i;

/** What it answers where a label would have to be made (github.com/actions/labeler, issue 870). */
const notAllowedToMake = /permission to create labels/i;
/** The permission of everything about pull requests: no mode reads them that does not write one, too. */
const write = 'pull-requests: write';

const attempts = 4;
const longestWaitSeconds = 60;
const pageSize = 100;
/** Comments of one pull request that are looked through: 2,000. */
const mostPages = 20;

/**
 * A client for one repository. The token goes to the API's origin alone: redirects are not followed. Reads, and writes that may be
 * repeated, are tried again after network faults and 5xx; a create whose fate is unknown is looked up by the caller. Problems:
 * `authentication` where the token lacks a permission, `refused` where a setting forbids it, `failed` otherwise.
 */
export class GitHub {
  readonly #options: GitHubOptions;
  readonly #root: URL;
  #login: Promise<string | undefined> | undefined;

  constructor(options: GitHubOptions) {
    this.#options = options;
    this.#root = new URL(options.apiUrl.endsWith('/') ? options.apiUrl : `${options.apiUrl}/`);
    const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(this.#root.hostname);
    if (this.#root.protocol !== 'https:' && !loopback)
      throw new Problem({
        kind: 'usage',
        summary: 'The address of the GitHub API is not https',
        detail: 'The token is sent over https only. GITHUB_API_URL is set by the GitHub Actions runner.',
        subject: this.#root.origin,
      });
  }

  get owner(): string {
    return this.#options.repository.split('/')[0] ?? '';
  }

  /** What the Action must know of its repository. */
  async repository(): Promise<{ readonly isPublic: boolean; readonly defaultBranch: string }> {
    const body = await this.#ask('GET', '', { needs: 'contents: read' });
    return {
      isPublic: textAt(body, 'visibility') === 'public' || at(body, 'private') === false,
      defaultBranch: textAt(body, 'default_branch') ?? 'main',
    };
  }

  /** The pull requests from a branch of this repository, newest first. */
  async pullRequests(headBranch: string): Promise<PullRequest[]> {
    const query = { head: `${this.owner}:${headBranch}`, state: 'all', per_page: String(pageSize) };
    const body = await this.#ask('GET', 'pulls', { query, needs: write });
    const found = (Array.isArray(body) ? body : []).map(pullRequest);
    return found.filter((pull) => pull.headBranch === headBranch && pull.headRepository === this.#options.repository);
  }

  async pullRequest(number: number): Promise<PullRequest> {
    return pullRequest(await this.#ask('GET', `pulls/${number}`, { needs: write }));
  }

  /**
   * Opens a pull request inside the repository. Where the answer got lost, or there is one already, that one is returned: there are
   * never two.
   */
  async createPullRequest(parts: { head: string; base: string; title: string; body: string }): Promise<PullRequest> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return pullRequest(await this.#send('POST', 'pulls', { body: parts }));
      } catch (error) {
        const exists = error instanceof Refused && error.status === 422;
        const unknown = !(error instanceof Refused) || error.status >= 500;
        const open = exists || unknown ? (await this.pullRequests(parts.head)).find((pull) => pull.open) : undefined;
        if (open !== undefined) return this.updatePullRequest(open.number, { title: parts.title, body: parts.body });
        if (!unknown || attempt >= attempts) throw this.#problem(error, write, 'pulls');
        await this.#options.world.wait(1000 * 2 ** attempt);
      }
    }
  }

  async updatePullRequest(
    number: number,
    parts: { title?: string; body?: string; state?: 'open' | 'closed' },
  ): Promise<PullRequest> {
    return pullRequest(await this.#ask('PATCH', `pulls/${number}`, { body: parts, needs: write }));
  }

  /** All comments on a pull request's conversation, oldest first. */
  async comments(number: number): Promise<Comment[]> {
    const found: Comment[] = [];
    for (let page = 1; page <= mostPages; page += 1) {
      const query = { per_page: String(pageSize), page: String(page) };
      const body = await this.#ask('GET', `issues/${number}/comments`, { query, needs: write });
      const items = Array.isArray(body) ? body : [];
      found.push(...items.map(comment));
      if (items.length < pageSize) break;
    }
    return found;
  }

  async addComment(number: number, body: string): Promise<Comment> {
    return comment(await this.#ask('POST', `issues/${number}/comments`, { body: { body }, needs: write }));
  }

  async updateComment(id: number, body: string): Promise<Comment> {
    return comment(await this.#ask('PATCH', `issues/comments/${id}`, { body: { body }, needs: write }));
  }

  /** Puts labels on. One that the repository does not have yet is made, for which GitHub wants more than for the others. */
  async addLabels(number: number, labels: readonly string[]): Promise<void> {
    try {
      await this.#send('POST', `issues/${number}/labels`, { body: { labels: [...labels] } });
    } catch (error) {
      const making = error instanceof Refused && notAllowedToMake.test(error.message);
      throw this.#problem(error, making ? 'issues: write (GitHub asks for it to make a new label)' : write, 'labels');
    }
  }

  /** Takes a label off; one that is not there is off already. */
  async removeLabel(number: number, label: string): Promise<void> {
    try {
      await this.#send('DELETE', `issues/${number}/labels/${encodeURIComponent(label)}`);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw this.#problem(error, write, 'labels');
    }
  }

  /** May this person push to the repository? Nobody is believed to whom GitHub does not say so. */
  async mayWrite(login: string): Promise<boolean> {
    try {
      const body = await this.#send('GET', `collaborators/${encodeURIComponent(login)}/permission`);
      return ['admin', 'write'].includes(textAt(body, 'permission') ?? '');
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return false;
      throw this.#problem(error, 'contents: read', 'collaborators');
    }
  }

  /** Does an environment ask people for their approval? Undefined where there is no such environment. */
  async environmentReviewed(name: string): Promise<boolean | undefined> {
    try {
      const body = await this.#send('GET', `environments/${encodeURIComponent(name)}`);
      const rules = at(body, 'protection_rules');
      return Array.isArray(rules) && rules.some((rule) => textAt(rule, 'type') === 'required_reviewers');
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined;
      throw this.#problem(error, 'actions: read', 'environments');
    }
  }

  /** The logins of those who approved a run for an environment; none where an administrator went past its rules. */
  async approvers(run: string, environment: string): Promise<string[]> {
    const body = await this.#ask('GET', `actions/runs/${encodeURIComponent(run)}/approvals`, {
      needs: 'actions: read',
    });
    return (Array.isArray(body) ? body : [])
      .filter((one) => textAt(one, 'state') === 'approved' && namesOf(at(one, 'environments')).includes(environment))
      .map((one) => textAt(one, 'user', 'login') ?? '');
  }

  /** Was this written with a token like ours? A comment of a person is never taken for ours: its author could change it afterwards. */
  async isOwn(by: { readonly author: string; readonly byBot: boolean }): Promise<boolean> {
    // A job's own token belongs to a bot and may not ask who it is; a person's token may.
    this.#login ??= this.#send('GET', '/user')
      .then((body) => textAt(body, 'login'))
      .catch(() => undefined);
    const login = await this.#login;
    return login === undefined ? by.byBot : by.author === login;
  }

  async #ask(
    method: Method,
    path: string,
    parts: { query?: Readonly<Record<string, string>>; body?: unknown; needs: string },
  ): Promise<unknown> {
    try {
      return await this.#send(method, path, parts);
    } catch (error) {
      throw this.#problem(error, parts.needs, path);
    }
  }

  async #send(
    method: Method,
    path: string,
    parts: { query?: Readonly<Record<string, string>>; body?: unknown } = {},
  ): Promise<unknown> {
    const base = path.startsWith('/')
      ? path.slice(1)
      : ['repos', this.#options.repository, path].filter((part) => part !== '').join('/');
    const url = new URL(base, this.#root);
    for (const [name, value] of Object.entries(parts.query ?? {})) url.searchParams.set(name, value);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(method, url, parts.body);
      } catch (error) {
        const seconds = attempt < attempts ? waitBefore(error, method, attempt) : undefined;
        if (seconds === undefined) throw error;
        await this.#options.world.wait(seconds * 1000);
      }
    }
  }

  async #once(method: Method, url: URL, body: unknown): Promise<unknown> {
    const { signal } = this.#options.world;
    signal.throwIfAborted();
    return within(30_000, signal, (limited) => this.#exchange(method, url, body, limited));
  }

  async #exchange(method: Method, url: URL, body: unknown, signal: AbortSignal): Promise<unknown> {
    const response = await fetch(url, {
      method,
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Bearer ${this.#options.token}`,
        'User-Agent': 'driftline',
        'X-GitHub-Api-Version': '2022-11-28',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal,
    });
    const text = await response.text();
    let answer: unknown;
    try {
      answer = text === '' ? undefined : JSON.parse(text);
    } catch {
      answer = undefined;
    }
    if (response.ok) return answer;
    throw Object.assign(new Refused(response.status, answer), {
      retryAfter: retryAfter(response, this.#options.world.now()),
    });
  }

  #problem(error: unknown, needs: string, subject: string): unknown {
    if (error instanceof Problem || this.#options.world.signal.aborted) return error;
    const status = error instanceof Refused ? error.status : undefined;
    if (error instanceof Refused && notPermitted.test(error.message))
      return new Problem({
        kind: 'refused',
        summary: 'GitHub does not let workflows open pull requests here',
        detail:
          'Turn on "Allow GitHub Actions to create and approve pull requests" in the repository\'s settings (Actions, General), or hand in the token of a GitHub App. The branch was pushed; the next run opens the pull request.',
        subject,
        cause: error,
      });
    if (status === 401 || status === 403 || status === 404)
      return new Problem({
        kind: 'authentication',
        summary: 'GitHub does not let this token do it',
        detail: `GitHub answered ${status} to a request on ${this.#options.repository}. The job needs the permission ${needs}; a pull request from a fork never has it.`,
        subject,
        cause: error,
      });
    return new Problem({
      kind: 'failed',
      summary: 'GitHub did not do what it was asked',
      detail: `${status === undefined ? 'It could not be reached' : `It answered ${status}: ${error instanceof Error ? error.message.replace(/\.$/, '') : ''}`}. What was pushed or committed before stays; run the job again.`,
      subject,
      cause: error,
    });
  }
}

/** Seconds to wait before the request is sent again; undefined: it is not. */
function waitBefore(error: unknown, method: Method, attempt: number): number | undefined {
  const backoff = 2 ** (attempt - 1);
  if (!(error instanceof Refused)) return method === 'POST' || isAbort(error) ? undefined : backoff;
  const asked = (error as { retryAfter?: number }).retryAfter;
  if (error.status === 429 || (error.status === 403 && asked !== undefined)) {
    const seconds = asked ?? backoff;
    return seconds <= longestWaitSeconds ? seconds : undefined;
  }
  return error.status >= 500 && method !== 'POST' ? backoff : undefined;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Seconds that GitHub asks for, by Retry-After or by the reset of an empty quota. */
function retryAfter(response: Response, now: Date): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  if (response.headers.get('x-ratelimit-remaining') !== '0') return undefined;
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(1, reset - now.getTime() / 1000) : undefined;
}

function namesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).map((one) => textAt(one, 'name') ?? '');
}

function pullRequest(value: unknown): PullRequest {
  const headRepository = textAt(value, 'head', 'repo', 'full_name');
  return {
    number: numberAt(value, 'number') ?? 0,
    url: textAt(value, 'html_url') ?? '',
    open: textAt(value, 'state') === 'open',
    merged: typeof at(value, 'merged_at') === 'string',
    title: textAt(value, 'title') ?? '',
    body: textAt(value, 'body') ?? '',
    labels: namesOf(at(value, 'labels')),
    headBranch: textAt(value, 'head', 'ref') ?? '',
    headCommit: textAt(value, 'head', 'sha') ?? '',
    ...(headRepository === undefined ? {} : { headRepository }),
    baseBranch: textAt(value, 'base', 'ref') ?? '',
    byBot: textAt(value, 'user', 'type') === 'Bot',
  };
}

function comment(value: unknown): Comment {
  return {
    id: numberAt(value, 'id') ?? 0,
    url: textAt(value, 'html_url') ?? '',
    body: textAt(value, 'body') ?? '',
    author: textAt(value, 'user', 'login') ?? '',
    byBot: textAt(value, 'user', 'type') === 'Bot',
  };
}
