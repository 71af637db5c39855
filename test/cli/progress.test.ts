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
    made.read({ kind: 'users', objects: 20_000, requests: 220, waiting: 'throttled until 12:00:05 UTC' });
    expect(made.text()).toBe(
      '21,000 objects read, 2,100/s; reading users 20,000 of about 200,000 (220 requests); about 86 s left; throttled until 12:00:05 UTC',
    );
    made.read({ kind: 'users', objects: 20_000, requests: 221 });
    expect(made.text()).toMatch(/ left$/);
    made.note({ kind: 'users', objects: 200_100, done: true });
    expect(made.text()).toBe('201,100 objects read, 20,110/s');
  });

  it('shows what is read before the first object comes, by its requests', () => {
    const { made, pass } = line();
    made.note({ kind: 'users', objects: 0, expected: 1_000_000, done: false });
    pass(5);
    made.note({ kind: 'groups', objects: 50, done: true });
    made.read({ kind: 'users', objects: 0, requests: 1200 });
    expect(made.text()).toBe('50 objects read, 10/s; reading users 0 of about 1,000,000 (1,200 requests)');
  });

  it('shows the reading of the audit log by its requests', () => {
    const { made } = line();
    made.read({ kind: 'audit log', objects: 0, requests: 1 });
    expect(made.text()).toBe('0 objects read; reading the audit log (1 request)');
  });

  it('reckons with what it went like lately, not with what was waited for long ago', () => {
    const { made, pass } = line();
    for (let second = 1; second <= 100; second += 1) {
      pass(1);
      if (second > 60) made.note({ kind: 'users', objects: (second - 60) * 100, expected: 10_000, done: false });
      else made.note({ kind: 'users', objects: 0, expected: 10_000, done: false });
    }
    expect(made.text()).toBe('4,000 objects read, 100/s; reading users 4,000 of about 10,000; about 60 s left');
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
