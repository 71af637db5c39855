// The tables of the Action's inputs and outputs in the README are those of action.yml; run with UPDATE_DOCS=1 they are written anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { actionTables, withSection } from '../support/action-tables.ts';

const page = new URL('../../README.md', import.meta.url);
const tables = actionTables(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8'));
const readme = readFileSync(page, 'utf8');

describe('the tables of the Action', () => {
  it('have a row for each input and output', () => {
    expect(tables.inputs).toContain('| `command` | What to do: `snapshot`, `drift`');
    expect(tables.inputs).toContain('| `config` | Path of driftline.yaml');
    expect(tables.outputs).toContain('| `plan-digest` | Digest of the plan.');
    expect(withSection('a<!-- x -->old<!-- /x -->b', 'x', 'new')).toBe('a<!-- x -->\nnew\n<!-- /x -->b');
    expect(() => withSection('none', 'x', 'new')).toThrow('no markers');
  });

  it.runIf(readme.includes('<!-- action-inputs -->'))('stand in the README as action.yml has them', () => {
    const text = withSection(withSection(readme, 'action-inputs', tables.inputs), 'action-outputs', tables.outputs);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(page, text);
    expect(readFileSync(page, 'utf8'), 'run UPDATE_DOCS=1 npx vitest run test/action/readme.test.ts').toBe(text);
  });
});
