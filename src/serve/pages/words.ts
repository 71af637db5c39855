// Words of the pages: texts of the tenant made visible, times, counts, badges and links, as pieces of HTML that are escaped already.

import { html } from 'hono/html';
import type { Coverage } from '../../model/coverage.ts';
import { incomplete } from '../../model/coverage.ts';
import { hasMixedScripts, visible } from '../../model/escape.ts';
import { minuteText } from '../../model/moment.ts';
import type { Ref } from '../../model/ref.ts';
import type { RecoveryAction } from '../../model/report.ts';
import type { Job, JobStatus } from '../jobs/record.ts';

export { count } from '../../report/index.ts';

/** A piece of HTML. Only `html` makes one, and it escapes whatever it is given that is none. */
export type Html = ReturnType<typeof html>;

export const nothing: Html = html``;

const longestName = 300;

/** A text of the tenant as a page may show it: nothing in it can hide or turn what stands beside it (trust.md 2.1). */
export function shown(text: string, limit = longestName): string {
  return visible(text, limit);
}

/** A name, with a warning where it mixes scripts that look alike. */
export function named(text: string): Html {
  const mixed = hasMixedScripts(text);
  return html`<bdi>${shown(text)}</bdi>${mixed ? html` <span class="badge warn">mixed scripts</span>` : ''}`;
}

/** A moment, to the minute, in UTC. */
export function when(at: string): Html {
  return html`<time datetime="${at}">${minuteText(at)}</time>`;
}

export function shortId(commit: string): string {
  return commit.slice(0, 10);
}

export function query(parts: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(parts))
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) if (one !== '') found.append(name, one);
  const text = found.toString();
  return text === '' ? '' : `?${text}`;
}

export function objectPath(ref: Ref, commit?: string): string {
  return `/objects/${ref.split('/').map(encodeURIComponent).join('/')}${query({ commit })}`;
}

const operationSigns = { create: '+', update: '~', delete: '−' } as const;

export function operationBadge(operation: keyof typeof operationSigns): Html {
  return html`<span class="badge ${operation}">${operationSigns[operation]} ${operation}</span>`;
}

const actionWords: Readonly<Record<RecoveryAction, string>> = {
  restore: 'restore',
  recreate: 'recreate',
  update: 'update',
  softDelete: 'delete (softly)',
  none: 'nothing',
};

export function actionWord(action: RecoveryAction): string {
  return actionWords[action];
}

const statusTones: Readonly<Record<JobStatus, string>> = {
  initialized: 'info',
  loadingData: 'info',
  calculating: 'info',
  running: 'info',
  successful: 'good',
  failed: 'bad',
  abandoned: 'warn',
};

type Standing = Pick<Job, 'status' | 'type' | 'totals' | 'plan'>;

/** A job's state, as Microsoft's portal words it (native.md 1.3). */
export function statusWord(job: Standing): string {
  const words: Readonly<Record<JobStatus, string>> = {
    initialized: (job.plan?.blockers ?? 0) > 0 ? 'Cannot be started' : 'Waits to be confirmed',
    loadingData: 'Loading data',
    calculating: job.type === 'recovery' ? 'Planning' : 'Comparing',
    running: 'In progress',
    successful: (job.totals.failed ?? 0) > 0 ? 'Completed with warnings' : 'Completed',
    failed: 'Failed',
    abandoned: 'Canceled',
  };
  return words[job.status];
}

export function statusBadge(job: Standing): Html {
  const warns =
    (job.status === 'successful' && (job.totals.failed ?? 0) > 0) ||
    (job.status === 'initialized' && (job.plan?.blockers ?? 0) > 0);
  const tone = warns ? 'warn' : statusTones[job.status];
  return html`<span class="badge ${tone}">${statusWord(job)}</span>`;
}

export function coverageBadge(coverage: Coverage): Html {
  const missing = incomplete(coverage);
  if (missing.length === 0) return html`<span class="badge good">complete</span>`;
  return html`<span class="badge warn" title="${missing.join(', ')}">without ${missing.length === 1 ? missing[0]! : `${missing.length} kinds`}</span>`;
}

/** Links to the pages before and behind, and how much there is. */
export function pager(
  path: string,
  parameters: Readonly<Record<string, string | readonly string[] | undefined>>,
  at: { readonly skip: number; readonly top: number; readonly total: number },
): Html {
  const { skip, top, total } = at;
  if (total <= top && skip === 0) return nothing;
  const to = (next: number) => `${path}${query({ ...parameters, skip: next === 0 ? undefined : String(next) })}`;
  return html`<nav class="pages" aria-label="Pages">
${skip > 0 ? html`<a rel="prev" href="${to(Math.max(0, skip - top))}">← Previous</a>` : ''}
<span>${total === 0 ? 0 : skip + 1}–${Math.min(total, skip + top)} of ${total}</span>
${skip + top < total ? html`<a rel="next" href="${to(skip + top)}">Next →</a>` : ''}
</nav>`;
}
