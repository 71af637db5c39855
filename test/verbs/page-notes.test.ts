// Page notes: lines in, the same lines out to the attempt that goes on, and to no other; a line that was torn is as if it had not been written.
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { Repository } from '../../src/model/repository.ts';
import type { PageNotes } from '../../src/model/tenant.ts';
import { forgetPageNotes, openPageNotes } from '../../src/verbs/page-notes.ts';
import { temporaryFolder } from '../support/driftline.ts';

const users = kinds.get('users')!;

async function all(notes: PageNotes, name = 'manager'): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of notes.lines(name)) lines.push(line);
  return lines;
}

function place() {
  const privateFolder = temporaryFolder('notes');
  const repository = { privateFolder } as Repository;
  const file = () => join(privateFolder, 'first', 'users.manager.ndjson');
  return { repository, file, open: (beginning: string) => openPageNotes(repository, users, beginning) };
}

it('gives the lines of the same beginning, a torn one left out, and goes on after them', async () => {
  const { open, file } = place();
  const first = open('one');
  expect(await all(first)).toEqual([]);
  for (const line of ['{"a":"ä"}', '{"b":2}', '{"c":3}']) await first.note('manager', line);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  truncateSync(file(), statSync(file()).size - 3);
  const second = open('one');
  expect(await all(second)).toEqual(['{"a":"ä"}', '{"b":2}']);
  await second.note('manager', '{"d":4}');
  expect(await all(open('one'))).toEqual(['{"a":"ä"}', '{"b":2}', '{"d":4}']);
});

it('knows nothing of another beginning, and lets go of it with the first line of its own', async () => {
  const { repository, open, file } = place();
  await open('one').note('manager', 'old');
  const other = open('two');
  expect(await all(other)).toEqual([]);
  await other.note('manager', 'new');
  expect(readFileSync(file(), 'utf8')).not.toContain('old');
  expect(await all(open('two'))).toEqual(['new']);
  await other.forget('manager');
  expect(await all(open('two'))).toEqual([]);
  await forgetPageNotes(repository, [kinds.get('groups')!]);
  expect(readdirSync(join(repository.privateFolder, 'first'))).toHaveLength(1);
  await forgetPageNotes(repository, [users]);
  expect(readdirSync(join(repository.privateFolder, 'first'))).toEqual([]);
});
