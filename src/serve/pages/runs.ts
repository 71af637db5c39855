// Runs and jobs: the recoveries that the history keeps, what came of one, and the jobs of this server.
import { html } from 'hono/html';
import type { RunRecord } from '../../model/run.ts';
import { endedRuns, findRun, stoppedRuns } from '../../verbs/runs.ts';
import { type Job, terminal } from '../jobs/record.ts';
import type { Page, Viewer } from './layout.ts';
import { undoForm } from './recover.ts';
import { scopeText } from './report.ts';
import { count, type Html, named, objectPath, pager, shortId, shown, statusBadge, when } from './words.ts';

const top = 50;

const tones: Readonly<Record<RunRecord['status'], string>> = { complete: 'good', partial: 'warn', interrupted: 'bad' };

export async function runsPage({ office, principal }: Viewer): Promise<Page> {
  const { repository } = office.context;
  const stopped = await stoppedRuns(repository);
  const entries = [];
  for await (const entry of endedRuns(repository, top)) entries.push(entry);
  const resume = (id: string) =>
    principal.role === 'administrator'
      ? html`<form data-send="POST" action="/api/runs/${id}/resume"><button type="submit">Go on with it</button></form>`
      : '';
  return {
    title: 'Runs',
    content: html`<h1>Runs</h1><p class="lead">The recoveries that the history keeps, newest first. Each can be undone: the state before it is a commit.</p>
${stopped.length === 0 ? '' : html`<div class="notice bad"><h2>Stopped before the end</h2><ul>${stopped.map(({ id, startedAt, done }) => html`<li>${id}, begun ${when(startedAt)}, ${count(done, 'step')} done ${resume(id)}</li>`)}</ul></div>`}
${
  entries.length === 0
    ? html`<p>No recovery yet.</p>`
    : html`<div class="scroll" role="region" aria-label="Runs" tabindex="0"><table class="stack"><caption class="visually-hidden">Runs</caption><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col" class="number">Done</th><th scope="col" class="number">Not done</th><th scope="col">Goal</th><th scope="col">Why</th></tr></thead><tbody>
${entries.map(({ record }) => html`<tr><th scope="row"><a href="/runs/${record.id}">${record.id}</a></th><td><span class="badge ${tones[record.status]}">${record.status}</span></td><td class="number" data-label="Done">${record.counts.done}</td><td class="number" data-label="Not done">${record.counts.refused + record.counts.skipped + record.counts.unknown}</td><td data-label="Goal"><a href="/snapshots/${record.goal}"><code>${shortId(record.goal)}</code></a></td><td class="wide">${record.reason === undefined ? '' : shown(record.reason)}</td></tr>`)}</tbody></table></div>`
}`,
  };
}

export async function runPage({ office, principal }: Viewer, id: string): Promise<Page> {
  const { record, commit } = await findRun(office.context.repository, id);
  const objects = await Promise.all(
    record.objects.slice(0, 200).map(async (ref) => {
      const name = await office.nameOf(ref, commit.id);
      return html`<li><a href="${objectPath(ref)}">${named(name)}</a> <code>${shown(ref)}</code></li>`;
    }),
  );
  const nature = record.left.filter(({ byNature }) => byNature).length;
  const left = record.left.filter(({ byNature }) => !byNature);
  const list = (heading: string, items: readonly Html[], tone: string) =>
    items.length === 0
      ? ''
      : html`<div class="notice ${tone}"><h2>${heading}</h2><ul>${items.slice(0, 200)}${items.length > 200 ? html`<li>… and ${items.length - 200} more</li>` : ''}</ul></div>`;
  return {
    title: `Run ${record.id}`,
    content: html`<h1>Run ${record.id}</h1>
<div class="panel"><dl class="facts"><dt>State</dt><dd><span class="badge ${tones[record.status]}">${record.status}</span></dd><dt>Time</dt><dd>${when(record.startedAt)} to ${when(record.finishedAt)}</dd>
<dt>Goal</dt><dd><a href="/snapshots/${record.goal}"><code>${shortId(record.goal)}</code></a></dd><dt>State before</dt><dd><a href="/snapshots/${record.before}"><code>${shortId(record.before)}</code></a></dd><dt>State after</dt><dd><a href="/snapshots/${commit.id}"><code>${shortId(commit.id)}</code></a>, <a href="/compare?from=${record.before}&amp;to=${commit.id}">what it changed</a></dd>
${record.reason === undefined ? '' : html`<dt>Why</dt><dd>${shown(record.reason, 1_000)}</dd>`}${record.undoes === undefined ? '' : html`<dt>Undoes</dt><dd><a href="/runs/${record.undoes}">${record.undoes}</a></dd>`}
<dt>Plan</dt><dd><code>${record.plan}</code></dd></dl></div>
<div class="tiles">${(['done', 'refused', 'skipped', 'unknown'] as const).map((name) => html`<div class="tile"><b>${record.counts[name]}</b><span>${name}</span></div>`)}<div class="tile"><b>${record.writes}</b><span>writes</span></div></div>
${list(
  'Not done',
  record.failures.map(
    ({ displayName, ref, action, outcome, because }) =>
      html`<li>${named(displayName)} <code>${shown(ref)}</code>: ${action} ${outcome}. ${shown(because, 600)}</li>`,
  ),
  'bad',
)}
${list(
  'Still differs',
  left.map(
    ({ displayName, path, because }) =>
      html`<li>${named(displayName)}${path === undefined ? '' : html`, <code>${shown(path)}</code>`}: ${shown(because, 600)}</li>`,
  ),
  '',
)}
${list(
  'Refused by the plan',
  record.refusals.map(
    ({ displayName, ref, path, because }) =>
      html`<li>${displayName === undefined ? '' : named(displayName)} <code>${shown(ref ?? '')}</code>${path === undefined ? '' : html`, <code>${shown(path)}</code>`}: ${shown(because, 600)}</li>`,
  ),
  'plain',
)}
${nature === 0 ? '' : html`<p>${count(nature, 'attribute')} of objects that were made anew cannot be put back: ids, creation times, secrets.</p>`}
<h2>Objects</h2><ul>${objects}${record.objects.length > 200 ? html`<li>… and ${record.objects.length - 200} more</li>` : ''}</ul>
${principal.role === 'administrator' ? html`<div class="actions">${undoForm(office, record.id)}</div>` : ''}`,
  };
}

const typeWords: Readonly<Record<Job['type'], string>> = {
  preview: 'Report against the tenant',
  compare: 'Report between snapshots',
  recovery: 'Recovery',
};

export function jobsPage({ office, url }: Viewer): Page {
  const jobs = office.jobs.store.all();
  const skip = Number(url.searchParams.get('skip') ?? 0) || 0;
  const total = (value: number | null) => (value === null ? '' : String(value));
  return {
    title: 'Jobs',
    content: html`<h1>Jobs</h1><p class="lead">Reports and recoveries of this server, kept for ${office.context.settings.keepDays} days.</p>
${
  jobs.length === 0
    ? html`<p>No job yet.</p>`
    : html`<div class="scroll" role="region" aria-label="Jobs" tabindex="0"><table class="stack"><caption class="visually-hidden">Jobs</caption><thead><tr><th scope="col">Begun</th><th scope="col">What</th><th scope="col">State</th><th scope="col">Snapshot</th><th scope="col">Scope</th><th scope="col" class="number">Objects</th><th scope="col" class="number">Links</th><th scope="col">By</th></tr></thead><tbody>
${jobs.slice(skip, skip + top).map((job) => html`<tr${terminal.has(job.status) ? '' : html` data-watch="${job.id}" data-status="${job.status}"`}><th scope="row"><a href="/jobs/${job.id}">${when(job.createdAt)}</a></th><td>${job.undoes === undefined ? typeWords[job.type] : 'Undo'}</td><td>${statusBadge(job)} <span class="quiet" data-said></span></td><td data-label="Snapshot"><a href="/snapshots/${job.from.commit}"><code>${shortId(job.from.commit)}</code></a></td><td class="wide" data-label="Scope">${scopeText(job)}</td><td class="number" data-label="Objects">${total(job.totals.objects)}</td><td class="number" data-label="Links">${total(job.totals.links)}</td><td>${shown(job.by.name, 60)}</td></tr>`)}</tbody></table></div>`
}
${pager('/jobs', {}, { skip, top, total: jobs.length })}`,
  };
}
