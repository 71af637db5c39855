// The saved plan: a plan and the bytes of its file, with a digest over all that it says; what was reviewed is what runs.
import { createHash } from 'node:crypto';
import stringify from 'json-stable-stringify';
import { gathered } from '../model/gathered.ts';
import { compareText, isArray, isObject, type Json } from '../model/json.ts';
import { type Plan, planVersion, type Step, stepActions } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { parseRef } from '../model/ref.ts';

/** The plan with its digest: SHA-256 over the canonical JSON (members sorted) of everything else in it. */
export function sealPlan(plan: Omit<Plan, 'digest'>): Plan {
  return { ...plan, digest: digest(plan) };
}

function digest(plan: Omit<Plan, 'digest'> & { readonly digest?: string }): string {
  const { digest: _digest, ...rest } = plan;
  const hash = createHash('sha256');
  for (const text of gathered(pieces(rest, 0))) hash.update(text);
  return hash.digest('hex');
}

/**
 * The bytes of a plan's file: JSON with sorted members, for a person to read and for git to compare. They come in parts of some size, so that
 * a plan of very many steps is never held as a text beside itself.
 */
export function* printPlan(plan: Plan): Generator<string> {
  yield* gathered(pieces(plan, 2));
  yield '\n';
}

/** How deep a plan is taken apart: to each step, each object and each refusal. */
const apart = 2;

/** What `stringify` gives for the value, in pieces; what can be walked is a list. */
function* pieces(value: unknown, space: number, depth = 0): Generator<string> {
  const line = (of: number) => (space === 0 ? '' : `\n${' '.repeat(of * space)}`);
  if (depth === apart || typeof value !== 'object' || value === null) {
    yield (stringify(value, { space }) ?? 'null').replaceAll('\n', line(depth));
    return;
  }
  const list = Symbol.iterator in value;
  yield list ? '[' : '{';
  let separator = line(depth + 1);
  for (const [name, member] of list ? unnamed(value as Iterable<unknown>) : sorted(value)) {
    yield name === undefined ? separator : `${separator}${JSON.stringify(name)}:${space === 0 ? '' : ' '}`;
    yield* pieces(member, space, depth + 1);
    separator = `,${line(depth + 1)}`;
  }
  yield `${line(depth)}${list ? ']' : '}'}`;
}

function* unnamed(items: Iterable<unknown>): Generator<[undefined, unknown]> {
  for (const item of items) yield [undefined, item];
}

function sorted(object: object): [string, unknown][] {
  const members = Object.entries(object).filter(([, member]) => member !== undefined);
  return members.sort(([one], [other]) => compareText(one, other));
}

/** The plan in a file. Problem `usage` where it is none of this version, `refused` where its digest is not that of what it says. */
export function parsePlan(text: string, subject: string): Plan {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw broken(subject, 'It is not JSON; make it again with driftline plan --out.', cause);
  }
  if (!isObject(value) || typeof value.digest !== 'string')
    throw broken(subject, 'It is not a plan; make one with driftline plan --out.');
  if (value.version !== planVersion)
    throw broken(
      subject,
      `It is a plan of version ${String(value.version)}, and this Driftline reads version ${planVersion}. Make it again.`,
    );
  const plan = value as unknown as Plan;
  if (digest(plan) !== plan.digest)
    throw new Problem({
      kind: 'refused',
      summary: 'The plan was changed after it was made',
      detail: `Its digest says ${plan.digest.slice(0, 12)} and its content ${digest(plan).slice(0, 12)}. Nothing was changed. Make the plan again, and apply that one.`,
      subject,
    });
  const { steps, objects, refusals } = value;
  if (
    !isArray(steps) ||
    !steps.every((step, at) => isObject(step) && isStep(step as unknown as Step) && step.id === String(at + 1)) ||
    !isArray(refusals) ||
    !isArray(objects) ||
    !objects.every((object) => isObject(object) && isRef(object.ref))
  )
    throw broken(subject, 'Its steps are not what this version writes; make it again.');
  return plan;
}

function isStep(step: Step): boolean {
  return (
    stepActions.includes(step.action) &&
    typeof step.id === 'string' &&
    isRef(step.ref) &&
    Array.isArray(step.needs) &&
    step.needs.every((id) => Number(id) < Number(step.id)) &&
    Number.isInteger(step.wave)
  );
}

function isRef(value: unknown): boolean {
  return typeof value === 'string' && parseRef(value) !== undefined;
}

function broken(subject: string, detail: string, cause?: unknown): Problem {
  return new Problem({ kind: 'usage', summary: 'The plan file is not valid', detail, subject, cause });
}
