// Recovery: asking for a plan, looking at it, confirming it, watching it, and what came of it.
import { html } from 'hono/html';
import type { Plan } from '../../model/plan.ts';
import { parseRef } from '../../model/ref.ts';
import { planSheet } from '../../verbs/plan-sheet.ts';
import { type Job, terminal } from '../jobs/record.ts';
import { passes } from '../jobs/results.ts';
import type { Office } from '../office.ts';
import { localId } from '../principal.ts';
import { boxWords, guardFields } from './guards.ts';
import type { Page, Viewer } from './layout.ts';
import {
  cancelForm,
  changesTable,
  filterForm,
  filterOf,
  filterParameters,
  problemHtml,
  progressHtml,
  scopeHtml,
  sideHtml,
  top,
} from './report.ts';
import { stepsHtml } from './steps.ts';
import {
  count,
  type Html,
  named,
  nothing,
  objectPath,
  pager,
  query,
  shortId,
  shown,
  statusBadge,
  statusWord,
  when,
} from './words.ts';

/** The form that asks for a plan; the address says the goal and the objects, so that reports lead here. */
export async function recoverPage(viewer: Viewer): Promise<Page> {
  const { office, url, principal } = viewer;
  const goal = url.searchParams.get('goal') ?? '';
  const refs = url.searchParams.getAll('ref').flatMap((text) => parseRef(text) ?? []);
  const kinds = url.searchParams.getAll('kind').filter((kind) => office.context.kinds.has(kind));
  const commit = goal === '' ? undefined : await office.commit(goal);
  // A plan that could not be started, asked for anew with what was said of it.
  const before = url.searchParams.get('again');
  const again = before === null ? undefined : office.jobs.get(before, 'recovery');
  const snapshots = (await office.snapshots()).slice(0, 60);
  const scope =
    refs.length > 0
      ? html`<p>${count(refs.length, 'object')}:</p><ul>${await Promise.all(refs.slice(0, 200).map((ref) => chosenHtml(viewer, ref, commit?.id)))}</ul>`
      : kinds.length > 0
        ? html`<p>All objects of ${kinds.join(', ')}.</p>`
        : html`<fieldset><legend>Everything that is covered, or only these kinds</legend><div class="row">${[...office.context.kinds.keys()].map((kind) => html`<label class="check"><input type="checkbox" name="kinds" value="${kind}" data-list> ${kind}</label>`)}</div></fieldset><p class="quiet">Single objects are chosen in a report, or on the object’s own page.</p>`;
  // Selecting nothing must not come to mean everything.
  if (url.searchParams.has('selected') && refs.length === 0)
    return {
      title: 'Nothing is selected',
      status: 400,
      content: html`<h1>Nothing is selected</h1><p>Go back to the report and tick the objects to recover, or choose <a href="/recover${query({ goal })}">everything</a>.</p>`,
    };
  return {
    title: 'Recover',
    content: html`<h1>Recover</h1><p class="lead">First a plan is made: every step it would take and every change it refuses. Nothing is written until somebody has looked at it and confirmed it.</p>
${principal.role === 'administrator' ? '' : readerNotice(viewer)}
<form data-send="POST" action="/api/plans" class="panel">
<label>Make the tenant as it was in <select name="goal" required>${commit === undefined ? html`<option value="">choose a snapshot</option>` : html`<option value="${commit.id}" selected>${commit.at.slice(0, 16).replace('T', ' ')} UTC ${shortId(commit.id)}</option>`}
${snapshots.filter(({ id }) => id !== commit?.id).map(({ id, at, subject }) => html`<option value="${id}">${at.slice(0, 16).replace('T', ' ')} UTC ${shortId(id)} ${shown(subject, 60)}</option>`)}</select></label>
<h2>What</h2>${scope}${refs.map((ref) => html`<input type="hidden" name="ids" value="${ref}" data-list>`)}${refs.length > 0 ? '' : kinds.map((kind) => html`<input type="hidden" name="kinds" value="${kind}" data-list>`)}
<h2>How far it may go</h2>${guardFields(office, false, again?.options)}
<label>Why <textarea name="reason" maxlength="1000" placeholder="Kept in the plan, the audit log, the run and the commit">${again?.reason ?? ''}</textarea></label>
<div class="actions"><button class="primary" type="submit"${principal.role === 'administrator' ? '' : html` disabled`}>Make the plan</button></div></form>`,
  };
}

async function chosenHtml(
  { office }: Viewer,
  ref: NonNullable<ReturnType<typeof parseRef>>,
  commit: string | undefined,
): Promise<Html> {
  const found = await office.nameOf(ref, commit);
  return html`<li><a href="${objectPath(ref, commit)}">${named(found)}</a> <code>${shown(ref)}</code></li>`;
}

function readerNotice({ principal }: Viewer): Html {
  return html`<div class="notice"><h2>You are a Backup Reader</h2><p>You see all of it and can recover nothing. ${principal.id === localId ? html`Start the server with <code>driftline serve --allow-recover</code> to recover from here.` : 'A Backup Administrator can.'}</p></div>`;
}

/** A recovery in any of its states. */
export async function recoveryPage(viewer: Viewer, job: Job): Promise<Page> {
  const { office } = viewer;
  const plan = job.plan === undefined && job.run === undefined ? undefined : await office.jobs.store.plan(job.id);
  const title = job.undoes === undefined ? 'Recovery' : 'Undo of a recovery';
  return {
    // The state first: a tab in the background says when it is over.
    title: `${statusWord(job)}: ${title}`,
    content: html`<h1>${title}</h1>
<div class="panel"><dl class="facts"><dt>State</dt><dd>${statusBadge(job)}</dd><dt>Goal</dt><dd>${sideHtml(job.from)}</dd><dt>Scope</dt><dd>${await scopeHtml(viewer, job)}</dd>
<dt>Planned by</dt><dd>${shown(job.by.name)}, ${when(job.createdAt)}</dd>${job.confirmedBy === undefined ? '' : html`<dt>Started by</dt><dd>${shown(job.confirmedBy.name)}</dd>`}
${job.reason === undefined ? '' : html`<dt>Why</dt><dd>${shown(job.reason, 1_000)}</dd>`}${job.undoes === undefined ? '' : html`<dt>Undoes</dt><dd><a href="/runs/${job.undoes}">${job.undoes}</a></dd>`}
${job.completedAt === null ? '' : html`<dt>Ended</dt><dd>${when(job.completedAt)}</dd>`}${plan === undefined ? '' : html`<dt>Digest of the plan</dt><dd><code>${plan.digest}</code></dd>`}</dl></div>
${problemHtml(job)}${job.status === 'initialized' ? '' : stateHtml(viewer, job)}
${plan === undefined ? '' : await planHtml(viewer, job, plan)}
${job.status === 'initialized' && plan !== undefined ? confirmHtml(viewer, job, plan) : ''}`,
  };
}

function stateHtml(viewer: Viewer, job: Job): Html {
  if (!terminal.has(job.status))
    return html`${progressHtml(job, job.status === 'running' ? 'Recovering' : 'Making the plan')}${cancelForm(viewer, job)}`;
  return resultHtml(viewer, job);
}

function confirmHtml(viewer: Viewer, job: Job, plan: Plan): Html {
  const { office, principal } = viewer;
  if (principal.role !== 'administrator') return readerNotice(viewer);
  if (plan.blockers.length > 0) return blockedHtml(viewer, job);
  if (!office.jobs.mayConfirm(job, principal))
    return html`<div class="notice"><h2>It waits for a second person</h2><p>${job.by.id === localId || principal.id === localId ? 'It takes two people who sign in or come with a token, one to plan and one to start it: a session of this machine names nobody.' : 'Whoever planned a recovery cannot start it. Send this page’s address to another Backup Administrator.'}</p></div>${cancelForm(viewer, job)}`;
  return html`<form class="panel" data-send="POST" action="/api/jobs/${job.id}/confirm" data-then="/jobs/${job.id}"><h2>Start it</h2>
<p>${count(plan.steps.length, 'step')} will be written to ${named(plan.tenant.displayName)} <code>${plan.tenant.tenantId}</code>. The state before is kept: the recovery can be undone. Look at the steps and refusals above first.</p>
<p>Its digest begins with <span class="big">${plan.digest.slice(0, 8)}</span></p>
<div class="row"><label>Type these 8 characters to confirm <input name="digest" required minlength="8" maxlength="8" pattern="[0-9a-fA-F]{8}" autocomplete="off" spellcheck="false" autocapitalize="none" size="10"></label>
${job.reason === undefined ? html`<label>Why <input name="reason" size="32" maxlength="1000"></label>` : ''}<button class="danger" type="submit">Start the recovery</button></div></form>${cancelForm(viewer, job)}`;
}

/** The way on from a plan that may not be applied: the same one, with other guards. */
function blockedHtml(viewer: Viewer, job: Job): Html {
  const { refs, kinds } = job.scope;
  const again = {
    goal: job.from.commit,
    ref: refs ?? [],
    kind: refs === undefined ? (kinds ?? []) : [],
    again: job.id,
  };
  const undo =
    job.undoes === undefined
      ? ''
      : html`<a class="button primary" href="/runs/${job.undoes}">To the run, to undo it with other guards</a>`;
  return html`<div class="panel"><h2>It cannot be started</h2><p>Read above what stands against it. Put that right, or plan it again and let it through.</p>
<div class="actions">${job.undoes === undefined ? html`<a class="button primary" href="/recover${query(again)}">Plan it again</a>` : undo}${cancelForm(viewer, job)}</div></div>`;
}

function resultHtml(viewer: Viewer, job: Job): Html {
  const { run, totals } = job;
  if (run === undefined && job.status === 'successful')
    return html`<div class="notice good"><h2>Nothing to do</h2><p>${(totals.failed ?? 0) === 0 ? 'The tenant is as the goal has it.' : `${count(totals.failed ?? 0, 'change')} refused; nothing else differs.`}</p></div>`;
  if (run === undefined) return nothing;
  const { done, refused, skipped, unknown } = run.counts;
  const left = refused + skipped + unknown;
  const good = run.status === 'complete' && left === 0;
  const administrator = viewer.principal.role === 'administrator';
  const secrets = administrator && viewer.office.jobs.hasSecrets(job.id);
  return html`<div class="notice ${good ? 'good' : ''}"><h2>${good ? 'Done, and looked at again' : run.status === 'interrupted' ? 'Stopped before its end' : 'Done in part'}</h2>
<p>${count(done, 'step')} done, ${refused} refused by Microsoft Graph, ${skipped} skipped, ${unknown} unknown; ${count(run.writes, 'write')}. <a href="/runs/${run.id}">The run ${run.id}</a></p></div>
${secrets ? html`<form class="panel" data-send="POST" action="/api/jobs/${job.id}/passwords"><h2>New passwords</h2><p>Users that were made anew have a new password. It is told once, here, and kept nowhere.</p><button type="submit">Show them now</button><ul class="mono" data-answers hidden></ul></form>` : ''}
<div class="actions">${administrator && run.status !== 'interrupted' ? undoForm(viewer.office, run.id) : ''}${administrator && run.status === 'interrupted' ? html`<form data-send="POST" action="/api/runs/${run.id}/resume"><button class="primary" type="submit">Go on with it</button></form>` : ''}</div>`;
}

/** A button that plans to take a run back. */
export function undoForm(office: Office, run: string): Html {
  return html`<form data-send="POST" action="/api/undos"><input type="hidden" name="run" value="${run}"><input type="hidden" name="reason" value="undo of run ${run}">
<details><summary>How far the undo may go</summary>${guardFields(office, true)}</details>
<button type="submit">Plan to undo it</button></form>`;
}

type Notice = ReturnType<typeof planSheet>['notices'][number];

function noticeHtml({ tone, heading, lines: all }: Notice, plan: Plan): Html {
  const { lines, hint } = boxWords(all);
  const bad = plan.blockers.length > 0 && heading.includes('may not');
  return html`<div class="notice ${bad ? 'bad' : tone === 'plain' ? 'plain' : ''}"><h2>${shown(heading)}</h2><ul>${lines.slice(0, 50).map((line) => html`<li>${shown(line, 1_200)}</li>`)}</ul>${hint === undefined ? '' : html`<p>${hint}</p>`}</div>`;
}

async function planHtml(viewer: Viewer, job: Job, plan: Plan): Promise<Html> {
  const { office, url } = viewer;
  const sheet = planSheet(plan, office.context.kinds);
  const entries = await office.jobs.index(job.id);
  const filter = filterOf(url);
  const passed = entries.filter((entry) => passes(entry, filter) && (!filter.failed || entry.failure !== undefined));
  const path = `/jobs/${job.id}`;
  const closing = sheet.closing();
  return html`${sheet.notices.map((notice) => noticeHtml(notice, plan))}
<h2>${job.run === undefined ? 'What it would do' : 'What it did'}</h2><p>${closing.sentences.join(' ')}</p>
${closing.rows.length === 0 ? '' : html`<div class="scroll" role="region" aria-label="Steps by kind" tabindex="0"><table class="stack"><caption class="visually-hidden">Steps by kind</caption><thead><tr>${closing.headings.map((heading, at) => html`<th scope="col" class="${at === 0 ? '' : 'number'}">${heading}</th>`)}</tr></thead><tbody>${closing.rows.map(([kind, ...numbers]) => html`<tr><th scope="row">${kind}</th>${numbers.map((number, at) => html`<td class="number" data-label="${closing.headings[at + 1] ?? ''}">${number}</td>`)}</tr>`)}</tbody></table></div>`}
${stepsHtml(plan, `/api/jobs/${job.id}/plan`)}
${entries.length === 0 ? '' : html`<h3>Objects</h3>${filterForm(url, entries, path)}${changesTable(job, passed.slice(filter.skip, filter.skip + top), 'Objects of the plan', false)}${pager(path, filterParameters(url), { skip: filter.skip, top, total: passed.length })}`}`;
}
