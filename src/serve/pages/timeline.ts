// The timeline: the snapshots of the branch, newest first, a chart of the changes a day, and one snapshot by itself.

import { html } from 'hono/html';
import type { Commit } from '../../model/commit.ts';
import { grouped } from '../../model/grouped.ts';
import { coverageAt } from '../../verbs/capture.ts';
import type { Page, Viewer } from './layout.ts';
import { coverageTable } from './standing.ts';
import { count, coverageBadge, type Html, nothing, pager, query, shortId, shown, when } from './words.ts';

const top = 40;
const chartDays = 30;

export async function timelinePage(viewer: Viewer): Promise<Page> {
  const { office, url } = viewer;
  const skip = Number(url.searchParams.get('skip') ?? 0) || 0;
  const all = await office.snapshots();
  const listed = all.slice(skip, skip + top);
  const days = grouped(listed, ({ at }) => at.slice(0, 10));
  const [newest] = all;
  return {
    title: 'Snapshots',
    content: html`<h1>Snapshots</h1>
<p class="lead">Each snapshot is a commit of the whole tenant. Compare any two of them, or one with the tenant as it is now.</p>
${
  newest === undefined
    ? noSnapshot()
    : html`${chart(all)}
<div class="actions"><form data-send="POST" action="/api/previews"><input type="hidden" name="from" value="${newest.id}"><button class="primary" type="submit">What changed since the newest snapshot?</button></form>
<a class="button" href="/compare">Compare two snapshots</a></div>`
}
${[...days].map(([day, commits]) => html`<h2><time datetime="${day}">${day}</time></h2><ol class="line">${commits.map(entry)}</ol>`)}
${pager('/', {}, { skip, top, total: all.length })}`,
  };
}

function noSnapshot(): Html {
  return html`<div class="notice plain"><h2>No snapshot yet</h2><p>Take the first one with <code>driftline snapshot</code>, here or on a schedule, and reload this page.</p></div>`;
}

function entry(commit: Commit): Html {
  const { snapshot } = commit;
  const run = snapshot?.notes?.Run;
  const [parent] = commit.parents;
  // Whoever hears a list of links hears of which snapshot each is.
  const of = html`<span class="visually-hidden"> (snapshot of ${commit.at.slice(11, 19)})</span>`;
  return html`<li class="${run === undefined ? '' : 'run'}"><div class="head"><a href="/snapshots/${commit.id}"><b>${commit.at.slice(11, 16)} UTC</b> <code>${shortId(commit.id)}</code></a>
${snapshot === undefined ? '' : countsText(snapshot.counts)} ${snapshot === undefined ? '' : coverageBadge(snapshot.coverage)}
${run === undefined ? '' : html`<a class="badge info" href="/runs/${run}">recovery</a>`}</div>
${isOrdinary(commit) ? '' : html`<div>${shown(commit.subject.replace(/: \d+ changed, \d+ added, \d+ removed$/, ''))}</div>`}
<div class="actions">${parent === undefined ? '' : html`<a href="/compare${query({ from: parent, to: commit.id })}">What it changed${of}</a>`}
<a href="/compare${query({ from: commit.id, to: 'live' })}">Compare${of}</a> <a href="/objects${query({ commit: commit.id })}">Objects${of}</a> <a href="/recover${query({ goal: commit.id })}">Recover${of}</a></div></li>`;
}

/** Its subject says the counts, and nothing else. */
function isOrdinary({ subject }: Commit): boolean {
  return /^\d+ changed, /.test(subject);
}

function countsText({ added, changed, removed }: NonNullable<Commit['snapshot']>['counts']): Html {
  const said = (tone: string, number: number) =>
    html`<span class="${number === 0 ? 'quiet' : tone}">${number} ${tone}</span>`;
  return html`<span>${said('added', added)}, ${said('changed', changed)}, ${said('removed', removed)}</span>`;
}

/** Bars of the last days; the first snapshot of a tenant adds everything and would hide all else, so it is left out. */
function chart(all: readonly Commit[]): Html {
  const [newest] = all;
  if (newest === undefined) return nothing;
  const end = Date.parse(`${newest.at.slice(0, 10)}T00:00:00Z`);
  const days = Array.from({ length: chartDays }, (_, at) =>
    new Date(end - (chartDays - 1 - at) * 86_400_000).toISOString().slice(0, 10),
  );
  const sums = new Map(days.map((day) => [day, { added: 0, changed: 0, removed: 0 }]));
  for (const { at, snapshot, parents } of all) {
    const sum = sums.get(at.slice(0, 10));
    if (sum === undefined || snapshot === undefined || parents.length === 0) continue;
    for (const name of ['added', 'changed', 'removed'] as const) sum[name] += snapshot.counts[name];
  }
  const most = Math.max(1, ...[...sums.values()].map(({ added, changed, removed }) => added + changed + removed));
  const total = [...sums.values()].reduce((all, one) => all + one.added + one.changed + one.removed, 0);
  // One bar says nothing that the list below does not say.
  if ([...sums.values()].filter((one) => one.added + one.changed + one.removed > 0).length < 2) return nothing;
  const height = (value: number) => Math.round((value / most) * 84);
  const bars = [...sums].map(([day, { added, changed, removed }], at) => {
    const parts = [
      ['change', changed],
      ['add', added],
      ['remove', removed],
    ] as const;
    let y = 90;
    const drawn = parts.map(([tone, value]) => {
      y -= height(value);
      return value === 0
        ? ''
        : html`<rect class="${tone}" x="${at * 20 + 3}" y="${y}" width="14" height="${Math.max(2, height(value))}" rx="2"></rect>`;
    });
    return html`<g><title>${day}: ${added} added, ${changed} changed, ${removed} removed</title>${drawn}</g>`;
  });
  return html`<figure class="panel"><svg class="chart" viewBox="0 0 ${chartDays * 20} 100" preserveAspectRatio="none" role="img" aria-label="Changes a day, ${days[0]!} to ${days.at(-1)!}: ${total} in all, at most ${most} on one day"><line class="base" x1="0" x2="${chartDays * 20}" y1="91" y2="91"></line>${bars}</svg>
<figcaption class="quiet">Files changed a day, ${days[0]!} to ${days.at(-1)!}: ${count(total, 'change')}, at most ${most} on one day. The first snapshot is not counted.</figcaption></figure>`;
}

export async function snapshotPage(viewer: Viewer, revision: string): Promise<Page> {
  const { office } = viewer;
  const commit = await office.commit(revision);
  const coverage = await coverageAt(office.context.repository, commit.id);
  const { snapshot } = commit;
  const [parent] = commit.parents;
  return {
    title: `Snapshot of ${commit.at.slice(0, 16).replace('T', ' ')}`,
    content: html`<h1>Snapshot of ${when(commit.at)}</h1>
<div class="panel"><dl class="facts"><dt>Commit</dt><dd><code>${commit.id}</code></dd>${isOrdinary(commit) ? '' : html`<dt>Subject</dt><dd>${shown(commit.subject)}</dd>`}
<dt>By</dt><dd>${shown(commit.author)}</dd>
${
  snapshot === undefined
    ? ''
    : html`<dt>Changes</dt><dd>${countsText(snapshot.counts)}</dd><dt>Read</dt><dd>${when(snapshot.startedAt)} to ${when(snapshot.finishedAt)}</dd><dt>Driftline</dt><dd>${shown(snapshot.version)}</dd>
${Object.entries(snapshot.notes ?? {}).map(([name, text]) => html`<dt>${shown(name)}</dt><dd>${name === 'Run' ? html`<a href="/runs/${text}">${shown(text)}</a>` : shown(text)}</dd>`)}`
}</dl></div>
<div class="actions"><form data-send="POST" action="/api/previews"><input type="hidden" name="from" value="${commit.id}"><button class="primary" type="submit">What changed since then?</button></form>
${parent === undefined ? '' : html`<a class="button" href="/compare${query({ from: parent, to: commit.id })}">What it changed</a>`}
<a class="button" href="/objects${query({ commit: commit.id })}">Objects</a> <a class="button" href="/recover${query({ goal: commit.id })}">Recover to this snapshot</a></div>
<h2>Coverage</h2>
${coverageTable(coverage)}`,
  };
}
