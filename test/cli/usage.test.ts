// Words that are no command line: each is told what is wrong with it and where help is, with the status of usage.
import { expect, it } from 'vitest';
import { driftline, temporaryFolder } from '../support/driftline.ts';

it.each([
  ['', 'Name a command. See driftline --help.'],
  ['frobnicate', 'There is no command frobnicate. See driftline --help.'],
  ['snapshto', 'Did you mean snapshot? See driftline --help.'],
  ['snapshot --dleta', 'Unknown argument: dleta. See driftline snapshot --help.'],
  ['snapshot --untracked-maxage 60', 'Unknown argument: untracked-maxage. See driftline snapshot --help.'],
  ['snapshot --max-Age 60 --dleta', 'Unknown arguments: max-Age, dleta. See driftline snapshot --help.'],
  ['plan', 'Something is missing: driftline plan <commit>. See driftline plan --help.'],
  ['show HEAD', 'Something is missing: driftline show <commit> <object>. See driftline show --help.'],
  ['snapshot --kind', '--kind needs a value. See driftline snapshot --help.'],
  ['plan HEAD --allow-access nobody', 'Invalid values:'],
  ['diff a b c', 'Unknown argument: c. See driftline diff --help.'],
  ['log --limit x', 'Not a number (--limit)'],
  ['sandbox --port 99999', 'Not a port'],
  ['plan HEAD --out nowhere/plan.json', 'There is no such folder'],
  ['plan HEAD --out .', 'A folder stands where a file is needed'],
  ['apply .', 'There is no such plan (.)'],
  ['apply missing.json', 'There is no such plan (missing.json)'],
])('driftline %s: %s', async (words, said) => {
  const cwd = temporaryFolder('usage');
  const { status, out, notes } = await driftline(words.split(' ').filter(Boolean), { cwd });
  expect({ status, out }).toEqual({ status: 7, out: '' });
  expect(notes).toContain(said);
});
