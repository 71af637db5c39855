// $filter, $orderby, $top, $skip and $select over plain objects, and the `serve` section of driftline.yaml.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultConfiguration } from '../../src/config.ts';
import { script } from '../../src/serve/assets/script.ts';
import { parseFilter } from '../../src/serve/native/filter.ts';
import { arranged, page, queryOptions, selected } from '../../src/serve/native/query.ts';
import { serveSettings } from '../../src/serve/settings.ts';

const job = {
  '@odata.type': '#microsoft.graph.entraRecoveryServices.recoveryJob',
  id: '0a',
  status: 'successful',
  total: 7,
  end: null,
  start: '2026-11-20T10:00:00Z',
  name: "O'Neil and (co)",
};

describe('$filter', () => {
  it.each([
    ["status eq 'successful'", true],
    ["status ne 'successful'", false],
    ["status in ('failed', 'successful')", true],
    ["not (status eq 'successful')", false],
    ["status eq 'failed' or total gt 6 and total le 7", true],
    ["(status eq 'failed' or total gt 6) and total lt 7", false],
    ["isof('microsoft.graph.entraRecoveryServices.recoveryJob')", true],
    ["isof('microsoft.graph.entraRecoveryServices.recoveryPreviewJob')", false],
    ['isof(microsoft.graph.entraRecoveryServices.recoveryJob)', true],
    ["isof($it, 'microsoft.graph.entraRecoveryServices.recoveryJob')", true],
    ["status eq microsoft.graph.entraRecoveryServices.recoveryStatus'successful'", true],
    ["status eq microsoft.graph.entraRecoveryServices.recoveryStatus'failed'", false],
    ['end eq null', true],
    ['end ne null', false],
    ['start lt 2026-11-20T10:00:01Z', true],
    ['start ge 2026-11-20T12:00:00+02:00', true],
    ["startswith(name,'o''neil')", true],
    ["name eq 'O''Neil and (co)'", true],
  ])('%s', (text, expected) => {
    expect(parseFilter(text)(job)).toBe(expected);
  });

  it('says where a text stops being a filter, and never fails otherwise', () => {
    for (const text of [
      '',
      'status',
      "status eq 'x",
      'status xx 1',
      "status eq 'a' and",
      '()',
      "nothing eq 'x'",
      "status eq other'successful'",
      '$it eq 1',
      `${'('.repeat(50)}total eq 7${')'.repeat(50)}`,
    ])
      expect(() => parseFilter(text)(job), text).toThrow(expect.objectContaining({ status: 400 }));
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('status', ' ', 'eq', 'and', '(', ')', "'", 'x', 'not', ',', '7', 'in', 'isof'),
        }),
        (text) => {
          try {
            expect(typeof parseFilter(text)(job)).toBe('boolean');
          } catch (error) {
            expect(error).toMatchObject({ status: 400 });
          }
        },
      ),
    );
  });
});

describe('a page of a collection', () => {
  const items = Array.from({ length: 25 }, (_, id) => ({ id: String(id), even: id % 2 === 0, rank: 25 - id }));

  it('gives every item once, whatever the page size, by following the next links', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.boolean(), (top, down) => {
        const seen: unknown[] = [];
        let address: string | undefined =
          `https://x.test/v1.0/y?$top=${top}&$orderby=rank ${down ? 'desc' : 'asc'}&$filter=rank gt 3`;
        while (address !== undefined) {
          const url: URL = new URL(address);
          const options = queryOptions(url);
          const list = arranged(items, options);
          const body = page(list.slice(options.skip, options.skip + options.top), list.length, options, url, 'c');
          seen.push(...(body.value as { rank: number }[]).map(({ rank }) => rank));
          address = body['@odata.nextLink'] as string | undefined;
        }
        expect(seen).toEqual(
          down ? [...seen].sort((a, b) => Number(b) - Number(a)) : [...seen].sort((a, b) => Number(a) - Number(b)),
        );
        expect(new Set(seen).size).toBe(22);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses options that it would have to guess about', () => {
    for (const search of [
      '$top=0',
      '$top=-1',
      '$top=x',
      '$skip=1.5',
      '$expand=x',
      '$top=1&$top=2',
      '$orderby=a b c',
      '$count=maybe',
    ])
      expect(() => queryOptions(new URL(`https://x.test/?${search}`)), search).toThrow(
        expect.objectContaining({ status: 400 }),
      );
    expect(() => selected({ id: '1' }, ['name'])).toThrow(expect.objectContaining({ status: 400 }));
    expect(selected({ id: '1', name: 'a', more: 1 }, ['name'])).toEqual({ id: '1', name: 'a' });
  });
});

describe('the serve section', () => {
  const settings = (serve: unknown) =>
    serveSettings({ ...defaultConfiguration, file: 'driftline.yaml', sections: { serve } });

  it('has defaults that keep everything on this machine', () => {
    expect(settings(undefined)).toMatchObject({
      host: '127.0.0.1',
      port: 0,
      twoPersons: false,
      actors: true,
      keepDays: 30,
      recovery: { deleteNew: true, allowMassChange: false },
    });
    expect(settings(undefined).tokens).toBeUndefined();
  });

  it.each([
    [{ hots: 'x' }, 'serve.hots'],
    [{ port: 70_000 }, 'serve.port'],
    [{ url: 'https://x.test/path' }, 'serve.url'],
    [{ twoPersons: 'yes' }, 'serve.twoPersons'],
    [{ signIn: 'yes' }, 'serve.signIn'],
    [{ actors: 'yes' }, 'serve.actors'],
    [{ sessionHours: 24 }, 'serve.sessionHours'],
    [{ tokens: {} }, 'serve.tokens.tenantId'],
    [{ tokens: { tenantId: '7c2f4a1e-5b0d-4e8a-9f63-2d1b8c0a7e55' } }, 'serve.tokens.audience'],
    [
      { tokens: { tenantId: '7c2f4a1e-5b0d-4e8a-9f63-2d1b8c0a7e55', audience: 'a', roles: { reader: 'x' } } },
      'serve.tokens.roles.reader',
    ],
    [{ recovery: { hardDelete: true } }, 'serve.recovery.hardDelete'],
    [{ tls: { key: 'x' } }, 'serve.tls.certificate'],
    [[], 'serve'],
  ])('says where a mistake stands: %j', (serve, subject) => {
    expect(() => settings(serve)).toThrow(
      expect.objectContaining({ kind: 'usage', subject: `driftline.yaml: ${subject}` }),
    );
  });
});

describe('what is served beside answers', () => {
  it('has a script that is one, and puts no text together as HTML', () => {
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });
});
