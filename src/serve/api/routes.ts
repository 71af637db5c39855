// Our own API, route by route: what the native shape cannot say. The OpenAPI document is made of the same table.
import { coverageAt } from '../../verbs/capture.ts';
import { history } from '../../verbs/history.ts';
import { permissionsFor } from '../../verbs/permissions.ts';
import { endedRuns, findRun, runJson, stoppedRuns } from '../../verbs/runs.ts';
import { show } from '../../verbs/show.ts';
import { askResume } from '../asks.ts';
import { notFound } from '../failure.ts';
import type { Office } from '../office.ts';
import { requireAdministrator } from '../principal.ts';
import { settingsShown } from '../shown.ts';
import { jobRoutes } from './job-routes.ts';
import { bodyWith, made, numberOf, paged, pageQuery, type Route, reason } from './route.ts';
import { listOf, named, needing, pageOf, text } from './schemas.ts';

/** Failure 404 for a kind that there is not. */
function requireKindHere({ context: { kinds } }: Office, name: string): void {
  if (!kinds.has(name))
    throw notFound(
      `There is no kind ${JSON.stringify(name.slice(0, 80))}; the kinds are ${[...kinds.keys()].join(', ')}.`,
    );
}

export const routes: readonly Route[] = [
  ...jobRoutes,
  {
    method: 'GET',
    path: '/api/me',
    role: 'reader',
    summary: 'Who is asking, and what they may do',
    answers: 200,
    returns: needing({
      id: text,
      name: text,
      role: { type: 'string', enum: ['reader', 'administrator'] },
      local: { type: 'boolean' },
      allowRecover: { type: 'boolean' },
      twoPersons: { type: 'boolean' },
    }),
    async answer({ asked, office }) {
      const { allowRecover, settings } = office.context;
      return { body: { ...asked.principal, local: office.local, allowRecover, twoPersons: settings.twoPersons } };
    },
  },
  {
    method: 'GET',
    path: '/api/snapshots',
    role: 'reader',
    summary: 'Commits that record a snapshot, newest first',
    query: pageQuery,
    answers: 200,
    returns: pageOf(named('commit')),
    async answer(call) {
      return { body: paged(await call.office.snapshots(), call) };
    },
  },
  {
    method: 'GET',
    path: '/api/commits/{revision}',
    role: 'reader',
    summary: 'The commit that a text names (id, branch, tag, @2026-11-20), with its coverage',
    answers: 200,
    returns: { allOf: [named('commit'), needing({ coverage: named('coverage') })] },
    async answer({ office, path }) {
      const commit = await office.commit(path('revision'));
      return { body: { ...commit, coverage: await coverageAt(office.context.repository, commit.id) } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects',
    role: 'reader',
    summary: 'Objects of a commit whose name or id holds a text',
    query: { ...pageQuery, q: 'The text', kind: 'Kind name', commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    returns: { allOf: [needing({ commit: text }), pageOf(named('found'))] },
    async answer(call) {
      const { office, query } = call;
      const commit = await office.newestOr(query('commit'));
      const found = await office.search.find(commit.id, query('q') ?? '', query('kind'));
      return { body: { commit: commit.id, ...paged(found, call) } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects/{kind}/{key}',
    role: 'reader',
    summary: 'One object as it was in a commit',
    query: { commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    returns: needing({ ref: text, attributes: { type: 'object' }, links: { type: 'object' }, commit: text, at: text }),
    async answer({ office, path, query }) {
      const { repository, now } = office.context;
      requireKindHere(office, path('kind'));
      const commit = await office.newestOr(query('commit'));
      const shown = await show(repository, commit.id, `${path('kind')}/${path('key')}`, now());
      return { body: { ...shown.entity, commit: commit.id, at: commit.at } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects/{kind}/{key}/history',
    role: 'reader',
    summary: 'What each commit changed in an object, newest first',
    query: { limit: 'How many commits, up to 1000 (default 100)' },
    answers: 200,
    returns: needing({ ref: text, value: listOf(needing({ commit: text, at: text, change: { type: 'object' } })) }),
    async answer(call) {
      const { office, path } = call;
      const { repository, kinds, now } = office.context;
      requireKindHere(office, path('kind'));
      const object = `${path('kind')}/${path('key')}`;
      const found = await history({ repository, kinds, object, limit: numberOf(call, 'limit', 100, 1_000), now });
      const value = [];
      try {
        for await (const { commit, change } of found.entries) value.push({ commit: commit.id, at: commit.at, change });
      } finally {
        await found.close();
      }
      return { body: { ref: found.ref, value } };
    },
  },
  {
    method: 'GET',
    path: '/api/runs',
    role: 'reader',
    summary: 'The recoveries so far, newest first, and those that were stopped here',
    query: { top: 'How many, up to 999 (default 100)' },
    answers: 200,
    returns: needing({ value: listOf(named('run')), stopped: listOf({ type: 'object' }) }),
    async answer(call) {
      const { repository } = call.office.context;
      const value = [];
      for await (const entry of endedRuns(repository, numberOf(call, 'top', 100, 999))) value.push(runJson(entry));
      return { body: { value, stopped: await stoppedRuns(repository) } };
    },
  },
  {
    method: 'GET',
    path: '/api/runs/{run}',
    role: 'reader',
    summary: 'What came of one recovery',
    answers: 200,
    returns: named('run'),
    async answer({ office, path }) {
      return { body: runJson(await findRun(office.context.repository, path('run'))) };
    },
  },
  {
    method: 'POST',
    path: '/api/runs/{run}/resume',
    role: 'administrator',
    summary: 'Go on with a run that was stopped before its end',
    body: bodyWith({ reason }, []),
    answers: 202,
    returns: named('job'),
    async answer({ office, asked, path }) {
      return made(await askResume(office, asked, path('run')), asked);
    },
  },
  {
    method: 'GET',
    path: '/api/coverage',
    role: 'reader',
    summary: 'How completely each kind was read, and the permissions that reading and writing need',
    query: { commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    returns: needing({ commit: text, at: text, coverage: named('coverage'), permissions: listOf({ type: 'object' }) }),
    async answer({ office, query }) {
      const { repository, kinds } = office.context;
      const commit = await office.newestOr(query('commit'));
      const coverage = await coverageAt(repository, commit.id);
      return { body: { commit: commit.id, at: commit.at, coverage, permissions: permissionsFor(kinds, 'both') } };
    },
  },
  {
    method: 'GET',
    path: '/api/settings',
    role: 'reader',
    summary: 'The settings as they are, without anything secret',
    answers: 200,
    returns: needing({ version: text, server: { type: 'object' } }),
    async answer({ office }) {
      return { body: settingsShown(office) };
    },
  },
  {
    method: 'GET',
    path: '/api/audit',
    role: 'administrator',
    summary: 'The newest lines of the audit log',
    query: { top: 'How many, up to 999 (default 100)' },
    answers: 200,
    returns: needing({ value: listOf(named('auditLine')) }),
    async answer(call) {
      requireAdministrator(call.asked.principal);
      return { body: { value: await call.office.audit.newest(numberOf(call, 'top', 100, 999)) } };
    },
  },
];
