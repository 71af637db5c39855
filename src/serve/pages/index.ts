// The portal: a page's address in, the page out; what a page changes it asks of the API.
import { setTimeout as wait } from 'node:timers/promises';
import { Hono } from 'hono';
import { html } from 'hono/html';
import { live } from '../../verbs/diff.ts';
import { sideOf } from '../asks.ts';
import { type Failure, failureOf, notFound } from '../failure.ts';
import { type Asked, lookUp, type Office } from '../office.ts';
import { type Page, render, type Viewer } from './layout.ts';
import { objectPage, objectsPage } from './objects.ts';
import { recoverPage, recoveryPage } from './recover.ts';
import { actorsBox, changePage, reportPage } from './report.ts';
import { jobsPage, runPage, runsPage } from './runs.ts';
import { coveragePage, settingsPage } from './standing.ts';
import { snapshotPage, timelinePage } from './timeline.ts';
import { type Html, query, shortId, shown } from './words.ts';

type Bindings = { readonly viewer: Viewer };
type Answer = (viewer: Viewer, path: (name: string) => string) => Promise<Page> | Page;

/** So long a comparison of two commits is waited for before the page says that it is being made. */
const patience = 2_500;

const pages: Readonly<Record<string, Answer>> = {
  '/': (viewer) => timelinePage(viewer),
  '/snapshots': (viewer) => timelinePage(viewer),
  '/snapshots/:revision': (viewer, path) => snapshotPage(viewer, path('revision')),
  '/compare': comparePage,
  '/jobs': jobsPage,
  '/jobs/:id': (viewer, path) => {
    const job = viewer.office.jobs.get(path('id'));
    return job.type === 'recovery' ? recoveryPage(viewer, job) : reportPage(viewer, job, `/jobs/${job.id}`);
  },
  '/jobs/:id/changes': (viewer, path) =>
    changePage(viewer, viewer.office.jobs.get(path('id')), viewer.url.searchParams.get('ref') ?? ''),
  '/objects': objectsPage,
  '/objects/:kind/:key': (viewer, path) => objectPage(viewer, path('kind'), path('key')),
  '/recover': recoverPage,
  '/runs': runsPage,
  '/runs/:run': (viewer, path) => runPage(viewer, path('run')),
  '/coverage': coveragePage,
  '/settings': settingsPage,
};

const app = new Hono<{ Bindings: Bindings }>();
for (const [path, answer] of Object.entries(pages))
  app.get(path, async (context) => {
    const { viewer } = context.env;
    const page = await lookUp(async () => answer(viewer, (name) => context.req.param(name) ?? ''));
    return render(page, viewer, await viewer.office.tenantName());
  });
app.notFound(() => {
  throw notFound('There is no such page.');
});
app.onError((error) => {
  throw error;
});

/** Answers a GET for a page; failures are pages too. */
export async function pageAnswer(office: Office, { url, principal }: Asked): Promise<Response> {
  const viewer: Viewer = { office, principal, url };
  try {
    return await app.fetch(new Request(url), { viewer });
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status >= 500) office.context.onError(error);
    return render(failurePage(failure), viewer, await office.tenantName());
  }
}

/** Where a failure leads on to. */
const ways = { snapshots: html`<a href="/">To the snapshots</a>`, signIn: html`<a href="/signin">Sign in again</a>` };

function failurePage({ status, message }: Failure, way: keyof typeof ways = 'snapshots'): Page {
  const words: Readonly<Record<number, string>> = {
    401: 'Not signed in',
    403: 'Not allowed',
    404: 'Not found',
    400: 'Not understood',
  };
  const heading = words[status] ?? (status >= 500 ? 'Something went wrong' : 'Not possible');
  return {
    title: heading,
    status,
    content: html`<h1>${heading}</h1><p>${shown(message, 4_000)}</p><p>${ways[way]}</p>`,
  };
}

/** A failure for somebody who may not be known: without anything of the tenant. */
export async function errorPage(failure: Failure, request: string, way?: keyof typeof ways): Promise<Response> {
  const page = failurePage(failure, way);
  return render({ ...page, content: html`${page.content}<p class="quiet">Request ${request}</p>` }, undefined, '');
}

/** What somebody sees who has no session. */
export function signInPage({ local, context }: Office, { pathname, search }: URL): Promise<Response> {
  const { signIn } = context.settings;
  const link = html`<p>The window in which <code>driftline serve</code> runs shows a link. Open it in this browser: it opens a session once, and a new one is shown after it was used.</p>`;
  const content: Html = signIn
    ? html`<h1>Sign in</h1><div class="panel"><p>This is the history of a Microsoft Entra ID tenant. Sign in with an account of that tenant that is a Backup Reader or a Backup Administrator here.</p>
<p class="actions"><a class="button primary" href="/signin${query({ page: `${pathname}${search}` })}">Sign in with Microsoft</a></p></div>${local ? html`<details><summary>On the machine that serves it</summary>${link}</details>` : ''}`
    : local
      ? html`<h1>Open the link</h1><div class="panel">${link}</div>`
      : html`<h1>Sign in</h1><div class="panel"><p>This server takes tokens of Microsoft Entra ID. Whoever runs it can let people sign in on this page (<code>serve.signIn</code>), or have a proxy sign them in; see <code>docs/server.md</code>.</p></div>`;
  return render({ title: 'Sign in', status: 401, content }, undefined, '');
}

/** Chooses two sides; with both in the address, the report between them. Against the living tenant a report is asked for, not looked up. */
async function comparePage(viewer: Viewer): Promise<Page> {
  const { office, url, principal } = viewer;
  const [from, to] = [url.searchParams.get('from') ?? '', url.searchParams.get('to') ?? ''];
  if (from === '' || to === '' || to === live) return compareForm(viewer, from, to);
  const [left, right] = [await sideOf(office, from), await sideOf(office, to)];
  const job = await office.jobs.comparison(left, right, principal);
  await Promise.race([office.jobs.settled(job.id), wait(patience, undefined, { ref: false })]);
  return reportPage(viewer, office.jobs.get(job.id), '/compare');
}

async function compareForm({ office }: Viewer, from: string, to: string): Promise<Page> {
  const snapshots = (await office.snapshots()).slice(0, 100);
  const options = (
    chosen: string,
  ) => html`${snapshots.some(({ id }) => id === chosen) || chosen === '' || chosen === live ? '' : html`<option selected value="${chosen}">${shown(chosen, 60)}</option>`}
${snapshots.map(({ id, at, subject }) => html`<option value="${id}"${id === chosen ? html` selected` : ''}>${at.slice(0, 16).replace('T', ' ')} UTC ${shortId(id)} ${shown(subject, 60)}</option>`)}`;
  const kinds = [...office.context.kinds.keys()];
  if (snapshots.length === 0)
    return {
      title: 'Compare',
      content: html`<h1>Compare</h1><div class="notice plain"><h2>No snapshot yet</h2><p>Take the first one with <code>driftline snapshot</code>, here or on a schedule.</p></div>`,
    };
  return {
    title: 'Compare',
    content: html`<h1>Compare</h1><p class="lead">Between two snapshots nothing is asked of the tenant. Against the tenant as it is now, it is read first; that takes as long as a snapshot of what you choose.</p>
<section class="panel"><h2>With the tenant as it is now</h2><form data-send="POST" action="/api/previews">
<div class="row"><label>From <select name="from">${options(from)}</select></label></div>
<details><summary>Only some kinds</summary><fieldset><legend>Kinds</legend><div class="row">${kinds.map((kind) => html`<label class="check"><input type="checkbox" name="kinds" value="${kind}" data-list> ${kind}</label>`)}</div></fieldset></details>
${actorsBox(office)}<div class="actions"><button class="primary" type="submit">Read the tenant and compare</button></div></form></section>
<section class="panel"><h2>Two snapshots</h2><form method="get" action="/compare"><div class="row"><label>From <select name="from">${options(from || (snapshots[1]?.id ?? ''))}</select></label><label>To <select name="to">${options(to)}</select></label><button type="submit">Compare</button></div></form></section>
<section class="panel"><h2>Any two points</h2><form method="get" action="/compare"><div class="row"><label>From <input name="from" size="24" required></label><label>To <input name="to" value="HEAD" size="24" required></label><button type="submit">Compare</button></div><p class="quiet">A commit’s id, a branch or a tag, <code>HEAD~2</code>, or a day such as <code>@2026-11-20</code>: the newest snapshot of that day or before it.</p></form></section>`,
  };
}
