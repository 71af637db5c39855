// The YAML of the state: what is written is read back the same by three readers; what is not plain data is refused with its place.
import fc from 'fast-check';
import { load as jsYaml } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parse as yamlPackage } from 'yaml';
import { canonicalEntity } from '../../src/model/canonical.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { Problem } from '../../src/model/problem.ts';
import { readObject, readYaml } from '../../src/repo/yaml.ts';
import { emitObject, emitYaml, scalar } from '../../src/repo/yaml-emit.ts';
import { readStrict } from '../../src/repo/yaml-strict.ts';
import { users } from './kinds.ts';

const key = '3f0a2c11-0000-4000-8000-00000000abcd';
const ref = `users/${key}` as const;
const path = `state/users/3f/0/${key}.yaml`;
const file = { kind: users, ref, path };

/** What no YAML reader may take for anything but the text it is (trust.md rows 33 and 38). */
const nasty = [
  ...[
    '',
    ' ',
    'no',
    'No',
    'YES',
    'y',
    'N',
    'on',
    'Off',
    'true',
    'FALSE',
    'null',
    'Null',
    '~',
    'nan',
    '.nan',
    '.inf',
    '-.INF',
    'Infinity',
  ],
  ...[
    '012',
    '0o17',
    '0x1F',
    '1e3',
    '1_000',
    '1.',
    '.5',
    '-0',
    '+1',
    '12:30:45',
    '190:20:30',
    '2026-01-01',
    '2026-01-01T00:00:00Z',
    '=',
  ],
  ...[
    '<<',
    '- x',
    '-',
    '?',
    '? x',
    ':',
    'a: b',
    'a:',
    '#',
    'a #b',
    '&a',
    '*a',
    '!t',
    '!!binary x',
    '%YAML 1.2',
    '---',
    '...',
    '|',
    '>',
    '@a',
    '`a',
  ],
  ...[
    '[a]',
    '{a: b}',
    '"',
    "'",
    "it's",
    'a, b',
    'trail ',
    ' lead',
    'a  b',
    'a\tb',
    'a\nb',
    'a\n',
    '\r\n',
    '\\',
    '\\n',
    '\0',
    '\x07',
    '\x1b[31m',
  ],
  ...[
    '\x7f',
    '\x85',
    '\x9b',
    '\u00a0',
    '\u00ad',
    '\u061c',
    '\u180e',
    '\u200b',
    '\u200d',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u2066',
    '\u3000',
    '\ufeff',
    '\ufeffa',
  ],
  ...[
    '\ufffe',
    '\uffff',
    '\ud800',
    'a\udfffb',
    '\u{e0041}',
    '\u{f0000}',
    '\u{10ffff}',
    '\u{1f600}',
    'Müller',
    'Łódź',
    '日本',
    'École',
    'Glоbal Admin',
    'é',
    'e\u0301',
  ],
  ...[
    'https://a.example/b?c=d&e#f',
    'C:\\a',
    '00000000-0000-0000-0000-000000000000',
    '3F0A2C11-0000-4000-8000-00000000ABCD',
    '__proto__',
    'constructor',
  ],
  ...[
    '::add-mask::e',
    'x ##[set-output name=drift]false',
    '=HYPERLINK(1)',
    '|\\',
    '<img src=x>',
    'a'.repeat(5000),
    '12345678901234567890',
    '9'.repeat(40),
  ],
];
const text = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  // Neighbours of the nasty ones: what a longest-match rule gets wrong.
  fc
    .tuple(fc.constantFrom(...nasty), fc.constantFrom('', ' ', ':', '#', '-', 'a'), fc.constantFrom(...nasty))
    .map((parts) => parts.join('')),
);
const number = fc
  .oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(1e21, 1.5e-7, 2 ** 53, -1e300, 5e-324),
  )
  .map((value) => (value === 0 ? 0 : value));
const name = fc
  .oneof({ weight: 3, arbitrary: fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/) }, text)
  .filter((value) => value.length < 900);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const object = fc
  .array(fc.tuple(name, json), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries) as JsonObject);

const target = fc.uuid().map((id) => `users/${id}` as const);
const entity: fc.Arbitrary<Entity> = fc
  .record({
    type: fc.constantFrom(undefined, '#microsoft.graph.user'),
    attributes: fc.record(
      {
        displayName: text,
        accountEnabled: fc.boolean(),
        age: number,
        notes: fc.array(json),
        tags: fc.array(text),
        identities: fc.array(fc.record({ issuer: text, value: text })),
        address: fc.record({ city: text, street: text }, { requiredKeys: [] }),
        extra: json,
      },
      { requiredKeys: [] },
    ),
    links: fc.record(
      {
        manager: fc.array(
          target.map((ref) => ({ target: ref })),
          { maxLength: 1 },
        ),
        memberOf: fc.array(target.map((ref) => ({ target: ref }))),
        appRoles: fc.array(fc.record({ target, properties: fc.record({ appRoleId: fc.uuid(), label: text }) })),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ type, attributes, links }) =>
    canonicalEntity(users, {
      ref,
      ...(type !== undefined && { type }),
      attributes: attributes as JsonObject,
      links: links as Entity['links'],
    }),
  );

const bytes = (content: string): Uint8Array => Buffer.from(content, 'utf8');
const problem = (run: () => unknown): Problem => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    return error as Problem;
  }
  throw new Error('nothing was refused');
};
const refused = (content: string): Problem => problem(() => readYaml(bytes(content), file));

describe('writing and reading an entity', () => {
  it('gives the entity back, and says that the bytes are its own', () => {
    fc.assert(
      fc.property(entity, (original) => {
        const read = readYaml(bytes(emitYaml(users, original)), file);
        expect(read).toEqual({ entity: original, canonical: true });
        expect(emitYaml(users, read.entity)).toBe(emitYaml(users, original));
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same bytes for any order of members, sets and links', () => {
    const shuffled = (value: Json): Json =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([member, inner]) => [member, shuffled(inner as Json)]),
          )
        : value;
    fc.assert(
      fc.property(entity, (original) => {
        const attributes = shuffled(original.attributes) as Record<string, Json>;
        if (Array.isArray(attributes.tags)) attributes.tags = [...attributes.tags].reverse();
        const links = Object.fromEntries(
          Object.entries(original.links)
            .reverse()
            .map(([link, targets]) => [link, [...targets].reverse()]),
        );
        expect(emitYaml(users, canonicalEntity(users, { ...original, attributes, links }))).toBe(
          emitYaml(users, original),
        );
      }),
    );
  });

  it('looks as the format says', () => {
    const example = {
      ref,
      type: '#microsoft.graph.user',
      attributes: {
        tags: ['a', 'no'],
        displayName: 'Ann Müller',
        age: 7,
        accountEnabled: true,
        address: {},
        notes: [],
        extra: [{ b: 1, a: [[], {}, [1]] }],
      },
      links: {
        manager: [{ target: `users/${key}` }],
        appRoles: [{ target: `users/${key}`, properties: { label: 'x', appRoleId: key } }],
      },
    } as const;
    expect(emitYaml(users, example)).toBe(`id: ${key}
"@odata.type": "#microsoft.graph.user"
displayName: Ann Müller
accountEnabled: true
address: {}
age: 7
extra:
  - a:
      - []
      - {}
      - - 1
    b: 1
notes: []
tags:
  - a
  - "no"
links:
  appRoles:
    - target: users/${key}
      appRoleId: ${key}
      label: x
  manager:
    - users/${key}
`);
  });

  it('reads what the fast reader cannot tell as the strict one does', () => {
    fc.assert(
      fc.property(entity, (original) => {
        const content = emitYaml(users, original);
        expect(readYaml(bytes(`# by hand\n${content}`), file)).toEqual({ entity: original, canonical: false });
      }),
      { numRuns: 200 },
    );
  });
});

describe('writing a record', () => {
  it('is read back the same by our reader, yaml 1.2, yaml 1.1 and js-yaml', () => {
    fc.assert(
      fc.property(object, (value) => {
        const content = emitObject(value);
        // Plain objects compare their prototypes: JSON text does not.
        const same = (read: unknown) => expect(canonical(read)).toBe(canonical(value));
        same(readObject(bytes(content), 'state/tenant.yaml'));
        same(readStrict(content, 'x').value);
        same(yamlPackage(content, { version: '1.2', schema: 'core', maxAliasCount: 0 }));
        same(yamlPackage(content, { version: '1.1', maxAliasCount: 0 }));
        same(jsYaml(content));
        expect(emitObject(readObject(bytes(content), 'x'))).toBe(content);
      }),
      { numRuns: 1500 },
    );
  });

  it('keeps every nasty text a text, and shows none of its controls', () => {
    for (const value of nasty) {
      const content = `a: ${scalar(value)}\n`;
      for (const read of [yamlPackage(content), yamlPackage(content, { version: '1.1' }), jsYaml(content)]) {
        expect(read, JSON.stringify(value)).toEqual({ a: value });
      }
      expect(content.slice(0, -1), JSON.stringify(value)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u);
    }
  });

  it('refuses what it could not read again', () => {
    let deep: Json = 1;
    for (let depth = 0; depth < 70; depth += 1) deep = [deep];
    expect(() => emitObject({ deep })).toThrow(RangeError);
    expect(() => emitObject({ ['k'.repeat(1100)]: 1, ['?'.repeat(1100)]: 1 })).toThrow(RangeError);
    expect(() => emitObject({ a: Number.NaN })).toThrow(RangeError);
    expect(() => emitYaml(users, { ref, attributes: { unlisted: 1 }, links: {} })).toThrow(RangeError);
  });
});

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([member, inner]) => `${JSON.stringify(member)}:${canonical(inner)}`).join()}}`;
}

describe("reading a person's file", () => {
  it('reads what is sound, canonical or not', () => {
    const read = readYaml(bytes(`---\nid: '${key}' # mine\ntags: [b, a]\nage: 0x10\nnotes: |\n  one\n  two\n`), file);
    expect(read.canonical).toBe(false);
    expect(read.entity.attributes).toEqual({ tags: ['a', 'b'], age: 16, notes: 'one\ntwo\n' });
    const flow = readYaml(
      bytes(
        `{"id": "${key}", "accountEnabled": true, "displayName": null, "__proto__": null}`.replace(
          ', "__proto__": null',
          '',
        ),
      ),
      file,
    );
    expect(flow.entity.attributes).toEqual({ accountEnabled: true });
  });

  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['an anchor', 'tags: &a [x]\n', '2:7', /Anchors/],
    ['an alias', 'tags: *a\n', '2:7', /aliases/],
    ['a tag', 'age: !!int "3"\n', '2:6', /Tags/],
    ['a binary tag', 'notes: !!binary aGk=\n', '2:8', /Tags/],
    ['a merge key', 'address:\n  <<: {city: x}\n', '3:3', /Merge keys/],
    ['a second document', '---\nid: x\n', '2:1', /documents/],
    ['a duplicate key', 'age: 1\nage: 2\n', '3:1', /unique/],
    ['an integer beyond 2^53', 'age: 12345678901234567890\n', '2:6', /2\^53/],
    ['infinity', 'age: .inf\n', '2:6', /no number/],
    ['a word that readers disagree on', 'accountEnabled: no\n', '2:17', /quotes/],
    ['a bidi character', 'displayName: "a\u202eb"\n', '2:16', /U\+202E/],
    ['a C1 character', 'displayName: "a\u009bb"\n', '2:16', /U\+009B/],
    ['a tab', 'displayName: a\tb\n', '2:15', /U\+0009/],
    ['CR LF', 'age: 1\r\n', '2:7', /LF line ends/],
    ['conflict markers', '<<<<<<< ours\nage: 1\n=======\nage: 2\n>>>>>>> theirs\n', '2:1', /conflict/],
    ['an unlisted attribute', 'agee: 1\n', '2:1', /no attribute `agee`/],
    ['an unlisted member', 'address:\n  city: a\n  zip: b\n', '4:3', /`address.zip`/],
    ['an annotation below', 'address:\n  "@odata.context": b\n', '3:3', /odata.context/],
    ['noise', 'identities:\n  - issuer: a\n    seen: 1\n', '4:5', /changes by itself/],
    ['an unknown link', 'links:\n  friends: []\n', '3:3', /no link `friends`/],
    ['links that are no mapping', 'links: []\n', '2:1', /mapping/],
    ['a link that is no list', `links:\n  manager: ${ref}\n`, '3:3', /list/],
    ['two targets of a single link', `links:\n  manager: [${ref}, ${ref}]\n`, '3:2', /one target/],
    ['a target that is no ref', 'links:\n  manager:\n    - ../../x\n', '4:7', /ref such as/],
    ['an unknown link property', `links:\n  appRoles:\n    - target: ${ref}\n      x: z\n`, '5:7', /no property `x`/],
    [
      'a link property that is no text',
      `links:\n  appRoles:\n    - target: ${ref}\n      label: 3\n`,
      '5:7',
      /must be a text/,
    ],
    ['a key that is no text', 'address:\n  1: a\n', '3:3', /must be a text/],
    ['broken syntax', 'age: [1\n', '', /./],
  ];
  it.each(cases)('refuses %s with its place', (_what, content, place, says) => {
    const found = refused(`id: ${key}\n${content}`);
    expect(found.kind).toBe('usage');
    expect(found.detail).toMatch(says);
    expect(found.subject).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}:${place.split(':')[0]}`));
  });

  it('refuses a file that is not the object its name says', () => {
    expect(refused('id: 3f0a2c11-0000-4000-8000-00000000abce\n').detail).toContain(`not ${key}`);
    expect(refused('displayName: x\n').detail).toContain('no `id`');
    expect(refused('').detail).toContain('empty');
    expect(refused('# nothing\n').detail).toContain('empty');
    expect(refused('- a\n').detail).toContain('mapping');
    expect(problem(() => readYaml(Uint8Array.of(0x69, 0x64, 0x3a, 0xff), file)).detail).toContain('UTF-8');
  });

  it('refuses bombs without dying of them', () => {
    const bomb = `id: ${key}\nextra:\n  a: &a [x,x]\n  b: &b [*a,*a]\n`;
    expect(refused(bomb).detail).toContain('Anchors');
    for (const deep of [
      '['.repeat(5000),
      '[{a: '.repeat(5000),
      `\n  ${'- '.repeat(5000)}x\n`,
      `\n${Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth + 2)}a:\n`).join('')}`,
    ]) {
      expect(refused(`id: ${key}\nextra: ${deep}`).detail).toMatch(/nested deeper|Flow|mapping|end/i);
    }
    expect(refused(`id: ${key}\nextra: "${'x'.repeat(17 * 2 ** 20)}"  \n`).detail).toContain('bytes long');
  });

  it('never lets a member name reach a prototype', () => {
    const read = readYaml(bytes(`id: ${key}\nextra:\n  __proto__:\n    polluted: true\n`), file);
    expect(Object.hasOwn(read.entity.attributes.extra as object, '__proto__')).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(refused(`id: ${key}\n__proto__: {a: 1}\n`).detail).toContain('__proto__');
    expect(refused(`id: ${key}\nlinks:\n  constructor: []\n`).detail).toContain('constructor');
  });
});
