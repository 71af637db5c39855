// Conditional Access: policies are put back without enforcing, and enforce only in a last step, when whom they let pass is there.
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { kindOf } from '../model/ref.ts';
import { refusal } from './guard.ts';
import type { Draft, ObjectPlan, PlanInput } from './input.ts';

export const policyKind = 'conditionalAccessPolicies';
const reportOnly = 'enabledForReportingButNotEnforced';

/** Does a policy in this state with these controls keep people out altogether? */
export function blocks(attributes: JsonObject): boolean {
  const controls = attributes.grantControls;
  const builtIn = isObject(controls) ? controls.builtInControls : undefined;
  return isArray(builtIn) && builtIn.includes('block');
}

/**
 * Gives the drafts of policies their stages, and splits what would begin to enforce: made or brought back in report-only mode, changed, and
 * only then enabled (reference 3.7; trust.md 2.13). With `reportOnlyFirst` the enabling is left to a person.
 */
export function stagePolicies(objects: readonly ObjectPlan[], input: PlanInput): void {
  for (const object of objects) {
    if (kindOf(object.pair.ref) !== policyKind) continue;
    for (const draft of object.drafts) if (draft.stage === 'grow') draft.stage = 'policy';
    const enabled = object.pair.goal?.attributes.state === 'enabled';
    if (object.state === 'gone') madeAnew(object, input);
    else if (object.state === 'bin') broughtBack(object, input, enabled);
    else if (enabled) changed(object, input);
  }
}

function madeAnew(object: ObjectPlan, input: PlanInput): void {
  const create = object.drafts.find(({ body }) => body.action === 'recreate');
  if (create?.body.action !== 'recreate' || create.body.after.state !== 'enabled') return;
  create.body = { ...create.body, after: { ...create.body.after, state: reportOnly } };
  enable(object, input, reportOnly);
}

function broughtBack(object: ObjectPlan, input: PlanInput, enabled: boolean): void {
  const [restore, ...others] = object.drafts;
  if (restore === undefined) return;
  const was = object.pair.bin?.attributes.state;
  if (was === 'enabled' && enabled && others.length === 0 && !input.options.reportOnlyFirst) {
    // It comes back as the commit has it, so the restore itself begins to enforce.
    restore.stage = 'enforce';
    return;
  }
  if (was === 'enabled' && (others.length > 0 || input.options.reportOnlyFirst)) {
    const calm: Draft = {
      body: {
        action: 'update',
        ref: object.pair.ref,
        displayName: restore.body.displayName,
        access: [],
        before: { state: was },
        after: { state: reportOnly },
        because: 'the bin gives it back enforcing',
      },
      stage: 'policy',
      needs: [restore],
      after: [],
    };
    for (const other of others) other.needs.push(calm);
    object.drafts.splice(1, 0, calm);
    if (enabled) enable(object, input, reportOnly);
    return;
  }
  if (enabled) withoutState(object, input, was ?? null);
}

function changed(object: ObjectPlan, input: PlanInput): void {
  const now = object.pair.live?.attributes.state;
  if (now !== 'enabled') {
    withoutState(object, input, now ?? null);
    return;
  }
  for (const draft of object.drafts) if (draft.body.action === 'update') draft.stage = 'enforce';
}

/** Takes the state out of the update, and writes it by a step of its own at the end. */
function withoutState(object: ObjectPlan, input: PlanInput, now: Json): void {
  const at = object.drafts.findIndex(({ body }) => body.action === 'update' && Object.hasOwn(body.after, 'state'));
  const draft = object.drafts[at];
  if (draft?.body.action !== 'update') return;
  const { state: _before, ...before } = draft.body.before;
  const { state: _after, ...after } = draft.body.after;
  if (Object.keys(after).length === 0) object.drafts.splice(at, 1);
  else draft.body = { ...draft.body, before, after };
  enable(object, input, now);
}

function enable(object: ObjectPlan, input: PlanInput, now: Json): void {
  const { ref, live, goal } = object.pair;
  const displayName = object.drafts[0]?.body.displayName ?? String(goal?.attributes.displayName ?? ref);
  const first = input.options.reportOnlyFirst;
  if (first)
    object.refusals.push(
      refusal(
        object.pair,
        displayName,
        'reportOnly',
        `${displayName} is put back in report-only mode; enable it when its sign-ins look right.`,
        {
          path: 'state',
        },
      ),
    );
  const state = first ? reportOnly : 'enabled';
  if (now === state || (first && live === undefined && now === reportOnly)) return;
  const needs = [...object.drafts];
  object.drafts.push({
    body: {
      action: 'update',
      ref,
      displayName,
      access: [],
      before: { state: now },
      after: { state },
      ...(first ? {} : { because: 'last, when all that it names is there' }),
    },
    stage: first ? 'policy' : 'enforce',
    needs,
    after: [],
  });
}
