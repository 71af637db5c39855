// The page of what is covered is made from the rows: this test keeps the committed file equal to them, and rewrites it with `npx vitest run test/kinds/tables.test.ts --update`.
import { describe, expect, it } from 'vitest';
import { kinds, renderCoverageTable } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/model/kind.ts';

describe('the coverage page', () => {
  it('is docs/coverage.md', async () => {
    await expect(renderCoverageTable(kinds)).toMatchFileSnapshot('../../docs/coverage.md');
  });

  it('has a section for each kind and a line for each attribute and link', () => {
    const page = renderCoverageTable(kinds);
    for (const kind of kinds.values()) {
      const section = page.slice(page.indexOf(`\n## ${kind.name}\n`)).split('\n## ')[1] ?? '';
      for (const path of Object.keys(kind.attributes).filter((name) => !name.includes('.')))
        expect(section, kind.name).toContain(`| \`${path}\` |`);
      for (const name of Object.keys(kind.links)) expect(section, kind.name).toContain(`| \`${name}\` (link) |`);
    }
  });

  it('says of each attribute whether it is stored, when it is written and whether Microsoft covers it', () => {
    const toy: Kind = {
      name: 'toys',
      type: 'toy',
      path: '/toys',
      version: 'v1.0',
      lane: 'directory',
      key: 'id',
      sharded: false,
      select: false,
      attributes: {
        displayName: { native: true },
        shape: { write: 'create' },
        serial: { write: 'never', access: 'credential' },
        wear: { noise: true },
        parts: { native: true },
        'parts.age': { write: 'never' },
        rules: { write: 'action', action: 'setRules', access: 'policyExclusion' },
        secret: { guard: 'Toy.Read.Secret', only: ['hint'] },
      },
      links: { owners: { targets: ['users'], read: 'list', write: 'ref', access: 'ownership' } },
      deletion: { mode: 'hard' },
      creation: 'post',
      permissions: { read: ['Toy.Read.All'], write: ['Toy.ReadWrite.All'] },
    };
    const page = renderCoverageTable(new Map([['toys', toy]]));
    expect(page).toContain('| [toys](#toys) | 7 | 6 | 2 |');
    expect(page).toContain('| `displayName` | yes | always | yes |');
    expect(page).toContain('| `shape` | yes | at creation | no |');
    expect(page).toContain('| `serial` | yes | never | no |');
    expect(page).toContain('| `wear` | no: it changes by itself, or copies another |  |  |');
    expect(page).toContain('| `parts.age` | yes | never | yes |');
    expect(page).toContain('| `rules` | yes | always, by `setRules` (`policyExclusion`) | no |');
    expect(page).toContain('| `secret` | yes, only `hint`, with `Toy.Read.Secret` | always | no |');
    expect(page).toContain('| `owners` (link) | yes | always (`ownership`) | no |');
  });
});
