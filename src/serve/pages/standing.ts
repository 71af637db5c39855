// Coverage, permissions and settings: how completely the tenant is read, what that needs, and how the server is set up.
import { html } from 'hono/html';
import type { Coverage, CoverageStatus } from '../../model/coverage.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { coverageAt } from '../../verbs/capture.ts';
import { permissionsFor } from '../../verbs/permissions.ts';
import { settingsShown } from '../shown.ts';
import type { Page, Viewer } from './layout.ts';
import { type Html, shortId, shown, when } from './words.ts';

const tones: Readonly<Record<CoverageStatus, string>> = {
  complete: 'good',
  partial: 'warn',
  forbidden: 'warn',
  unlicensed: 'warn',
  failed: 'bad',
  skipped: '',
};

export function coverageTable(coverage: Coverage): Html {
  return html`<div class="scroll" role="region" aria-label="Coverage by kind" tabindex="0"><table class="stack"><caption class="visually-hidden">Coverage by kind</caption><thead><tr><th scope="col">Kind</th><th scope="col" class="number">Objects</th><th scope="col">Coverage</th><th scope="col">Reason</th></tr></thead><tbody>
${Object.entries(coverage).map(
  ([kind, { status, count, reason }]) =>
    html`<tr><th scope="row">${kind}</th><td class="number" data-label="Objects">${count}</td><td><span class="badge ${tones[status]}">${status}</span></td><td class="wide">${reason === undefined ? '' : shown(reason, 1_000)}</td></tr>`,
)}</tbody></table></div>`;
}

export async function coveragePage({ office, url }: Viewer): Promise<Page> {
  const { repository, kinds } = office.context;
  const commit = await office.newestOr(url.searchParams.get('commit') ?? undefined);
  const permissions = permissionsFor(kinds, 'both');
  const rows = (access: 'read' | 'write') =>
    permissions
      .filter((permission) => permission.access === access)
      .map(
        ({ permission, neededBy }) =>
          html`<tr><th scope="row"><code>${permission}</code></th><td>${neededBy.join(', ')}</td></tr>`,
      );
  const table = (access: 'read' | 'write') =>
    html`<div class="scroll" role="region" aria-label="Permissions to ${access}" tabindex="0"><table><caption class="visually-hidden">Permissions to ${access}</caption><thead><tr><th scope="col">Permission</th><th scope="col">Needed by</th></tr></thead><tbody>${rows(access)}</tbody></table></div>`;
  return {
    title: 'Coverage and permissions',
    content: html`<h1>Coverage and permissions</h1>
<p class="lead">As of the snapshot of ${when(commit.at)} <a href="/snapshots/${commit.id}"><code>${shortId(commit.id)}</code></a>. A kind that was not read completely is never said to be deleted.</p>
${coverageTable(await coverageAt(repository, commit.id))}
<h2>Permissions to read</h2><p class="lead">For snapshots and reports; application permissions of Microsoft Graph.</p>${table('read')}
<h2>Permissions to write</h2><p class="lead">For recoveries, best by an identity of their own.</p>${table('write')}`,
  };
}

export async function settingsPage({ office, principal }: Viewer): Promise<Page> {
  const settings = settingsShown(office);
  const lines = principal.role === 'administrator' ? await office.audit.newest(50) : undefined;
  return {
    title: 'Settings',
    content: html`<h1>Settings</h1><p class="lead">As they are; they are changed in driftline.yaml and on the command line, and hold nothing secret.</p>
${Object.entries(settings).map(([name, value]) => html`<section class="panel"><h2>${title(name)}</h2>${settingHtml(value)}</section>`)}
<h2>Audit log</h2>
${
  lines === undefined
    ? html`<p>It is for Backup Administrators.</p>`
    : html`<p class="lead">The newest of what was asked that changes something; all of it is in <code>audit.jsonl</code> in the git directory.</p>
<div class="scroll" role="region" aria-label="Audit log" tabindex="0"><table class="stack"><caption class="visually-hidden">Audit log</caption><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Status</th><th scope="col">Why</th></tr></thead><tbody>
${lines
  .filter(({ phase }) => phase === 'answered')
  .map(
    (line) =>
      html`<tr><td>${when(line.at)}</td><td>${shown(line.who?.name ?? 'nobody')}</td><td class="wide">${line.method} <code>${shown(line.path)}</code>${line.job === undefined ? '' : html` <a href="/jobs/${line.job}">job</a>`}</td><td>${line.status ?? ''}</td><td class="wide">${line.why === undefined ? '' : shown(line.why)}</td></tr>`,
  )}</tbody></table></div>`
}`,
  };
}

function title(name: string): string {
  return (
    name.charAt(0).toUpperCase() +
    name
      .slice(1)
      .replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)
      .replace(/\burl\b/i, 'URL')
  );
}

function settingHtml(value: Json): Html {
  if (isObject(value)) return factsHtml(value);
  if (isArray(value))
    return value.length === 0
      ? html`<span class="quiet">none</span>`
      : html`<ul class="plain">${value.map((item) => html`<li>${settingHtml(item)}</li>`)}</ul>`;
  if (value === null) return html`<span class="quiet">not set</span>`;
  return html`${typeof value === 'boolean' ? (value ? 'yes' : 'no') : shown(String(value), 600)}`;
}

function factsHtml(value: JsonObject): Html {
  return html`<dl class="facts">${Object.entries(value).map(([name, member]) => html`<dt>${title(name)}</dt><dd>${settingHtml(member)}</dd>`)}</dl>`;
}
