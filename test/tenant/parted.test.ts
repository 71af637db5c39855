// Parted pages: whatever the bytes of a page are, taken apart they are what JSON.parse makes of them, or they are not taken apart.
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isArray, isObject, type JsonObject } from '../../src/model/json.ts';
import { parseParted, type Recognizer } from '../../src/tenant/parted.ts';

const nobody: Recognizer = { contentOf: (id, digest) => `${id} ${digest}`, recognizes: () => false };
const knowing = (contents: ReadonlySet<string>): Recognizer => ({
  ...nobody,
  recognizes: (_, content) => contents.has(content),
});

/** Texts that look like what stands between two objects, and others. */
const trap = fc.constantFrom('},{"id":"', '"value":[{"', '}]', '"id":"00000000', '\\', '"', 'é', '', '\u2028', '{}');
const nested = fc.array(fc.record({ id: trap, value: fc.array(trap, { maxLength: 2 }) }), { maxLength: 2 });
const id = fc.uuid();
const shapes: readonly fc.Arbitrary<JsonObject>[] = [
  fc.record({ id, displayName: trap, assigned: nested }),
  fc.record({ id, assigned: nested, note: fc.jsonValue() as fc.Arbitrary<never> }),
  fc.record({ type: trap, id, assigned: nested }),
  fc.record({ id: trap }),
  fc.record({ owner: fc.record({ id }), id, assigned: nested }),
];
const page = fc.record(
  {
    '@odata.context': trap,
    '@odata.nextLink': trap,
    value: fc.oneof(...[...shapes, fc.oneof(...shapes)].map((shape) => fc.array(shape, { maxLength: 5 }))),
    count: fc.nat(),
  },
  { requiredKeys: ['value'] },
);

const items = (value: unknown): JsonObject[] =>
  isObject(value as never) && isArray((value as JsonObject).value)
    ? ((value as JsonObject).value as unknown as JsonObject[])
    : [];

describe('a page that is taken apart', () => {
  it('has the objects of the page, each with what it is made of', () => {
    let taken = 0;
    fc.assert(
      fc.property(page, (written) => {
        const parted = parseParted(Buffer.from(JSON.stringify(written)), nobody);
        if (parted === undefined) return;
        taken += 1;
        expect(parted.body).toEqual(written);
        expect(parted.parted.recognized).toEqual([]);
        expect(parted.parted.contents).toHaveLength(written.value.length);
        for (const [at, content] of parted.parted.contents.entries()) {
          const one = written.value[at]!;
          if (content !== undefined)
            expect(content).toBe(`${one.id} ${hash('sha256', JSON.stringify(one), 'base64url')}`);
        }
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('lacks those that were recognized, and no other', () => {
    fc.assert(
      fc.property(page, fc.infiniteStream(fc.boolean()), (written, chosen) => {
        const bytes = Buffer.from(JSON.stringify(written));
        const first = parseParted(bytes, nobody);
        if (first === undefined) return;
        const known = new Set(
          first.parted.contents.flatMap((one) => (one !== undefined && chosen.next().value ? [one] : [])),
        );
        const again = parseParted(bytes, knowing(known));
        const left = written.value.filter((_, at) => !known.has(first.parted.contents[at] ?? ''));
        expect(again?.body).toEqual({ ...written, value: left });
        expect(again?.parted.recognized).toHaveLength(written.value.length - left.length);
        expect(again?.parted.recognized).toEqual(
          written.value.filter((one) => !left.includes(one)).map(({ id }) => String(id).toLowerCase()),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('is nothing but what JSON.parse makes of it, where its bytes were cut, doubled or changed', () => {
    const damage = fc.record({ at: fc.nat(10_000), length: fc.nat(40), to: fc.nat(10_000), text: trap });
    fc.assert(
      fc.property(page, damage, fc.boolean(), (written, { at, length, to, text }, cut) => {
        const sound = JSON.stringify(written);
        const from = at % (sound.length + 1);
        const piece = cut ? '' : text === '' ? sound.slice(to % sound.length, (to % sound.length) + length) : text;
        const damaged = Buffer.from(sound.slice(0, from) + piece + sound.slice(from + (cut ? length : 0)));
        // What the sound page had is known; in the damaged one it may stand anywhere.
        const contents = parseParted(Buffer.from(sound), nobody)?.parted.contents ?? [];
        const known = knowing(new Set(contents.filter((one) => one !== undefined)));
        const parted = parseParted(damaged, known);
        if (parted === undefined) return;
        const whole = JSON.parse(damaged.toString('utf8'));
        const { value, ...around } = parted.body as JsonObject;
        const { value: all, ...rest } = whole as JsonObject;
        expect(around).toEqual(rest);
        const { recognized } = parted.parted;
        const gone = items(written).filter((one) => recognized.includes(String(one.id).toLowerCase()));
        expect(items({ value: all! })).toHaveLength(items({ value: value! }).length + recognized.length);
        for (const one of gone) expect(items({ value: all! })).toContainEqual(one);
      }),
      { numRuns: 5000 },
    );
  });

  it('may have objects that hold others which begin as they do', () => {
    const one = { id: '00000000-0000-4000-8000-000000000001', roles: [{ id: 'x' }, { id: 'y' }, { id: 'z' }] };
    const other = { id: '00000000-0000-4000-8000-000000000002', roles: [{ id: 'x' }, { id: 'y' }] };
    const bytes = Buffer.from(JSON.stringify({ value: [one, other, one] }));
    const parted = parseParted(bytes, nobody)!;
    expect(parted.body).toEqual({ value: [one, other, one] });
    expect(parseParted(bytes, knowing(new Set(parted.parted.contents.slice(1, 2) as string[])))?.body).toEqual({
      value: [one, one],
    });
  });

  it.each([
    ['a list that is not its own', '{"error":{"value":[{"id":"x"}]},"value":[]}'],
    ['a second list', '{"value":[{"id":"x"}],"value":[{"id":"y"}]}'],
    ['a key that is hidden by an escape', '{"value":[{"id":"x"}],"\\u0076alue":[{"id":"y"}]}'],
    ['objects that begin in two ways', '{"value":[{"id":"x","a":[{"id":"y"}]},{"type":"t","id":"z"},{"id":"w"}]}'],
    [
      'an object that holds very many which begin as it does',
      `{"value":[{"id":"x","a":[${Array.from({ length: 60 }, (_, at) => `{"id":"${at}"}`).join()}]}]}`,
    ],
    ['no list', '{"id":"x"}'],
    ['an empty list', '{"value":[]}'],
    ['what is not an object', '{"value":["x",{"id":"x"}]}'],
    ['a mark before it', '\ufeff{"value":[{"id":"x"}]}'],
    ['blanks in it', '{ "value": [ {"id":"x"} ] }'],
    ['nothing', ''],
    ['half of it', '{"value":[{"id":"x"},{"id":'],
  ])('leaves to the whole parser %s', (_, text) => {
    expect(parseParted(Buffer.from(text), nobody)).toBeUndefined();
  });
});
