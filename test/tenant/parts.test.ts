// The small parts on their own: GUIDs, the link index against plain maps, strict JSON, Retry-After, lanes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { inMemory, type Scratch } from '../../src/model/scratch.ts';
import { scratchIn } from '../../src/repo/nameless.ts';
import { retryAfter } from '../../src/tenant/answer.ts';
import { collectionOf } from '../../src/tenant/collections.ts';
import { guidText, packGuid, SeenKeys } from '../../src/tenant/guids.ts';
import { LinkLog } from '../../src/tenant/link-index.ts';
import { parseStrictly } from '../../src/tenant/strict-json.ts';
import { TrafficLane } from '../../src/tenant/throttle.ts';
import { temporaryFolder } from '../repo/support.ts';
import { guid } from './fake-graph.ts';
import { VirtualTime } from './virtual-time.ts';

describe('GUIDs', () => {
  it('are packed in either case and given back in lower case', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(3), (id, at) => {
        const words = new Uint32Array(8);
        expect(packGuid(id.toUpperCase(), words, at)).toBe(true);
        expect(guidText(words, at)).toBe(id);
      }),
    );
  });

  it('are told from what is none', () => {
    const one = guid('a', 1);
    for (const none of ['x', '', `${one}0`, one.replace('-', '0'), guid('g', 1), `${one.slice(0, 35)}é`])
      expect(packGuid(none, new Uint32Array(4), 0), none).toBe(false);
  });
});

describe('the set of seen keys', () => {
  const nil = '00000000-0000-0000-0000-000000000000';

  it('knows those that were met, GUIDs and others, and no others', () => {
    const seen = new SeenKeys();
    for (const key of [guid('a', 1), 'c1', 'contoso.com', nil]) {
      expect(seen.met(key)).toBe(false);
      seen.meet(key);
      seen.meet(key);
      expect(seen.met(key)).toBe(true);
    }
  });

  it('grows past its first size', () => {
    const seen = new SeenKeys();
    for (let at = 0; at < 5000; at += 1) {
      expect(seen.met(guid('a', at))).toBe(false);
      seen.meet(guid('a', at));
    }
    for (let at = 0; at < 5000; at += 1)
      expect([seen.met(guid('a', at)), seen.met(guid('b', at))]).toEqual([true, false]);
  });
});

describe('the link index', () => {
  const rooms: readonly (readonly [string, () => Scratch])[] = [
    ['in memory', () => inMemory],
    ['on the disk', () => scratchIn(temporaryFolder())],
  ];

  it.each(rooms)('says what a plain map says, whatever is added and removed: %s', (_, scratch) => {
    const person = fc.integer({ min: 0, max: 12 });
    const what = fc.constantFrom('add', 'remove', 'see', 'forget');
    const link = fc.constantFrom('members', 'owners');
    const step = fc.record({ owner: person, target: person, what, link });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const log = new LinkLog(['members', 'owners'], kinds.get('groups')!, scratch());
        const model = new Map<number, { readonly members: Set<number>; readonly owners: Set<number> }>();
        for (const { owner, target, what, link } of steps) {
          const [from, to] = [guid('b', owner), guid('a', target)];
          if (what === 'forget') {
            log.forget(from);
            model.delete(owner);
            continue;
          }
          const targets = model.get(owner) ?? { members: new Set(), owners: new Set() };
          model.set(owner, targets);
          if (what === 'see') log.see(from);
          else if (what === 'add') {
            log.add(link, from, to, link === 'owners' && target % 2 === 0 ? 'servicePrincipals' : 'users');
            targets[link].add(target);
          } else {
            log.remove(link, from, to);
            targets[link].delete(target);
          }
        }
        const index = log.index();
        for (let owner = 0; owner <= 12; owner += 1) {
          const found = (link: string) => index.targets(link, guid('b', owner).toUpperCase());
          expect([index.met(guid('b', owner)), index.targets('members', guid('a', owner))]).toEqual([false, undefined]);
          const known = model.get(owner);
          expect([found('members') !== undefined, found('owners') !== undefined]).toEqual([!!known, !!known]);
          const { members = [], owners = [] } = known ?? {};
          expect(new Set(found('members'))).toEqual(new Set([...members].map((at) => `users/${guid('a', at)}`)));
          expect(new Set(found('owners'))).toEqual(
            new Set([...owners].map((at) => `${at % 2 === 0 ? 'servicePrincipals' : 'users'}/${guid('a', at)}`)),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(rooms)('holds more than it gathers at a time: %s', (_, scratch) => {
    const log = new LinkLog(['members'], kinds.get('groups')!, scratch());
    const [owners, rounds] = [20_000, 4];
    for (let round = 0; round < rounds; round += 1)
      for (let owner = 0; owner < owners; owner += 1)
        log.add('members', guid('b', owner), guid('a', rounds * owner + round), 'users');
    const index = log.index();
    for (let owner = 0; owner < owners; owner += 7)
      expect(index.targets('members', guid('b', owner))).toEqual(
        [0, 1, 2, 3].map((round) => `users/${guid('a', rounds * owner + round)}`),
      );
    expect(index.targets('members', guid('b', owners))).toBeUndefined();
  });

  it('keeps the last target of a single link', () => {
    const log = new LinkLog(['manager'], kinds.get('users')!);
    log.add('manager', guid('a', 1), guid('a', 2), 'users');
    log.add('manager', guid('a', 1), guid('a', 3), 'contacts');
    expect(log.index().targets('manager', guid('a', 1))).toEqual([`contacts/${guid('a', 3)}`]);
  });

  it('remembers which objects were listed, told of before or not', () => {
    const log = new LinkLog(['manager'], kinds.get('users')!);
    for (let at = 0; at < 100; at += 2) log.see(guid('a', at));
    const index = log.index();
    for (let at = 0; at < 100; at += 3) index.meet(guid('a', at));
    for (let at = 0; at < 100; at += 1)
      expect([index.met(guid('a', at)), index.targets('manager', guid('a', at))]).toEqual([
        at % 3 === 0,
        at % 2 === 0 ? [] : undefined,
      ]);
  });

  it('refuses ids that are no GUIDs', () => {
    const log = new LinkLog(['manager'], kinds.get('users')!);
    expect(() => log.see('everyone')).toThrow('no GUID');
    expect(() => log.add('manager', guid('a', 1), 'everyone', 'users')).toThrow('no GUID');
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
