// The client of GitHub's API and what stands on it: one pull request, one comment, whatever fails in between.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GitHub } from '../../src/action/github.ts';
import {
  closePullRequest,
  ownComment,
  syncComment,
  syncLabels,
  syncPullRequest,
} from '../../src/action/pull-requests.ts';
import { type GitHubServer, misfits, startGitHub } from '../support/github-server.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let server: GitHubServer;
let github: GitHub;
const waited: number[] = [];

beforeEach(async () => {
  server = await startGitHub();
  server.edit('main', { 'state/tenant.yaml': 'a\n' });
  server.edit('driftline/drift/t', { 'state/tenant.yaml': 'b\n' });
  waited.length = 0;
  github = new GitHub({
    apiUrl: server.apiUrl,
    token: server.token,
    repository: server.repository,
    world: {
      wait: async (milliseconds) => {
        waited.push(milliseconds);
      },
      signal: new AbortController().signal,
      now: () => new Date(0),
    },
  });
});

afterEach(async () => {
  expect(server.offences).toEqual([]);
  await server.stop();
});

const drift = {
  branch: 'driftline/drift/t',
  base: 'main',
  title: 'Drift',
  body: 'Report',
  kinds: ['groups'],
  digest: 'a'.repeat(64),
  state: 'b',
};

describe('the rolling pull request', () => {
  it('is opened once, updated when the drift is another, and untouched when it is the same', async () => {
    expect((await syncPullRequest(github, drift)).done).toBe('created');
    expect((await syncPullRequest(github, drift)).done).toBe('unchanged');
    expect((await syncPullRequest(github, { ...drift, digest: 'b'.repeat(64), title: 'More drift' })).done).toBe(
      'updated',
    );
    const moved = await syncPullRequest(github, { ...drift, digest: 'b'.repeat(64), title: 'More drift', state: 'c' });
    expect(moved).toMatchObject({ done: 'updated', news: false });
    expect(server.pulls).toHaveLength(1);
    expect(server.pulls[0]).toMatchObject({ title: 'More drift', state: 'open' });
  });

  it('stays closed where a person closed it, until the drift is another', async () => {
    const { pull } = await syncPullRequest(github, drift);
    server.close(pull.number);
    expect((await syncPullRequest(github, drift)).done).toBe('left closed');
    expect((await syncPullRequest(github, { ...drift, digest: 'c'.repeat(64) })).done).toBe('created');
  });

  it('is closed with one word when the drift is gone, and opened anew when the same comes back', async () => {
    const { pull } = await syncPullRequest(github, drift);
    await closePullRequest(github, drift.branch, 'It is gone.');
    expect(server.pulls[0]!.state).toBe('closed');
    expect(server.comments.map(({ body }) => body)).toEqual(['<!-- driftline:no-drift -->\nIt is gone.']);
    expect(await closePullRequest(github, drift.branch, 'It is gone.')).toBeUndefined();
    const again = await syncPullRequest(github, drift);
    expect(again.done).toBe('created');
    expect(again.pull.number).not.toBe(pull.number);
  });

  it('is one, whichever request fails or loses its answer', async () => {
    for (const fault of ['drop', 'drop after', { status: 502, message: 'Bad Gateway' }] as const)
      for (let failing = 1; ; failing += 1) {
        const before = server.requests.length;
        let struck = false;
        server.fault = () => {
          const hit = !struck && server.requests.length - before === failing;
          struck ||= hit;
          return hit ? fault : undefined;
        };
        const run = async () => {
          const { pull } = await syncPullRequest(github, drift);
          await syncLabels(github, pull, drift.kinds);
          await syncComment(github, pull.number, 'note', 'word');
        };
        await run().catch(() => undefined);
        await run();
        expect(server.pulls.filter(({ state }) => state === 'open')).toHaveLength(1);
        expect(server.pulls[0]!.labels).toEqual(['driftline', 'driftline:groups']);
        expect(server.comments.filter(({ body }) => body.includes('word'))).toHaveLength(1);
        server.fault = undefined;
        (server.pulls as unknown[]).length = 0;
        server.comments.length = 0;
        if (!struck) break;
      }
  });

  it('is not mistaken for one of the same name from a fork', async () => {
    server.git('update-ref', 'refs/forks/mallory/tenant/driftline/drift/t', server.git('rev-parse', 'main'));
    server.open('driftline/drift/t', 'Looks alike', 'mallory/tenant');
    expect(await github.pullRequests('driftline/drift/t')).toEqual([]);
  });

  it('wears labels for the kinds, and keeps those of people', async () => {
    const { pull } = await syncPullRequest(github, drift);
    server.pulls[0]!.labels = ['driftline', 'driftline:users', 'security'];
    await syncLabels(github, { ...pull, labels: server.pulls[0]!.labels }, ['groups']);
    expect(server.pulls[0]!.labels).toEqual(['driftline', 'security', 'driftline:groups']);
  });
});

describe('the sticky comment', () => {
  it('is one, updated in place', async () => {
    const { pull } = await syncPullRequest(github, drift);
    await syncComment(github, pull.number, 'plan', 'first');
    await syncComment(github, pull.number, 'plan', 'second');
    expect(server.comments.map(({ body }) => body)).toEqual(['<!-- driftline:plan -->\nsecond']);
  });

  it('is never a comment of a person, who could change it afterwards', async () => {
    const { pull } = await syncPullRequest(github, drift);
    server.comment(pull.number, 'mallory', '<!-- driftline:plan -->\nmine');
    await syncComment(github, pull.number, 'plan', 'ours');
    expect(server.comments.map(({ body }) => body)).toEqual([
      '<!-- driftline:plan -->\nmine',
      '<!-- driftline:plan -->\nours',
    ]);
  });

  it('is found behind many others', async () => {
    const { pull } = await syncPullRequest(github, drift);
    for (let count = 0; count < 130; count += 1) server.comment(pull.number, 'alex', `word ${count}`);
    await syncComment(github, pull.number, 'plan', 'ours');
    expect((await ownComment(github, pull.number, 'plan'))?.body).toContain('ours');
  });
});

describe('the client', () => {
  it('says which permission is missing', async () => {
    server.fault = (method) =>
      method === 'POST' ? { status: 403, message: 'Resource not accessible by integration' } : undefined;
    await expect(syncPullRequest(github, drift)).rejects.toMatchObject({
      kind: 'authentication',
      detail: expect.stringContaining('pull-requests: write'),
    });
  });

  it('says which setting forbids pull requests', async () => {
    server.mayOpenPulls = false;
    await expect(syncPullRequest(github, drift)).rejects.toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('Allow GitHub Actions to create and approve pull requests'),
    });
  });

  it('waits as long as it is asked to, within reason', async () => {
    let first = true;
    server.fault = () => {
      const hit = first;
      first = false;
      return hit ? { status: 429, message: 'slow down', headers: { 'Retry-After': '7' } } : undefined;
    };
    await github.repository();
    expect(waited).toEqual([7000]);
    server.fault = () => ({ status: 429, message: 'slow down', headers: { 'Retry-After': '86400' } });
    await expect(github.repository()).rejects.toMatchObject({ kind: 'failed' });
    expect(waited).toEqual([7000]);
  });

  it('keeps the token out of what it says', async () => {
    server.fault = () => ({ status: 400, message: `you sent ${'x'}` });
    const problem = await github.repository().catch((error: unknown) => error);
    expect(JSON.stringify(problem) + String(problem)).not.toContain(server.token);
  });

  it('sends the token over https only', () => {
    expect(
      () => new GitHub({ apiUrl: 'http://example.com/', token: 't', repository: 'a/b', world: {} as never }),
    ).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  it('asks who may write, and believes nobody else', async () => {
    expect(await github.mayWrite('alex')).toBe(true);
    expect(await github.mayWrite('mallory')).toBe(false);
  });

  it('knows whether an environment asks for approval', async () => {
    server.reviewedEnvironments.set('recovery', true).set('open', false);
    expect(await github.environmentReviewed('recovery')).toBe(true);
    expect(await github.environmentReviewed('open')).toBe(false);
    expect(await github.environmentReviewed('none')).toBeUndefined();
  });
});

describe('the witness', () => {
  it('finds what does not fit the schema', () => {
    const schema = {
      type: 'object',
      required: ['head'],
      additionalProperties: false,
      properties: { head: { type: 'string' }, state: { enum: ['open'] } },
    };
    expect(misfits({ head: 'x', state: 'open' }, schema)).toEqual([]);
    expect(misfits({ state: 'ajar', colour: 1 }, schema)).toEqual([
      'body.head is missing',
      'body.state is none of open',
      'body.colour is not known',
    ]);
  });
});
