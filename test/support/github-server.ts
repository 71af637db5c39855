// A GitHub for tests: a real git remote over HTTP with authentication, and the REST calls of the Action, each checked against GitHub's published schema.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './driftline.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[];
  readonly body?: Schema;
  readonly bodyRequired?: boolean;
}

const { operations } = JSON.parse(readFileSync(new URL('./github-schema.json', import.meta.url), 'utf8')) as {
  operations: readonly Operation[];
};

/** What of a value does not fit the schema; none where it fits. Covers the words that our excerpt of the schema uses. */
export function misfits(value: unknown, schema: Schema, place = 'body'): string[] {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    const tried = choices.map((choice) => misfits(value, choice, place));
    return tried.some((found) => found.length === 0) ? [] : tried.flat();
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const actual =
    value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (types.length > 0 && !types.includes(actual) && !(actual === 'integer' && types.includes('number')))
    return [`${place} is ${actual}, not ${types.join(' or ')}`];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${place} is none of ${schema.enum.join(', ')}`];
  if (Array.isArray(value))
    return [
      ...(value.length < (schema.minItems ?? 0) ? [`${place} is too short`] : []),
      ...value.flatMap((item, index) =>
        schema.items === undefined ? [] : misfits(item, schema.items, `${place}[${index}]`),
      ),
    ];
  if (actual !== 'object') return [];
  const members = value as Record<string, unknown>;
  return [
    ...(schema.required ?? [])
      .filter((name) => members[name] === undefined)
      .map((name) => `${place}.${name} is missing`),
    ...Object.entries(members).flatMap(([name, member]) => {
      const inner = schema.properties?.[name];
      if (inner !== undefined) return misfits(member, inner, `${place}.${name}`);
      return schema.additionalProperties === false ? [`${place}.${name} is not known`] : [];
    }),
  ];
}

/** The operation of a request by GitHub's published schema, and what its path names. */
function operationOf(method: string, path: string) {
  for (const operation of operations) {
    const match = new RegExp(`^${operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(path);
    if (operation.method === method && match !== null) return { operation, groups: match.groups ?? {} };
  }
  return undefined;
}

function bodyMisfits({ body: schema, bodyRequired }: Operation, body: unknown): string[] {
  if (body === undefined ? bodyRequired : schema === undefined) return ['the body is not as it should be'];
  return body === undefined || schema === undefined ? [] : misfits(body, schema);
}

/** What of a request does not fit GitHub's schema; none where all fits. */
export function requestMisfits(method: string, path: string, body: unknown): string[] {
  const found = operationOf(method, path);
  return found === undefined ? ['no operation that we know'] : bodyMisfits(found.operation, body);
}

interface Pull {
  number: number;
  title: string;
  body: string;
  head: string;
  headRepository: string;
  base: string;
  state: 'open' | 'closed';
  mergedAt: string | null;
  labels: string[];
  user: { login: string; type: string };
}

interface StoredComment {
  id: number;
  issue: number;
  body: string;
  user: { login: string; type: string };
}

export type Fault =
  | 'drop'
  | 'drop after'
  | { readonly status: number; readonly message: string; readonly headers?: Record<string, string> };

export interface GitHubServer {
  readonly apiUrl: string;
  readonly serverUrl: string;
  readonly repository: string;
  /** The bare repository behind it. */
  readonly gitDir: string;
  readonly token: string;
  readonly pulls: readonly Pull[];
  readonly comments: StoredComment[];
  /** Every REST request, `METHOD path`. */
  readonly requests: string[];
  /** What was not as GitHub's schema has it. */
  readonly offences: string[];
  isPublic: boolean;
  /** May the token open pull requests, as the repository's setting says? */
  mayOpenPulls: boolean;
  /** The labels that the repository has. */
  readonly labels: Set<string>;
  readonly writers: Set<string>;
  readonly reviewedEnvironments: Map<string, boolean>;
  /** Who approved the job. */
  readonly approvers: Set<string>;
  /** The environment that the job runs in, as its OIDC token says. */
  jobEnvironment: string | undefined;
  /** Variables by which a job asks for its OIDC token. */
  readonly oidc: Readonly<Record<string, string>>;
  /** What the job's token may do, as the workflow's permissions say; undefined: everything. */
  permissions: Readonly<Record<string, string>> | undefined;
  /** Decides the fate of a REST request or, with method GIT, of a git one. */
  fault: ((method: string, path: string) => Fault | undefined) | undefined;
  /** Runs before the next push is taken. */
  beforePush: (() => void) | undefined;
  git(...args: string[]): string;
  merge(number: number, how?: 'merge' | 'squash'): string;
  close(number: number): void;
  comment(number: number, login: string, body: string): StoredComment;
  /** Opens a pull request as a person would, from a branch here or from a fork. */
  open(head: string, title: string, from?: string): Pull;
  /** Commits a change of files (undefined deletes) onto a branch, as a person would by the web page. */
  edit(branch: string, files: Readonly<Record<string, string | undefined>>, message?: string): string;
  stop(): Promise<void>;
}

const bot = { login: 'github-actions[bot]', type: 'Bot' };

/** Starts it, with an empty repository whose default branch is main, or with a copy of a bare one. */
export async function startGitHub(copyOf?: string): Promise<GitHubServer> {
  const folder = temporaryFolder('driftline-github');
  const repository = 'acme/tenant';
  const gitDir = join(folder, `${repository}.git`);
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Alex Person',
    GIT_AUTHOR_EMAIL: 'alex@example.com',
    GIT_COMMITTER_NAME: 'Alex Person',
    GIT_COMMITTER_EMAIL: 'alex@example.com',
  };
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', gitDir, ...args], {
      env: environment,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  if (copyOf !== undefined) cpSync(copyOf, gitDir, { recursive: true });
  else {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', gitDir], { env: environment });
    const settings = '[http]\n\treceivepack = true\n[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n';
    appendFileSync(join(gitDir, 'config'), settings);
  }

  const pulls: Pull[] = [];
  const github: GitHubServer = {
    apiUrl: '',
    serverUrl: '',
    repository,
    gitDir,
    token: 'ghs_canary0123456789',
    pulls,
    comments: [],
    requests: [],
    offences: [],
    isPublic: false,
    mayOpenPulls: true,
    labels: new Set(),
    writers: new Set(['alex']),
    reviewedEnvironments: new Map(),
    approvers: new Set(['robin']),
    jobEnvironment: undefined,
    oidc: {},
    permissions: undefined,
    fault: undefined,
    beforePush: undefined,
    git,
    merge(number, how = 'merge') {
      const pull = pulls.find((one) => one.number === number)!;
      const [base, head] = [git('rev-parse', `refs/heads/${pull.base}`), git('rev-parse', `refs/pull/${number}/head`)];
      const tree = git('merge-tree', '--write-tree', base, head).split('\n')[0]!;
      const parents = how === 'merge' ? ['-p', base, '-p', head] : ['-p', base];
      const commit = git('commit-tree', tree, ...parents, '-m', `Merge pull request #${number}`);
      git('update-ref', `refs/heads/${pull.base}`, commit);
      pull.state = 'closed';
      pull.mergedAt = new Date().toISOString();
      return commit;
    },
    close(number) {
      pulls.find((one) => one.number === number)!.state = 'closed';
    },
    comment(number, login, body) {
      const made = { id: github.comments.length + 1000, issue: number, body, user: { login, type: 'User' } };
      github.comments.push(made);
      return made;
    },
    open(head, title, from = repository) {
      const pull: Pull = {
        number: pulls.length + 1,
        title,
        body: '',
        head,
        headRepository: from,
        base: 'main',
        state: 'open',
        mergedAt: null,
        labels: [],
        user: { login: 'alex', type: 'User' },
      };
      pulls.push(pull);
      updatePullRefs();
      return pull;
    },
    edit(branch, files, message = 'Edit by hand') {
      const ref = `refs/heads/${branch}`;
      const from = [ref, 'refs/heads/main'].find((name) => git('for-each-ref', name) !== '');
      const lines = [
        `commit ${ref}`,
        'committer Alex Person <alex@example.com> now',
        `data ${Buffer.byteLength(message)}`,
        message,
      ];
      if (from !== undefined) lines.push(`from ${git('rev-parse', from)}`);
      for (const [path, text] of Object.entries(files))
        lines.push(
          ...(text === undefined
            ? [`D ${path}`]
            : [`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text]),
        );
      execFileSync('git', ['-C', gitDir, 'fast-import', '--quiet', '--date-format=now', '--force'], {
        env: environment,
        input: `${lines.join('\n')}\n`,
      });
      updatePullRefs();
      return git('rev-parse', ref);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /** GitHub keeps refs/pull/N/head, and the merged result while there is no conflict. */
  function updatePullRefs(): void {
    for (const { number, head, base, state, headRepository } of pulls) {
      const source = headRepository === repository ? `refs/heads/${head}` : `refs/forks/${headRepository}/${head}`;
      if (state !== 'open' || git('for-each-ref', source) === '') continue;
      const commit = git('rev-parse', source);
      git('update-ref', `refs/pull/${number}/head`, commit);
      const onto = git('rev-parse', `refs/heads/${base}`);
      try {
        const tree = git('merge-tree', '--write-tree', onto, commit).split('\n')[0]!;
        git(
          'update-ref',
          `refs/pull/${number}/merge`,
          git('commit-tree', tree, '-p', onto, '-p', commit, '-m', `Merge ${commit} into ${onto}`),
        );
      } catch {
        // In conflict: GitHub has no merged result then either.
      }
    }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/oidc') {
      identify(url, request, response);
      return;
    }
    const work = url.pathname.startsWith('/api/') ? rest(url, request, response) : gitHttp(url, request, response);
    work.catch((error: unknown) => {
      github.offences.push(`the server itself failed: ${String(error)}`);
      response.destroy();
    });
  });

  /** May the job's token do this? Write includes read; what is not named is not given. */
  function allowed(scope: string, access: 'read' | 'write'): boolean {
    const given = github.permissions === undefined ? 'write' : github.permissions[scope];
    return given === 'write' || given === access;
  }

  /** The permission that an operation needs (docs.github.com, "Permissions required for GitHub Apps"); everybody has metadata: read. */
  function permitted(method: string, path: string): boolean {
    const access = method === 'GET' ? 'read' : 'write';
    if (/\/(pulls|issues)(\/|$)/.test(path)) return allowed('pull-requests', access);
    return /\/(environments|actions)\//.test(path) ? allowed('actions', access) : true;
  }

  /** The token service of a job: a token that says where the job runs. Its signature is nobody's concern here. */
  function identify(url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== 'Bearer oidc-canary' || !allowed('id-token', 'write')) {
      answer(response, 401, { message: 'no' });
      return;
    }
    const environment = github.jobEnvironment;
    const claims = {
      iss: 'https://token.actions.githubusercontent.com',
      aud: url.searchParams.get('audience'),
      sub: `repo:${repository}:${environment === undefined ? 'ref:refs/heads/main' : `environment:${environment}`}`,
      ...(environment === undefined ? {} : { environment }),
      exp: Math.floor(Date.now() / 1000) + 300,
    };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    answer(response, 200, { value: `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${part('signature')}` });
  }

  async function rest(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const path = url.pathname.slice('/api'.length);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    github.requests.push(`${method} ${path}`);
    const fault = github.fault?.(method, path);
    if (fault === 'drop') return void response.destroy();
    if (typeof fault === 'object') return answer(response, fault.status, { message: fault.message }, fault.headers);
    if (request.headers.authorization !== `Bearer ${github.token}`)
      return answer(response, 401, { message: 'Bad credentials' });
    if (!permitted(method, path)) return answer(response, 403, { message: 'Resource not accessible by integration' });
    const text = Buffer.concat(chunks).toString('utf8');
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const found = check(method, path, url, body);
    const [status, value] =
      found === undefined
        ? [404, { message: 'Not Found' }]
        : perform(found, method, url, body as Record<string, unknown>);
    if (fault === 'drop after') return void response.destroy();
    answer(response, status, value);
  }

  /** The operation of a request, with what does not fit GitHub's schema written down. */
  function check(
    method: string,
    path: string,
    url: URL,
    body: unknown,
  ): { path: string; names: Record<string, string> } | undefined {
    const found = operationOf(method, path);
    if (found !== undefined) {
      const { operation, groups } = found;
      const offend = (what: string) => github.offences.push(`${method} ${path}: ${what}`);
      for (const [name, value] of url.searchParams) {
        const parameter = operation.parameters.find((one) => one.in === 'query' && one.name === name);
        if (parameter === undefined) offend(`there is no parameter ${name}`);
        else
          for (const misfit of misfits(
            parameter.schema.type === 'integer' ? Number(value) : value,
            parameter.schema,
            name,
          ))
            offend(misfit);
      }
      for (const misfit of bodyMisfits(operation, body)) offend(misfit);
      return {
        path: operation.path,
        names: Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)])),
      };
    }
    github.offences.push(`${method} ${path} is no operation that we know`);
    return undefined;
  }

  function perform(
    { path, names }: { path: string; names: Record<string, string> },
    method: string,
    url: URL,
    body: Record<string, unknown>,
  ): [number, unknown] {
    const pull = pulls.find((one) => one.number === Number(names.pull_number ?? names.issue_number));
    const long = typeof body?.body === 'string' && (body.body as string).length > 65_536;
    if (long) return [422, { message: 'Validation Failed: body is too long (maximum is 65536 characters)' }];
    switch (`${method} ${path.replace('/repos/{owner}/{repo}', '')}`) {
      case 'GET ':
        return [
          200,
          { private: !github.isPublic, visibility: github.isPublic ? 'public' : 'private', default_branch: 'main' },
        ];
      case 'GET /user':
        return [403, { message: 'Resource not accessible by integration' }];
      case 'GET /pulls': {
        const head = url.searchParams.get('head')?.replace(/^acme:/, '');
        const state = url.searchParams.get('state') ?? 'open';
        const matching = pulls.filter(
          (one) => (head === undefined || one.head === head) && (state === 'all' || one.state === state),
        );
        return [200, [...matching].reverse().map(pullJson)];
      }
      case 'POST /pulls': {
        if (!github.mayOpenPulls)
          return [403, { message: 'GitHub Actions is not permitted to create or approve pull requests.' }];
        const parts = body as unknown as { head: string; base: string; title: string; body: string };
        if (pulls.some((one) => one.state === 'open' && one.head === parts.head))
          return [422, { message: 'Validation Failed: A pull request already exists' }];
        if (git('for-each-ref', `refs/heads/${parts.head}`) === '')
          return [422, { message: 'Validation Failed: head invalid' }];
        const made = { ...github.open(parts.head, parts.title), user: bot, body: parts.body };
        pulls[pulls.length - 1] = made;
        return [201, pullJson(made)];
      }
      case 'GET /pulls/{pull_number}':
        return pull === undefined ? [404, {}] : [200, pullJson(pull)];
      case 'PATCH /pulls/{pull_number}':
        if (pull === undefined) return [404, {}];
        Object.assign(pull, body);
        return [200, pullJson(pull)];
      case 'GET /issues/{issue_number}/comments': {
        const page = Number(url.searchParams.get('page') ?? 1);
        const size = Number(url.searchParams.get('per_page') ?? 30);
        const all = github.comments.filter((one) => one.issue === Number(names.issue_number));
        return [200, all.slice((page - 1) * size, page * size).map(commentJson)];
      }
      case 'POST /issues/{issue_number}/comments': {
        const made = {
          id: github.comments.length + 1000,
          issue: Number(names.issue_number),
          body: body.body as string,
          user: bot,
        };
        github.comments.push(made);
        return [201, commentJson(made)];
      }
      case 'PATCH /issues/comments/{comment_id}': {
        const comment = github.comments.find((one) => one.id === Number(names.comment_id));
        if (comment === undefined) return [404, {}];
        comment.body = body.body as string;
        return [200, commentJson(comment)];
      }
      case 'POST /issues/{issue_number}/labels': {
        const labels = (body as unknown as { labels: string[] }).labels;
        if (labels.some((label) => label.length > 50)) return [422, { message: 'Validation Failed' }];
        // Whoever may write pull requests may put labels on, and only who may write issues makes new ones (actions/labeler, issue 870).
        if (labels.some((label) => !github.labels.has(label)) && !allowed('issues', 'write')) {
          const errors = [{ resource: 'Repository', field: 'label', code: 'unauthorized' }];
          return [403, { message: 'You do not have permission to create labels on this repository.', errors }];
        }
        for (const label of labels) github.labels.add(label);
        if (pull !== undefined) pull.labels = [...new Set([...pull.labels, ...labels])];
        return [200, (pull?.labels ?? []).map((name) => ({ name }))];
      }
      case 'DELETE /issues/{issue_number}/labels/{name}': {
        if (pull === undefined || !pull.labels.includes(names.name!)) return [404, { message: 'Label does not exist' }];
        pull.labels = pull.labels.filter((label) => label !== names.name);
        return [200, pull.labels.map((name) => ({ name }))];
      }
      case 'GET /collaborators/{username}/permission':
        return [200, { permission: github.writers.has(names.username!) ? 'write' : 'read' }];
      case 'GET /environments/{environment_name}': {
        const reviewed = github.reviewedEnvironments.get(names.environment_name!);
        if (reviewed === undefined) return [404, { message: 'Not Found' }];
        return [
          200,
          { name: names.environment_name, protection_rules: reviewed ? [{ type: 'required_reviewers' }] : [] },
        ];
      }
      case 'GET /actions/runs/{run_id}/approvals': {
        const environments = [{ name: github.jobEnvironment }];
        return [200, [...github.approvers].map((login) => ({ state: 'approved', user: { login }, environments }))];
      }
      default:
        return [500, { message: 'not served' }];
    }
  }

  function pullJson(pull: Pull): unknown {
    return {
      number: pull.number,
      html_url: `${github.serverUrl}/${repository}/pull/${pull.number}`,
      state: pull.state,
      merged_at: pull.mergedAt,
      title: pull.title,
      body: pull.body,
      labels: pull.labels.map((name) => ({ name })),
      user: pull.user,
      head: {
        ref: pull.head,
        sha: git('for-each-ref', '--format=%(objectname)', `refs/pull/${pull.number}/head`),
        repo: { full_name: pull.headRepository },
      },
      base: { ref: pull.base },
    };
  }

  function commentJson({ id, issue, body, user }: StoredComment): unknown {
    return { id, body, user, html_url: `${github.serverUrl}/${repository}/pull/${issue}#issuecomment-${id}` };
  }

  function answer(
    response: ServerResponse,
    status: number,
    value: unknown,
    headers: Record<string, string> = {},
  ): void {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
  }

  /** git's own CGI program, behind a check of the token. */
  async function gitHttp(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = github.fault?.('GIT', url.pathname);
    if (fault === 'drop') return void response.destroy();
    if (typeof fault === 'object') return void response.writeHead(fault.status).end(fault.message);
    const expected = `Basic ${Buffer.from(`x-access-token:${github.token}`).toString('base64')}`;
    if (request.headers.authorization !== expected)
      return void response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    const pushing = `${url.pathname}${url.search}`.includes('git-receive-pack');
    if (!allowed('contents', pushing ? 'write' : 'read')) return void response.writeHead(403).end('Permission denied');
    if (url.pathname.endsWith('/git-receive-pack')) {
      const before = github.beforePush;
      github.beforePush = undefined;
      before?.();
    }
    const child = spawn('git', ['http-backend'], {
      env: {
        ...environment,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'x-access-token',
      },
    });
    child.stdin.on('error', () => undefined);
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    const whole = Buffer.concat(chunks);
    if (url.pathname.endsWith('/git-receive-pack')) updatePullRefs();
    if (fault === 'drop after') return void response.destroy();
    const cut = whole.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(
      whole
        .subarray(0, cut)
        .toString('latin1')
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    response.writeHead(Number.parseInt(headers.Status ?? '200', 10), headers).end(whole.subarray(cut + 4));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(github, {
    apiUrl: `${root}/api`,
    serverUrl: root,
    oidc: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${root}/oidc?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'oidc-canary',
    },
  });
}
