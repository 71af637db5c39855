// The small parts on their own: the packed link index against plain maps, strict JSON, Retry-After, lanes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { retryAfter } from '../../src/tenant/answer.ts';
import { collectionOf } from '../../src/tenant/collections.ts';
import { LinkIndex } from '../../src/tenant/delta.ts';
import { GuidTable, SeenKeys } from '../../src/tenant/guids.ts';
import { parseStrictly } from '../../src/tenant/strict-json.ts';
import { TrafficLane } from '../../src/tenant/throttle.ts';
import { guid } from './fake-graph.ts';
import { VirtualTime } from './virtual-time.ts';

describe('the table of GUIDs', () => {
  it('numbers each once, finds it, and gives it back in lower case', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 200 }), fc.uuid(), (guids, other) => {
        const table = new GuidTable();
        for (const one of guids) table.add(one.toUpperCase());
        const unique = [...new Set(guids)];
        expect(table.size).toBe(unique.length);
        expect(unique.map((one) => table.text(table.find(one)))).toEqual(unique);
        expect(table.find(other)).toBe(unique.indexOf(other));
      }),
    );
  });

  it('grows past its first size', () => {
    const table = new GuidTable();
    for (let at = 0; at < 5000; at += 1) expect(table.add(guid('a', at))).toBe(at);
    for (let at = 0; at < 5000; at += 1) expect(table.find(guid('a', at))).toBe(at);
    for (const none of [
      'x',
      '',
      `${guid('a', 1)}0`,
      guid('a', 1).replace('-', '0'),
      guid('g', 1),
      `${guid('a', 1).slice(0, 35)}é`,
    ])
      expect(table.add(none)).toBe(-1);
    expect(table.find('x')).toBe(-1);
  });

  it('serves as a set of keys, of GUIDs and others', () => {
    const seen = new SeenKeys();
    for (const key of [guid('a', 1), 'c1', 'contoso.com']) {
      expect(seen.met(key)).toBe(false);
      seen.meet(key);
      expect(seen.met(key)).toBe(true);
    }
  });
});

describe('the link index', () => {
  it('says what a plain map says, whatever is added and removed, and whatever another index of the same table holds', () => {
    const person = fc.integer({ min: 0, max: 12 });
    const step = fc.record({ owner: person, target: person, what: fc.constantFrom('add', 'remove', 'see', 'forget') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const guids = new GuidTable();
        const index = new LinkIndex(['members'], kinds.get('groups')!, guids);
        const other = new LinkIndex(['manager'], kinds.get('users')!, guids);
        const model = new Map<number, Set<number>>();
        for (const { owner, target, what } of steps) {
          const [from, to] = [guid('b', owner), guid('a', target)];
          other.see(to);
          other.meet(from);
          other.add('manager', to, from, 'contacts');
          if (what === 'forget') {
            index.forget(from);
            model.delete(owner);
            continue;
          }
          index.see(from);
          const targets = model.get(owner) ?? new Set();
          model.set(owner, targets);
          if (what === 'add') {
            index.add('members', from, to, 'users');
            targets.add(target);
          } else if (what === 'remove') {
            index.remove('members', from, to);
            targets.delete(target);
          }
        }
        for (let owner = 0; owner <= 12; owner += 1) {
          expect(index.has(guid('b', owner))).toBe(model.has(owner));
          expect([index.met(guid('b', owner)), index.has(guid('a', owner))]).toEqual([false, false]);
          const targets = [...(model.get(owner) ?? [])].map((target) => `users/${guid('a', target)}`);
          expect(new Set(index.targets('members', guid('b', owner)))).toEqual(new Set(targets));
        }
      }),
    );
  });

  it('keeps the last target of a single link', () => {
    const index = new LinkIndex(['manager'], kinds.get('users')!);
    index.see(guid('a', 1));
    index.add('manager', guid('a', 1), guid('a', 2), 'users');
    index.add('manager', guid('a', 1), guid('a', 3), 'contacts');
    expect(index.targets('manager', guid('a', 1))).toEqual([`contacts/${guid('a', 3)}`]);
  });
});

describe('strict JSON', () => {
  it('gives what JSON.parse gives for whatever is well formed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, two) => {
        const text = JSON.stringify({ value: [one, { value: [two] }], responses: [{ body: { value: two } }] });
        expect(parseStrictly(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses a watched key that stands twice in one object, however deep and however written', () => {
    for (const text of [
      '{"value":[1],"value":[2]}',
      '{"value":null,"value":[2], "x":{"value":[]}}',
      '{"@odata.nextLink":"a","value":[],"@odata.nextLink":"b"}',
      '{"responses":[{"id":"1","body":{"value":[1],"value":[]}}]}',
      '{"responses":[{"body":{"value":[1]},"body":{"value":[]}}]}',
      '{"value":["\\"value\\": ["],"\\u0076alue":[2]}',
    ])
      expect(() => parseStrictly(text), text).toThrow(/stands twice/);
    expect(parseStrictly('{"value":[{"value":[1]},{"value":[2]},"\\\\","value"]}')).toHaveProperty('value');
  });
});

describe('Retry-After', () => {
  it('is seconds, fractions of them, or a date that is not past', () => {
    const now = Date.UTC(2026, 10, 23, 12);
    expect(retryAfter('2', now)).toBe(2000);
    expect(retryAfter(' 0.5 ', now)).toBe(500);
    expect(retryAfter('Mon, 23 Nov 2026 12:01:00 GMT', now)).toBe(60_000);
    for (const none of [undefined, '', '-1', 'abc', '1e9', 'Mon, 23 Nov 2026 11:59:00 GMT', '2026-11-23'])
      expect(retryAfter(none, now)).toBeUndefined();
  });
});

describe('a lane', () => {
  it('never lets in more than its limit, and everybody in the end', async () => {
    const time = new VirtualTime();
    const lane = new TrafficLane({ concurrency: 3 }, time);
    let running = 0;
    let most = 0;
    const one = async (milliseconds: number) => {
      await lane.enter(1, new AbortController().signal, () => {});
      running += 1;
      most = Math.max(most, running);
      await time.sleep(milliseconds);
      running -= 1;
      lane.leave();
    };
    await Promise.all(Array.from({ length: 20 }, (_, at) => one(1 + (at % 4))));
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  it('halves itself when it is throttled, and recovers when it stays calm', () => {
    const lane = new TrafficLane({ concurrency: 8 }, new VirtualTime());
    lane.pause(0);
    expect(lane.limit).toBe(4);
    lane.heed(0.9);
    expect(lane.limit).toBe(1);
    for (let answer = 0; answer < 200; answer += 1) lane.heed(undefined);
    expect(lane.limit).toBe(8);
  });
});

describe('types of link targets', () => {
  it('are said in three ways, and an unknown one is a directory object', () => {
    for (const type of ['#microsoft.graph.user', 'microsoft.graph.user', 'User'])
      expect(collectionOf(type)).toBe('users');
    expect(collectionOf('#microsoft.graph.agentIdentity')).toBe('servicePrincipals');
    expect(collectionOf('#microsoft.graph.somethingNew', ['users', 'groups'])).toBe('directoryObjects');
    expect(collectionOf(undefined, ['toys'])).toBe('toys');
  });
});
