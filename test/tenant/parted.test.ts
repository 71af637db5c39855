// Parted pages: whatever the bytes of a page are, taken apart they are what JSON.parse makes of them, or they are not taken apart.
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isArray, isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { parseParted, type Recognizer, Torn } from '../../src/tenant/parted.ts';
import { parseStrictly } from '../../src/tenant/strict-json.ts';

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
const pages = fc
  .record(
    {
      '@odata.context': trap,
      '@odata.nextLink': trap,
      value: fc.oneof(...[...shapes, fc.oneof(...shapes)].map((shape) => fc.array(shape, { maxLength: 5 }))),
      count: fc.nat(),
    },
    { requiredKeys: ['value'] },
  )
  // JSON has no -0.
  .map((written) => JSON.parse(JSON.stringify(written)) as typeof written);

/** The page as the slices tell it; undefined where it was not taken apart. Throws {@link Torn}. */
function read(bytes: Buffer, recognizer: Recognizer) {
  let whole = 0;
  const parted = parseParted(bytes, recognizer, () => {
    whole += 1;
    return parseStrictly(bytes.toString('utf8'));
  });
  if (parted === undefined) return undefined;
  const slices = [...parted.slices];
  expect(parted.around.value).toEqual([]);
  return {
    body: { ...parted.around, value: slices.flatMap((slice) => slice.items) } as JsonObject,
    contents: slices.flatMap((slice) => slice.contents),
    recognized: slices.flatMap((slice) => slice.recognized),
    whole: whole > 0,
  };
}

describe('a page that is taken apart', () => {
  it('has the objects of the page, each with what it is made of', () => {
    let taken = 0;
    fc.assert(
      fc.property(pages, (written) => {
        const parted = read(Buffer.from(JSON.stringify(written)), nobody);
        if (parted === undefined) return;
        if (!parted.whole) taken += 1;
        expect(parted.body).toEqual(written);
        expect(parted.recognized).toEqual([]);
        expect(parted.contents).toHaveLength(written.value.length);
        for (const [at, content] of parted.contents.entries()) {
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
      fc.property(pages, fc.infiniteStream(fc.boolean()), (written, chosen) => {
        const bytes = Buffer.from(JSON.stringify(written));
        const first = read(bytes, nobody);
        if (first === undefined) return;
        const known = new Set(first.contents.filter((one) => one !== undefined && chosen.next().value) as string[]);
        const again = read(bytes, knowing(known))!;
        const left = written.value.filter((_, at) => !known.has(first.contents[at] ?? ''));
        expect(again.body).toEqual({ ...written, value: left });
        expect(again.recognized).toEqual(
          written.value.filter((one) => !left.includes(one)).map(({ id }) => String(id).toLowerCase()),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('is nothing but what JSON.parse makes of it, where its bytes were cut, doubled or changed', () => {
    const damage = fc.record({ at: fc.nat(10_000), length: fc.nat(40), to: fc.nat(10_000), text: trap });
    const counts = { equal: 0, broken: 0 };
    fc.assert(
      fc.property(pages, damage, fc.boolean(), (written, { at, length, to, text }, cut) => {
        const sound = JSON.stringify(written);
        const from = at % (sound.length + 1);
        const piece = cut ? '' : text === '' ? sound.slice(to % sound.length, (to % sound.length) + length) : text;
        const damaged = Buffer.from(sound.slice(0, from) + piece + sound.slice(from + (cut ? length : 0)));
        // What the sound page had is known; in the damaged one it may stand anywhere.
        const contents = read(Buffer.from(sound), nobody)?.contents ?? [];
        const known = knowing(new Set(contents.filter((one) => one !== undefined)));
        // An object by itself may say its id twice, as it may in a page whose text gives no reason to look.
        const whole = (parse: (text: string) => Json = JSON.parse) => {
          const body = parse(damaged.toString('utf8')) as JsonObject;
          if (!isArray(body.value) || !body.value.every(isObject)) throw new Error('no page');
          return { ...body, value: body.value };
        };
        let parted: ReturnType<typeof read>;
        try {
          parted = read(damaged, known);
        } catch (error) {
          expect(error).toBeInstanceOf(Torn);
          counts.broken += 1;
          let page: JsonObject;
          try {
            page = whole(parseStrictly);
          } catch {
            return;
          }
          // It is a page, but more is said of it behind what was taken for its list.
          expect({ ...page, value: [] }).not.toEqual(parseParted(damaged, known, () => undefined)?.around);
          return;
        }
        if (parted === undefined) return;
        const { value: all, ...rest } = whole();
        const { value, ...around } = parted.body;
        expect(around).toEqual(rest);
        const { recognized } = parted;
        const gone = written.value.filter((one) => recognized.includes(String(one.id).toLowerCase()));
        expect(all).toHaveLength((value as readonly unknown[]).length + recognized.length);
        // Where two have the same id, one of them may have been recognized and the other damaged.
        for (const one of gone)
          if (gone.filter(({ id }) => id === one.id).length === 1) expect(all).toContainEqual(one);
        if (recognized.length > 0) return;
        counts.equal += 1;
        expect(value).toEqual(all);
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(counts.equal, counts.broken)).toBeGreaterThan(100);
  });

  it('may have objects that hold others which begin as they do', () => {
    const one = { id: '00000000-0000-4000-8000-000000000001', roles: [{ id: 'x' }, { id: 'y' }, { id: 'z' }] };
    const other = { id: '00000000-0000-4000-8000-000000000002', roles: [{ id: 'x' }, { id: 'y' }] };
    const bytes = Buffer.from(JSON.stringify({ value: [one, other, one] }));
    const parted = read(bytes, nobody)!;
    expect(parted).toMatchObject({ body: { value: [one, other, one] }, whole: false });
    expect(read(bytes, knowing(new Set(parted.contents.slice(1, 2) as string[])))?.body).toEqual({
      value: [one, one],
    });
  });

  it('may be so large that its objects come in several slices, and their texts from several windows', () => {
    const value = Array.from({ length: 450 }, (_, at) => ({
      id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      note: 'x'.repeat(at === 200 ? 100_000 : (at * 7) % 900),
    }));
    const bytes = Buffer.from(JSON.stringify({ value }));
    expect([...parseParted(bytes, nobody, () => undefined)!.slices].length).toBeGreaterThan(3);
    expect(read(bytes, nobody)).toMatchObject({ body: { value }, whole: false });
    const known = read(bytes, nobody)!.contents.filter((_, at) => at % 3 === 0) as string[];
    expect(read(bytes, knowing(new Set(known)))).toMatchObject({
      body: { value: value.filter((_, at) => at % 3 > 0) },
    });
  });

  it.each([
    ['objects that begin in two ways', '{"value":[{"id":"x","a":[{"id":"y"}]},{"type":"t","id":"z"},{"id":"w"}]}'],
    [
      'an object that holds very many which begin as it does',
      `{"value":[{"id":"w"},{"id":"x","a":[${Array.from({ length: 60 }, (_, at) => `{"id":"${at}"}`).join()}]}]}`,
    ],
  ])('is parsed as a whole from a place on, for %s', (_, text) => {
    expect(read(Buffer.from(text), nobody)).toMatchObject({ body: JSON.parse(text), whole: true });
  });

  it.each([
    ['what is not an object', '{"value":["x",{"id":"x"}]}'],
    ['what is not an object, after one', '{"value":[{"id":"x"},"x",{"id":"x"}]}'],
    ['what is no JSON in the midst of it', '{"value":[{"id":"x"},{"id":nothing},{"id":"x"}]}'],
    ['a second list', '{"value":[{"id":"x"},{"id":"z"}],"value":[{"id":"y"}]}'],
    ['a key that is hidden by an escape', '{"value":[{"id":"x"}],"\\u0076alue":[{"id":"y"}]}'],
    ['a link between two lists', '{"value":[{"id":"x"}],"@odata.nextLink":"y","other":[{"id":"z"}]}'],
  ])('turns out to be none after some of its objects: %s', (_, text) => {
    expect(() => read(Buffer.from(text), nobody)).toThrow(Torn);
  });

  it.each([
    ['a list that is not its own', '{"error":{"value":[{"id":"x"}]},"value":[]}'],
    ['no list', '{"id":"x"}'],
    ['an empty list', '{"value":[]}'],
    ['a mark before it', '\ufeff{"value":[{"id":"x"}]}'],
    ['blanks in it', '{ "value": [ {"id":"x"} ] }'],
    ['nothing', ''],
    ['half of it', '{"value":[{"id":"x"},{"id":'],
  ])('leaves to the whole parser %s', (_, text) => {
    expect(read(Buffer.from(text), nobody)).toBeUndefined();
  });
});
