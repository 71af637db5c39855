// Steps: a plan's steps as they will be taken, in waves; what each writes, by name.
import { html } from 'hono/html';
import type { Plan, Step } from '../../model/plan.ts';
import { keyOf } from '../../model/ref.ts';
import { count, type Html, named, nothing, objectPath, shown } from './words.ts';

/** Steps that a page lists; the API has all of them. */
const most = 500;

/** The steps of a plan, folded away: by wave, and in a wave in the plan's order. `path` is where the API has the plan. */
export function stepsHtml({ steps }: Plan, path: string): Html {
  if (steps.length === 0) return nothing;
  const listed: Step[] = [];
  for (const step of steps) if (listed.push(step) === most) break;
  const waves = [...new Set(listed.map(({ wave }) => wave))];
  return html`<details class="panel"><summary>Step by step: ${count(steps.length, 'step')}</summary>
<p class="quiet">A wave begins when the one before it has ended. A step that needs one that was not done is skipped.</p>
${waves.map((wave) => html`<h3>Wave ${wave + 1}</h3><ol>${listed.filter((step) => step.wave === wave).map(stepHtml)}</ol>`)}
${steps.length > most ? html`<p>… and ${steps.length - most} more, in <a href="${path}">the plan as JSON</a>.</p>` : ''}</details>`;
}

function stepHtml(step: Step): Html {
  const access = step.access.map((name) => html` <span class="badge warn">gives access: ${name}</span>`);
  return html`<li value="${step.id}">${words[step.action]} <a href="${objectPath(step.ref)}">${named(step.displayName)}</a>${detailOf(step)}${access}</li>`;
}

const words: Readonly<Record<Step['action'], string>> = {
  restore: 'restore',
  recreate: 'make anew',
  update: 'update',
  action: 'update',
  createItem: 'add to',
  updateItem: 'update in',
  deleteItem: 'take from',
  link: 'link',
  unlink: 'unlink',
  prune: 'take from',
  delete: 'delete',
};

/** What the step writes of the object, where it is not all of it. */
function detailOf(step: Step): Html {
  switch (step.action) {
    case 'update':
      return html`: ${shown(Object.keys(step.after).join(', '))}`;
    case 'action':
      return html`: ${shown(step.attribute)}`;
    case 'createItem':
    case 'updateItem':
    case 'deleteItem':
      return html`: ${shown(step.attribute)} <code>${shown(step.key)}</code>`;
    case 'link':
    case 'unlink':
      return html`: ${shown(step.link)} <a href="${objectPath(step.target)}">${named(step.targetName ?? keyOf(step.target))}</a>`;
    case 'prune':
      return html`: all ${shown(step.of)} but the ${step.keep.length} that stay`;
    default:
      return nothing;
  }
}
