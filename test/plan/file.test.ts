// The saved plan: what is read is what was written, and whatever else is refused.
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/model/problem.ts';
import { parsePlan, printPlan } from '../../src/plan/index.ts';
import { entity, guid, plan } from './support.ts';

const made = plan({
  live: [entity(`users/${guid(1)}`, { displayName: 'A', city: 'X' })],
  goal: [entity(`users/${guid(1)}`, { displayName: 'A', city: 'Y' })],
});

function problem(text: string): Problem {
  try {
    parsePlan(text, 'plan.json');
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it was taken');
}

describe('a saved plan', () => {
  it('is read as it was written', () => {
    expect(parsePlan(printPlan(made), 'plan.json')).toEqual(made);
  });

  it('is refused when anything in it was changed', () => {
    const text = printPlan(made);
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

  it('is a usage error when it is no plan, or of another version', () => {
    expect(problem('{')).toMatchObject({ kind: 'usage' });
    expect(problem('[]')).toMatchObject({ kind: 'usage' });
    expect(problem(printPlan(made).replace('"version": 1', '"version": 2'))).toMatchObject({ kind: 'usage' });
  });
});
