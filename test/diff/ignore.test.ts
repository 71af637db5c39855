// Ignore rules: what they take out of a change, how much they say it was, and that they end.
import { describe, expect, it } from 'vitest';
import { applyIgnore } from '../../src/diff/index.ts';
import type { Change } from '../../src/model/change.ts';
import type { IgnoreRule } from '../../src/model/config.ts';
import { Problem } from '../../src/model/problem.ts';

const change: Change = {
  ref: 'groups/g1',
  operation: 'update',
  displayName: 'Finance',
  synced: false,
  attributes: [
    { path: 'description', before: 'a', after: 'b' },
    { path: 'nested.roles[r1].isEnabled', before: true, after: false },
    { path: 'nested.roles[r2]', after: { id: 'r2' } },
    { path: 'nestedToo', after: 1 },
  ],
  links: [
    { link: 'members', operation: 'add', target: 'users/u1' },
    { link: 'owners', operation: 'add', target: 'users/u1' },
  ],
};

function rule(parts: Partial<IgnoreRule>): IgnoreRule {
  return { reason: 'Accepted.', at: 'driftline.yaml:3:5', ...parts };
}

function left(parts: Partial<IgnoreRule>, of: Change = change) {
  const { change: rest, ignored } = applyIgnore(of, [rule(parts)], '2026-11-23');
  return { ignored, left: rest && [...rest.attributes.map(({ path }) => path), ...rest.links.map(({ link }) => link)] };
}

describe('applyIgnore', () => {
  it('takes a path and what lies below it, with keys or without', () => {
    expect(left({ attribute: 'nested' })).toEqual({
      ignored: 2,
      left: ['description', 'nestedToo', 'members', 'owners'],
    });
    expect(left({ attribute: 'nested.roles.isEnabled' }).ignored).toBe(1);
    expect(left({ attribute: 'nested.roles[r2]' }).ignored).toBe(1);
    expect(left({ attribute: 'nest' }).ignored).toBe(0);
  });

  it('takes a link by its name', () => {
    expect(left({ attribute: 'members' })).toEqual({
      ignored: 1,
      left: ['description', 'nested.roles[r1].isEnabled', 'nested.roles[r2]', 'nestedToo', 'owners'],
    });
  });

  it('takes a whole object by ref or by kind, and counts what differed', () => {
    expect(left({ ref: 'groups/g1' })).toEqual({ ignored: 6, left: undefined });
    expect(left({ kind: 'groups' })).toEqual({ ignored: 6, left: undefined });
    expect(left({ kind: 'groups' }, { ...change, operation: 'delete' })).toEqual({ ignored: 1, left: undefined });
    expect(left({ kind: 'users' }).ignored).toBe(0);
    expect(left({ kind: 'groups', ref: 'groups/g2' }).ignored).toBe(0);
  });

  it('tells an object that came or went whole, whatever attributes are ignored', () => {
    expect(left({ attribute: 'description' }, { ...change, operation: 'create' }).ignored).toBe(0);
  });

  it('leaves nothing of an update whose every difference is ignored', () => {
    const only = { ...change, attributes: change.attributes.slice(0, 1), links: [] };
    expect(applyIgnore(only, [rule({ attribute: 'description' })], '2026-11-23')).toEqual({ ignored: 1 });
  });

  it('fails at the place of a rule whose last day has passed, though it matches nothing', () => {
    const expired = rule({ kind: 'users', until: '2026-11-22' });
    expect(applyIgnore(change, [rule({ until: '2026-11-23', attribute: 'members' })], '2026-11-23').ignored).toBe(1);
    let problem: unknown;
    try {
      applyIgnore(change, [expired], '2026-11-23');
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ kind: 'usage', subject: 'driftline.yaml:3:5' });
    expect((problem as Problem).detail).toContain('Accepted.');
  });
});
