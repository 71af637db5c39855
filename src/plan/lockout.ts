// Lock-out: the state that decides about signing in, step by step; says which step would leave no emergency account a way in.
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { currentId, type IdMap, type Step } from '../model/plan.ts';
import { keyOf, kindOf, parseRef, type Ref, toRef } from '../model/ref.ts';
import type { AccessState } from './input.ts';
import { blocks, policyKind } from './policies.ts';

/** Follows a recovery step by step. Ids are those of the plan: an object made anew keeps its old id here. */
export interface LockOutGuard {
  /** Why this step must not be done now, or undefined. Changes nothing. */
  against(step: Step): string | undefined;
  /** Notes that the step was done. */
  done(step: Step): void;
  /** Is there an emergency account that is enabled and that no enabled blocking policy catches? */
  safe(): boolean;
}

interface State {
  readonly enabled: Map<string, boolean>;
  readonly policies: Map<Ref, JsonObject>;
  readonly members: Map<Ref, Set<Ref>>;
}

/**
 * The guard over a state. `inBin` gives what a restore brings back. Where the state is already bad, a step is held up only if it makes it worse:
 * the recovery may be what mends it. With `ids`, objects that a run has already made anew are known by their old ids again (after a resume).
 */
export function lockOutGuard(
  access: AccessState,
  inBin: (ref: Ref) => JsonObject | undefined,
  ids: IdMap = {},
): LockOutGuard {
  const old = new Map(Object.entries(ids).map(([from, to]) => [to, from]));
  const oldRef = (ref: Ref): Ref => toRef(kindOf(ref), old.get(keyOf(ref)) ?? keyOf(ref));
  let state: State = {
    enabled: new Map(Object.entries(access.accounts).map(([id, { enabled }]) => [id, enabled])),
    policies: new Map(access.policies.map(({ ref, attributes }) => [oldRef(ref), withOldIds(attributes, old)])),
    members: new Map(
      Object.entries(access.members).map(([id, refs]) => [
        toRef('groups', old.get(id) ?? id),
        new Set(refs.map(oldRef)),
      ]),
    ),
  };
  const nameOf = (id: string) => access.accounts[id]?.displayName ?? id;
  return {
    safe: () => isSafe(state),
    done(step) {
      state = after(state, step, inBin);
    },
    against(step) {
      const next = after(state, step, inBin);
      if (next === state || isSafe(next)) return undefined;
      const before = dangers(state);
      const worse = [...dangers(next)].find((danger) => !before.has(danger));
      if (!isSafe(state) && worse === undefined) return undefined;
      const [id = '', policy] = (worse ?? [...dangers(next)][0] ?? '').split(' ');
      const name = policy === undefined ? undefined : String(next.policies.get(policy as Ref)?.displayName ?? policy);
      return name === undefined
        ? `the emergency account ${nameOf(id)} would be disabled or gone, and no other one has a way in`
        : `the emergency account ${nameOf(id)} would be caught by the blocking policy ${name}, and no other one has a way in`;
    },
  };
}

/** Does what lies in the bin decide about who can sign in, should it come back? The guard asks for nothing else of it. */
export function decidesInBin(ref: Ref, emergencyAccounts: readonly string[]): boolean {
  return kindOf(ref) === policyKind || (kindOf(ref) === 'users' && emergencyAccounts.includes(keyOf(ref)));
}

function withOldIds(attributes: JsonObject, old: ReadonlyMap<string, string>): JsonObject {
  const at = (value: Json): Json => {
    if (typeof value === 'string') return old.get(value) ?? value;
    if (isArray(value)) return value.map(at);
    if (!isObject(value)) return value;
    return typeof value.was === 'string' && typeof value.$new === 'string'
      ? value.was
      : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, at(member)]));
  };
  return at(attributes) as JsonObject;
}

const none: ReadonlyMap<string, string> = new Map();

/** The state when a step has been done. */
function after(state: State, step: Step, inBin: (ref: Ref) => JsonObject | undefined): State {
  switch (kindOf(step.ref)) {
    case 'users':
      return afterUser(state, step, inBin);
    case 'groups':
      return afterGroup(state, step);
    case policyKind:
      return afterPolicy(state, step, inBin);
    default:
      return state;
  }
}

function afterUser(state: State, step: Step, inBin: (ref: Ref) => JsonObject | undefined): State {
  const id = keyOf(step.ref);
  if (!state.enabled.has(id)) return state;
  const change = (enabled: boolean): State => ({ ...state, enabled: new Map(state.enabled).set(id, enabled) });
  if (step.action === 'delete') return change(false);
  if (step.action === 'restore') return change(inBin(step.ref)?.accountEnabled === true);
  if (step.action === 'update' && Object.hasOwn(step.after, 'accountEnabled'))
    return change(step.after.accountEnabled === true);
  return state;
}

function afterGroup(state: State, step: Step): State {
  // Most members of most groups are no emergency account, and no group that may have one.
  const idle = (ref: Ref) => kindOf(ref) !== 'groups' && !state.enabled.has(keyOf(ref));
  if ((step.action === 'link' || step.action === 'unlink') && (step.link !== 'members' || idle(step.target)))
    return state;
  const now = state.members.get(step.ref) ?? new Set<Ref>();
  const change = (members: Set<Ref>): State => ({ ...state, members: new Map(state.members).set(step.ref, members) });
  if (step.action === 'delete') return change(new Set());
  if (step.action === 'link') return change(new Set([...now, step.target]));
  if (step.action === 'unlink') return change(new Set([...now].filter((ref) => ref !== step.target)));
  if (step.action === 'prune' && step.of === 'members') {
    const kept = new Set(step.keep.map((text) => parseRef(text.split(' ')[0]!)));
    return change(new Set([...now].filter((ref) => kept.has(ref))));
  }
  // A static group that turns dynamic loses its members until its rule has been evaluated.
  if (step.action === 'update' && isArray(step.after.groupTypes) && step.after.groupTypes.includes('DynamicMembership'))
    return change(new Set());
  return state;
}

function afterPolicy(state: State, step: Step, inBin: (ref: Ref) => JsonObject | undefined): State {
  const policies = new Map(state.policies);
  if (step.action === 'delete') policies.delete(step.ref);
  else if (step.action === 'recreate') policies.set(step.ref, withOldIds(step.after, none));
  else if (step.action === 'restore') policies.set(step.ref, inBin(step.ref) ?? { state: 'enabled' });
  else if (step.action === 'update')
    policies.set(step.ref, { ...policies.get(step.ref), ...withOldIds(step.after, none) });
  return { ...state, policies };
}

function isSafe(state: State): boolean {
  return [...state.enabled].some(([id, enabled]) => enabled && caughtBy(state, id).length === 0);
}

/** Every reason why an account has no way in: `<id>` where it is disabled, `<id> <policy>` for each policy that catches it. */
function dangers(state: State): Set<string> {
  const found = new Set<string>();
  for (const [id, enabled] of state.enabled) {
    if (!enabled) found.add(id);
    for (const policy of caughtBy(state, id)) found.add(`${id} ${policy}`);
  }
  return found;
}

function caughtBy(state: State, id: string): Ref[] {
  return [...state.policies]
    .filter(([, policy]) => policy.state === 'enabled' && blocks(policy) && catches(state, policy, id))
    .map(([ref]) => ref);
}

/** Does the policy apply to the account? Emergency accounts hold directory roles, so a policy for roles is taken to. */
function catches(state: State, policy: JsonObject, id: string): boolean {
  const conditions = isObject(policy.conditions) ? policy.conditions : {};
  const users = isObject(conditions.users) ? conditions.users : {};
  const list = (name: string): readonly Json[] => {
    const value = users[name];
    return isArray(value) ? value : [];
  };
  const inGroups = (name: string) => list(name).some((group) => holdsMember(state, String(group), id));
  if (list('excludeUsers').includes(id) || inGroups('excludeGroups')) return false;
  return (
    list('includeUsers').includes('All') ||
    list('includeUsers').includes(id) ||
    list('includeRoles').length > 0 ||
    inGroups('includeGroups')
  );
}

function holdsMember(state: State, group: string, id: string): boolean {
  const seen = new Set<Ref>();
  const queue: Ref[] = [toRefOrSame(group)];
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    for (const member of state.members.get(ref) ?? []) {
      if (keyOf(member) === id) return true;
      if (kindOf(member) === 'groups') queue.push(member);
    }
  }
  return false;
}

function toRefOrSame(group: string): Ref {
  return parseRef(`groups/${group}`) ?? 'groups/none';
}

/** The group ids whose members decide about the accounts: those that the policies name. */
export function decidingGroups(policies: readonly { readonly attributes: JsonObject }[], ids: IdMap = {}): string[] {
  const found = new Set<string>();
  for (const { attributes } of policies) {
    const conditions = isObject(attributes.conditions) ? attributes.conditions : {};
    const users = isObject(conditions.users) ? conditions.users : {};
    for (const name of ['includeGroups', 'excludeGroups']) {
      const value = users[name];
      for (const id of isArray(value) ? value : []) if (typeof id === 'string') found.add(currentId(ids, id));
    }
  }
  return [...found];
}
