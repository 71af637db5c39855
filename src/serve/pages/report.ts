// The report: the changes of a job as a filtered, paged table, and one change with before and after side by side.
import { html } from 'hono/html';
import { parseRef } from '../../model/ref.ts';
import type { ReportSummary } from '../../model/report.ts';
import { accessMeanings } from '../../plan/index.ts';
import { actorLines, actorsNotice } from '../../report/index.ts';
import { notFound } from '../failure.ts';
import type { Job } from '../jobs/record.ts';
import { type ChangeEntry, type ChangeFilter, passes } from '../jobs/results.ts';
import type { Office } from '../office.ts';
import { boxWords, withoutFlags } from './guards.ts';
import type { Page, Viewer } from './layout.ts';
import { attributeHtml, linksHtml } from './values.ts';
import {
  actionWord,
  count,
  type Html,
  named,
  nothing,
  objectPath,
  operationBadge,
  pager,
  query,
  shortId,
  shown,
  statusBadge,
  when,
} from './words.ts';

export const top = 100;
/** Objects of a scope that are named one by one. */
const mostNamed = 6;

/** The filter that an address says. */
export function filterOf(url: URL): ChangeFilter & { readonly failed: boolean; readonly skip: number } {
  const text = (name: string) => url.searchParams.get(name) || undefined;
  return {
    kind: text('kind'),
    operation: text('operation'),
    action: text('action'),
    name: text('name'),
    access: text('access') === 'yes',
    synced: text('synced') === 'yes' ? true : undefined,
    failed: text('failed') === 'yes',
    skip: Number(text('skip') ?? 0) || 0,
  };
}

/** The filter as parameters of a link. */
export function filterParameters(url: URL): Record<string, string | undefined> {
  const names = ['from', 'to', 'kind', 'operation', 'action', 'name', 'access', 'synced', 'failed'];
  return Object.fromEntries(names.map((name) => [name, url.searchParams.get(name) ?? undefined]));
}

/** What a job is doing, said live; for any job that is not over. */
export function progressHtml(job: Job, words: string): Html {
  return html`<section class="panel" data-watch="${job.id}" data-status="${job.status}"><h2>${words}</h2>
<progress aria-label="${words}"></progress><p data-said>It has begun. This page goes on by itself.</p><p class="visually-hidden" role="status" aria-live="polite" data-told></p>
<div data-failures hidden><h3>Not done so far</h3><ul></ul></div></section>`;
}

export function problemHtml({ problem }: Job): Html {
  if (problem === undefined) return nothing;
  const subject = problem.subject === undefined ? '' : ` (${shown(problem.subject)})`;
  return html`<div class="notice bad"><h2>${problem.summary}${subject}</h2><p>${shown(problem.detail, 4_000)}</p></div>`;
}

/** A difference report. `path` is the address it stands at, so that filters and pages stay there. */
export async function reportPage(viewer: Viewer, job: Job, path: string): Promise<Page> {
  const title = job.to === undefined ? 'What changed since a snapshot' : 'What changed between two snapshots';
  const head = html`<h1>${title}</h1>
<div class="panel"><dl class="facts"><dt>From</dt><dd>${sideHtml(job.from)}</dd><dt>To</dt><dd>${job.to === undefined ? html`the living tenant, ${when(job.header?.to.at ?? job.createdAt)}` : sideHtml(job.to)}</dd>
<dt>Scope</dt><dd>${await scopeHtml(viewer, job)}</dd><dt>Report</dt><dd>${statusBadge(job)} <a href="/jobs/${job.id}"><code>${job.id}</code></a>, by ${shown(job.by.name)}</dd>
${job.reason === undefined ? '' : html`<dt>Why</dt><dd>${shown(job.reason, 1_000)}</dd>`}</dl></div>
${problemHtml(job)}`;
  if (job.status !== 'successful')
    return {
      title,
      content: html`${head}${job.completedAt === null ? html`${progressHtml(job, job.to === undefined ? 'Reading the tenant' : 'Comparing')}${cancelForm(viewer, job)}` : ''}`,
    };
  const entries = await viewer.office.jobs.index(job.id);
  return {
    title,
    content: html`${head}${coverageNotices(job)}${actorsHtml(viewer, job, entries.length)}${tiles(job)}${await changesHtml(viewer, job, entries, path)}`,
  };
}

export function cancelForm({ principal }: Viewer, job: Job): Html {
  if (principal.role !== 'administrator') return nothing;
  return html`<form class="actions" data-send="POST" action="/api/jobs/${job.id}/cancel" data-then="/jobs/${job.id}"><button type="submit">Cancel it</button></form>`;
}

export function sideHtml({ commit, at, revision }: Job['from']): Html {
  const asked = commit.startsWith(revision) ? '' : html` (${shown(revision)})`;
  return html`<a href="/snapshots/${commit}">${when(at)} <code>${shortId(commit)}</code></a>${asked}`;
}

export function scopeText({ scope }: Job): string {
  if (scope.refs !== undefined) return count(scope.refs.length, 'object');
  return scope.kinds?.join(', ') ?? 'everything';
}

/** The scope with a few objects by name. */
export async function scopeHtml({ office }: Viewer, job: Job): Promise<Html> {
  const { refs } = job.scope;
  if (refs === undefined || refs.length > mostNamed) return html`${scopeText(job)}`;
  const names = await Promise.all(refs.map((ref) => office.nameOf(ref, job.from.commit)));
  return html`${refs.map((ref, at) => html`${at === 0 ? '' : ', '}<a href="${objectPath(ref, job.from.commit)}">${named(names[at]!)}</a>`)}`;
}

function coverageNotices(job: Job): Html {
  const missing = (job.header?.coverage ?? []).filter(({ from, to }) => from !== 'complete' || to !== 'complete');
  const notices = job.header?.notices ?? [];
  return html`${notices.map((text) => html`<div class="notice bad"><p>${shown(text, 2_000)}</p></div>`)}
${missing.length === 0 ? '' : html`<div class="notice"><h2>Not read completely: what is missing here is not said to be deleted</h2><ul>${missing.map(({ kind, from, to, reason }) => html`<li>${kind}: ${from === to ? to : `${from} before, ${to} after`}${reason === undefined ? '' : `. ${shown(reason, 600)}`}</li>`)}</ul></div>`}`;
}

/** Lets a report be asked for that says who made the changes, where the server allows it. */
export function actorsBox({ context }: Office): Html {
  if (!context.settings.actors) return nothing;
  return html`<p><label class="check"><input type="checkbox" name="actors"> Say who made the changes, as far as the tenant’s audit log tells</label></p>`;
}

/** What the audit log told, or the question that asks it. */
function actorsHtml({ office }: Viewer, job: Job, changes: number): Html {
  if (job.header?.actors !== undefined) {
    const { heading, lines } = actorsNotice(job.header.actors);
    return html`<div class="notice plain"><h2>${heading}</h2>${lines.map((line) => html`<p>${shown(line, 2_000)}</p>`)}</div>`;
  }
  if (!office.context.settings.actors || job.actors === true || changes === 0) return nothing;
  const { kinds = [], refs = [] } = job.scope;
  return html`<form class="actions" data-send="POST" action="/api/previews"><input type="hidden" name="from" value="${job.from.commit}">${job.to === undefined ? '' : html`<input type="hidden" name="to" value="${job.to.commit}">`}
${kinds.map((kind) => html`<input type="hidden" name="kinds" value="${kind}" data-list>`)}${refs.map((ref) => html`<input type="hidden" name="ids" value="${ref}" data-list>`)}
<input type="checkbox" name="actors" checked hidden><button type="submit">Who made the changes?</button></form>`;
}

function tiles({ summary }: Job): Html {
  if (summary === undefined) return nothing;
  const sum = (operation: 'create' | 'update' | 'delete') =>
    Object.values(summary.byKind).reduce((all, counts) => all + counts[operation], 0);
  const tile = (number: number, words: string, tone = '') =>
    html`<div class="tile"><b class="${tone}">${number}</b><span>${words}</span></div>`;
  return html`<div class="tiles">${tile(sum('create'), 'created', 'added')}${tile(sum('update'), 'updated', 'changed')}${tile(sum('delete'), 'deleted', 'removed')}
${tile(summary.attributes, 'attribute changes')}${tile(summary.links, 'link changes')}${summary.ignored === 0 ? '' : tile(summary.ignored, 'ignored by rule')}${summary.withheld === undefined ? '' : tile(summary.withheld, 'missing, not counted')}</div>${kindsHtml(summary)}`;
}

function kindsHtml({ byKind }: ReportSummary): Html {
  const rows = Object.entries(byKind);
  if (rows.length < 2) return nothing;
  return html`<details class="panel"><summary>By kind</summary><table><thead><tr><th scope="col">Kind</th><th scope="col" class="number">Created</th><th scope="col" class="number">Updated</th><th scope="col" class="number">Deleted</th></tr></thead><tbody>
${rows.map(([kind, counts]) => html`<tr><th scope="row">${kind}</th><td class="number">${counts.create}</td><td class="number">${counts.update}</td><td class="number">${counts.delete}</td></tr>`)}</tbody></table></details>`;
}

async function changesHtml(viewer: Viewer, job: Job, entries: readonly ChangeEntry[], path: string): Promise<Html> {
  const { url } = viewer;
  if (entries.length === 0)
    return html`<div class="notice good"><h2>No differences</h2><p>The two sides are the same, as far as they were read.</p></div>`;
  const filter = filterOf(url);
  const passed = entries.filter((entry) => passes(entry, filter));
  const listed = passed.slice(filter.skip, filter.skip + top);
  return html`<h2>Changes</h2>
${filterForm(url, entries, path)}
<form method="get" action="/recover"><input type="hidden" name="goal" value="${job.from.commit}"><input type="hidden" name="selected" value="yes">
${changesTable(job, listed, 'Changes', true)}
<div class="actions"><button type="submit" class="primary" data-needs-picked>Recover the selected objects</button> <span class="quiet" data-picked aria-live="polite"></span>
<a class="button" href="/recover${query({ goal: job.from.commit, kind: job.scope.kinds ?? [], ref: job.scope.refs ?? [] })}">Recover the whole scope</a>
<a href="/api/jobs/${job.id}/changes${query({ ...filterParameters(url), access: filter.access ? 'true' : undefined })}">As JSON</a></div></form>
${pager(path, filterParameters(url), { skip: filter.skip, top, total: passed.length })}`;
}

/** Filters as an ordinary form: the address says what is shown. */
export function filterForm(url: URL, entries: readonly ChangeEntry[], path: string): Html {
  const chosen = (name: string, value: string) => (url.searchParams.get(name) === value ? html` selected` : '');
  const options = (name: string, values: readonly string[]) =>
    html`<option value="">all</option>${values.map((value) => html`<option${chosen(name, value)}>${value}</option>`)}`;
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const access = entries.some((entry) => entry.access.length > 0);
  const synced = entries.some((entry) => entry.synced);
  const failed = entries.some((entry) => entry.failure !== undefined);
  const check = (name: string, words: string) =>
    html`<label class="check"><input type="checkbox" name="${name}" value="yes"${url.searchParams.get(name) === 'yes' ? html` checked` : ''}> ${words}</label>`;
  return html`<form class="filters" method="get" action="${path}" role="search">
${['from', 'to'].map((name) => (url.searchParams.has(name) ? html`<input type="hidden" name="${name}" value="${url.searchParams.get(name)}">` : ''))}
<label>Name or id <input type="search" name="name" value="${url.searchParams.get('name') ?? ''}"></label>
<label>Kind <select name="kind">${options('kind', kinds)}</select></label>
<label>Change <select name="operation">${options('operation', ['create', 'update', 'delete'])}</select></label>
${access ? check('access', 'may give access') : ''}${synced ? check('synced', 'synced') : ''}${failed ? check('failed', 'not done') : ''}
<button type="submit">Filter</button></form>`;
}

/** The table of changes; with boxes to choose objects where something can be done with them. */
export function changesTable(job: Job, listed: readonly ChangeEntry[], caption: string, boxes: boolean): Html {
  const back = job.type === 'recovery' ? 'Recovery does' : 'To go back';
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="stack"><caption class="visually-hidden">${caption}</caption><thead><tr>
${boxes ? html`<th scope="col"><label class="check" hidden><input type="checkbox" id="select-all"><span class="visually-hidden">Select all on this page</span></label></th>` : ''}
<th scope="col">Change</th><th scope="col">Object</th><th scope="col">Type</th><th scope="col" class="number">Attributes</th><th scope="col" class="number">Links</th><th scope="col">${back}</th></tr></thead><tbody>
${listed.map((entry) => rowHtml(job, entry, back, boxes))}</tbody></table></div>${listed.length === 0 ? html`<p>Nothing passes the filter.</p>` : ''}`;
}

function rowHtml(job: Job, entry: ChangeEntry, back: string, boxes: boolean): Html {
  const marks = [
    entry.synced ? html` <span class="badge">synced</span>` : '',
    ...entry.access.map(
      (name) => html` <span class="badge warn" title="${accessMeanings[name]}">may give access: ${name}</span>`,
    ),
    entry.by === undefined ? '' : html`<div class="quiet">${shown(entry.by, 300)}</div>`,
    entry.failure === undefined
      ? ''
      : html`<div class="${entry.action === 'none' ? 'quiet' : 'removed'}">${shown(withoutFlags(entry.failure), 500)}</div>`,
  ];
  return html`<tr>${boxes ? html`<td><label class="check"><input type="checkbox" name="ref" value="${entry.ref}"><span class="visually-hidden">Select ${shown(entry.name, 80)}</span></label></td>` : ''}
<td>${entry.action === 'none' && job.type === 'recovery' ? html`<span class="badge">not done</span>` : operationBadge(entry.operation)}</td>
<th scope="row" class="wide"><a href="/jobs/${job.id}/changes${query({ ref: entry.ref })}">${named(entry.name)}</a>${entry.formerName === undefined ? '' : html` <span class="quiet">was <bdi>${shown(entry.formerName)}</bdi></span>`}${marks}</th>
<td data-label="Type">${entry.type}</td><td class="number" data-label="Attributes">${entry.attributes}</td><td class="number" data-label="Links">${entry.links}</td><td data-label="${back}">${actionWord(entry.action)}</td></tr>`;
}

function whoHtml(lines: readonly string[]): Html {
  if (lines.length === 0)
    return html`<p class="quiet">The audit log has no entry about it. That does not mean nobody: it lags, and not everything is in it.</p>`;
  return html`<ul>${lines.map((line) => html`<li>${shown(line, 1_000)}</li>`)}</ul>`;
}

function failureHtml(failure: string): Html {
  const { lines, hint = '' } = boxWords([failure]);
  return html`<p>${shown(lines[0] ?? '', 2_000)} ${hint}</p>`;
}

/** One change, whole. */
export async function changePage(viewer: Viewer, job: Job, refText: string): Promise<Page> {
  const ref = parseRef(refText);
  const entries = await viewer.office.jobs.index(job.id).catch(() => []);
  const at = entries.findIndex((entry) => entry.ref === ref);
  const entry = entries[at];
  if (entry === undefined) throw notFound('The job has no change of such an object.');
  const change = (await viewer.office.jobs.changes(job.id, [entry]))[0]!;
  const words = job.type === 'recovery' ? (['Now', 'Recovered'] as const) : (['Before', 'After'] as const);
  const beside = (other: ChangeEntry | undefined, words: string) =>
    other === undefined ? '' : html`<a href="/jobs/${job.id}/changes${query({ ref: other.ref })}">${words}</a>`;
  return {
    title: change.displayName,
    content: html`<p><a href="/jobs/${job.id}">← ${job.type === 'recovery' ? 'The recovery' : 'The report'}</a></p>
<h1>${named(change.displayName)}</h1>
<div class="panel"><dl class="facts"><dt>Change</dt><dd>${operationBadge(change.operation)}${change.synced ? html` <span class="badge">synced from on-premises</span>` : ''}</dd>
<dt>Object</dt><dd>${change.type} <code>${shown(change.ref)}</code></dd>${change.formerName === undefined ? '' : html`<dt>Former name</dt><dd>${named(change.formerName)}</dd>`}
<dt>${job.type === 'recovery' ? 'Recovery does' : 'To go back'}</dt><dd>${actionWord(change.recoveryAction)}${change.because === undefined ? '' : html` <span class="quiet">(${shown(change.because, 1_000)})</span>`}</dd>
<dt>Microsoft’s own recovery</dt><dd>${change.native ? 'covers it, wholly or in part' : 'does not cover it'}</dd></dl></div>
${(change.access ?? []).map((name) => html`<div class="notice"><h2>May give access: ${name}</h2><p>${accessMeanings[name]}</p></div>`)}
${change.failure === undefined ? '' : html`<div class="notice bad"><h2>Not done</h2>${failureHtml(change.failure)}</div>`}
${change.actors === undefined ? '' : html`<section class="panel"><h2>Who made it</h2>${whoHtml(actorLines(change))}</section>`}
${change.attributes.length === 0 ? '' : html`<section class="panel"><h2>Attributes</h2>${change.attributes.map((attribute) => attributeHtml(attribute, words))}</section>`}
${change.links.length === 0 ? '' : html`<section class="panel"><h2>Links</h2>${linksHtml(change.links, words, job.from.commit)}</section>`}
${change.attributes.length + change.links.length === 0 ? html`<p class="quiet">Nothing in it is written by attributes or links.</p>` : ''}
<div class="actions">${job.type === 'recovery' ? '' : html`<a class="button primary" href="/recover${query({ goal: job.from.commit, ref: change.ref })}">Recover this object</a>`}
<a class="button" href="${objectPath(change.ref, change.operation === 'create' ? job.to?.commit : job.from.commit)}">The object and its history</a></div>
<nav class="pages" aria-label="Changes">${beside(entries[at - 1], '← Previous change')}<span>${at + 1} of ${entries.length}</span>${beside(entries[at + 1], 'Next change →')}</nav>`,
  };
}
