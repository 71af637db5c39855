// The saved plan: what is read is what was written, and whatever else is refused.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import stringify from 'json-stable-stringify';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import type { Problem } from '../../src/model/problem.ts';
import { parsePlan, printPlan, sealPlan } from '../../src/plan/index.ts';
import { entity, guid, plan } from './support.ts';

const made = plan({
  live: [entity(`users/${guid(1)}`, { displayName: 'A', city: 'X' })],
  goal: [entity(`users/${guid(1)}`, { displayName: 'A', city: 'Y' })],
});

const printed = (plan: Plan): string => [...printPlan(plan)].join('');

function problem(text: string): Problem {
  try {
    parsePlan(text, 'plan.json');
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it was taken');
}

describe('a saved plan', () => {
  it('has the bytes and the digest of one canonical JSON text, whatever is in it and however large it is', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const members = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('steps', '__proto__', '10', '9')), value);
    const large = { ...made, steps: Array.from({ length: 3000 }, () => made.steps[0]!) };
    fc.assert(
      fc.property(members, members, fc.array(value), (some, objects, steps) => {
        const plan = { ...some, objects, steps, reason: undefined, warnings: [], ids: {} } as unknown as Plan;
        const { digest: _digest, ...rest } = plan;
        const sealed = sealPlan(rest);
        expect(sealed.digest).toBe(createHash('sha256').update(stringify(rest)!).digest('hex'));
        expect(printed(sealed)).toBe(`${stringify(sealed, { space: 2 })}\n`);
      }),
    );
    expect(printed(large)).toBe(`${stringify(large, { space: 2 })}\n`);
    expect([...printPlan(large)].length).toBeGreaterThan(10);
  });

  it('is read as it was written', () => {
    expect(parsePlan(printed(made), 'plan.json')).toEqual(made);
  });

  it('is refused when anything in it was changed', () => {
    const text = printed(made);
    const changed = [
      text.replace('"Y"', '"Z"'),
      text.replace(`users/${guid(1)}`, `users/${guid(2)}`),
      text.replace('"allowMassChange": false', '"allowMassChange": true'),
      text.replace(made.tenant.tenantId, guid(5)),
      text.replace('"blockers": []', '"blockers": [ ]').replace('"wave": 0', '"wave": 1'),
    ];
    for (const one of changed) {
      expect(one).not.toBe(text);
      expect(problem(one)).toMatchObject({ kind: 'refused', summary: 'The plan was changed after it was made' });
    }
  });

  it('is a usage error when its steps are not numbered in their order, whoever made its digest', () => {
    const { digest: _digest, ...rest } = made;
    const [step] = made.steps;
    for (const steps of [[{ ...step!, id: '2' }], [step!, step!], [{ ...step!, id: '01' }]])
      expect(problem(printed(sealPlan({ ...rest, steps })))).toMatchObject({ kind: 'usage' });
  });

  it('is a usage error when it is no plan, or of another version', () => {
    expect(problem('{')).toMatchObject({ kind: 'usage' });
    expect(problem('[]')).toMatchObject({ kind: 'usage' });
    expect(problem(printed(made).replace('"version": 2', '"version": 1'))).toMatchObject({ kind: 'usage' });
  });
});
