// Guards over single objects and over the whole: what a recovery must not write, each refusal with its reason and the flag that overrules it.
import type { IgnoreRule } from '../model/config.ts';
import { type Entity, isSynced } from '../model/entity.ts';
import { holds, type Kind } from '../model/kind.ts';
import type { Refusal, RefusalReason } from '../model/plan.ts';
import { keyOf, kindOf } from '../model/ref.ts';
import type { Alone } from './alone.ts';
import type { ObjectPlan, Pair, PlanInput } from './input.ts';
import { hasUnknownValue } from './values.ts';

export function refusal(
  pair: Pair,
  displayName: string,
  reason: RefusalReason,
  because: string,
  more: Partial<Pick<Refusal, 'path' | 'target' | 'flag'>> = {},
): Refusal {
  return { ref: pair.ref, kind: kindOf(pair.ref), displayName, reason, because, ...more };
}

/** Why nothing of this object may be written, or undefined. A resource's role assignments are links of their own (see stepsFor). */
export function objectRefusal(pair: Pair, kind: Kind, displayName: string, input: PlanInput): Refusal | undefined {
  const say = (reason: RefusalReason, because: string, flag?: string) =>
    refusal(pair, displayName, reason, because, flag === undefined ? {} : { flag });
  const sides = [pair.live, pair.goal].filter((side): side is Entity => side !== undefined);
  if (input.protect.includes(pair.ref)) return say('protected', `${pair.ref} is under protect in driftline.yaml.`);
  if (isOwn(pair, input))
    return say('own', `${displayName} is what Driftline itself runs as; a recovery never writes to it.`);
  const live = input.coverage.live[kind.name];
  if (live !== undefined && live.status !== 'complete' && live.status !== 'skipped')
    return say(
      'incomplete',
      `${kind.name} could not be read completely now (${live.reason ?? live.status}), so what is missing is not known.`,
    );
  if (pair.goal === undefined) {
    const goal = input.coverage.goal[kind.name];
    if (goal === undefined || goal.status !== 'complete')
      return say(
        'incomplete',
        `${kind.name} was not read completely for the goal (${goal?.reason ?? 'it was not read at all'}), so that it is absent there says nothing.`,
      );
  }
  if (sides.some((side) => hasUnknownValue(side.attributes)))
    return say(
      'unknownValue',
      `${displayName} shows unknownFutureValue: writing it back would destroy what stands there.`,
    );
  for (const condition of kind.readOnlyWhen ?? [])
    if (sides.some((side) => holds(condition, side.attributes)))
      return say('notWritable', `${displayName}: ${condition.because}.`);
  return undefined;
}

function isOwn({ ref, live, goal }: Pair, { identity }: PlanInput): boolean {
  if (identity.servicePrincipalId !== undefined) {
    if (keyOf(ref) === identity.servicePrincipalId) return true;
    if ([live, goal].some((side) => side?.attributes.clientId === identity.servicePrincipalId)) return true;
  }
  return identity.appId !== undefined && [live, goal].some((side) => side?.attributes.appId === identity.appId);
}

/** Is the object mastered on-premises as it is now (or, where it is not there, as it was)? */
export function masteredOnPremises(pair: Pair): boolean {
  const side = pair.live ?? pair.goal;
  return side !== undefined && isSynced(side);
}

/** Is the whole of this attribute or link left as it is by a rule of driftline.yaml? What a repair would write there stays unwritten. */
export function ignored(pair: Pair, path: string, rules: readonly IgnoreRule[]): boolean {
  return rules.some(
    (rule) =>
      rule.attribute === path &&
      (rule.kind === undefined || rule.kind === kindOf(pair.ref)) &&
      (rule.ref === undefined || rule.ref === pair.ref),
  );
}

/** Refusals of the plan as a whole for changing or deleting too large a part of a kind (trust.md row 57). */
export function overThreshold(
  { held, alone }: { readonly held: readonly ObjectPlan[]; readonly alone: Pick<Alone, 'changed'> },
  input: PlanInput,
): Refusal[] {
  if (input.options.allowMassChange) return [];
  const { share, minimum } = input.thresholds;
  const changed = new Map(alone.changed);
  const deleted = new Map<string, number>();
  for (const { pair, state, drafts } of held) {
    if (state !== 'live' || drafts.length === 0) continue;
    const counts = drafts.some(({ body }) => body.action === 'delete') ? deleted : changed;
    counts.set(kindOf(pair.ref), (counts.get(kindOf(pair.ref)) ?? 0) + 1);
  }
  const blockers: Refusal[] = [];
  for (const kind of input.kinds.keys()) {
    const population = input.population[kind] ?? 0;
    for (const [word, counts] of [
      ['delete', deleted],
      ['change', changed],
    ] as const) {
      const count = counts.get(kind) ?? 0;
      const emptied = word === 'delete' && count > 0 && count >= population;
      if (!emptied && (population < minimum || count <= population * share)) continue;
      blockers.push({
        kind,
        reason: 'threshold',
        because: `It would ${word} ${count} of ${population} ${kind}; ${emptied ? 'emptying a kind' : `more than ${Math.round(share * 100)} %`} has to be said aloud.`,
        flag: '--allow-mass-change',
      });
    }
  }
  return blockers;
}
