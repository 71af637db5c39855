// The line that a person watches during long work: true counts, the rate so far, and an estimate once the size is known.
import { describe, expect, it } from 'vitest';
import { ProgressLine } from '../../src/cli/progress.ts';

function line() {
  let at = Date.UTC(2026, 10, 23);
  const made = new ProgressLine(() => new Date(at));
  return {
    made,
    pass: (seconds: number) => {
      at += seconds * 1000;
    },
  };
}

describe('the progress line', () => {
  it('counts objects by kind, says the rate, what is left, and what is waited for', () => {
    const { made, pass } = line();
    made.note({ kind: 'users', objects: 100, done: false });
    expect(made.text()).toBe('100 objects read; reading users 100');
    pass(10);
    made.note({ kind: 'users', objects: 20_000, expected: 200_000, done: false });
    made.note({ kind: 'groups', objects: 1000, done: true });
    expect(made.text()).toBe('21,000 objects read, 2,100/s; reading users 20,000 of about 200,000; about 86 s left');
    made.waiting = 'throttled until 12:00:05 UTC';
    expect(made.text()).toMatch(/; throttled until 12:00:05 UTC$/);
    made.waiting = undefined;
    made.note({ kind: 'users', objects: 200_100, done: true });
    expect(made.text()).toBe('201,100 objects read, 20,110/s');
  });

  it('says hours where it takes hours, and nothing of what nobody knows', () => {
    const { made, pass } = line();
    pass(100);
    made.note({ kind: 'users', objects: 1000, expected: 1_000_000, done: false });
    expect(made.text()).toMatch(/about 27\.8 h left$/);
    made.note({ kind: 'users', objects: 1000, done: false });
    expect(made.text()).not.toMatch(/left/);
  });
});
