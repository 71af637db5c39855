// Documentation that is made from the code is what the code says; run with UPDATE_DOCS=1 it is written anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitStatus } from '../src/model/problem.ts';

const docs = resolve(import.meta.dirname, '..', 'docs');

/** The committed page must equal what the code says now. */
function same(page: string, text: string): void {
  const path = join(docs, page);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8'), `${page} is out of date: run UPDATE_DOCS=1 npx vitest run test/docs.test.ts`).toBe(
    text,
  );
}

describe('the pages that are made from the code', () => {
  it('exit-status.md lists every status', () => {
    const rows = Object.entries(exitStatus).map(
      ([name, { status, meaning }]) => `| ${status} | ${name} | ${meaning} |`,
    );
    same(
      'exit-status.md',
      `# Exit statuses\n\nMade from the table in \`src/model/problem.ts\`.\n\n| status | name | meaning |\n|---|---|---|\n${rows.join('\n')}\n`,
    );
  });
});
