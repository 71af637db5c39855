// The page of commands: it stands in docs/commands.md as the commands themselves say it; UPDATE_DOCS=1 writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import yargs, { type Argv } from 'yargs';
import { commonOptions } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';

const page = join(import.meta.dirname, '../../docs/commands.md');

/** What --help says of the options that `add` adds, without those that yargs has for itself. */
async function optionsOf(add: (inner: Argv) => unknown): Promise<string> {
  const inner = yargs([]).locale('en').scriptName('driftline').help(false).version(false).wrap(110);
  add(inner);
  const help = await inner.getHelp();
  const at = help.search(/^(Positionals|Options):/m);
  return at < 0 ? '' : help.slice(at).trimEnd();
}

const fenced = (text: string) => (text === '' ? '' : `\n\`\`\`\n${text}\n\`\`\`\n`);

it('the page of commands is what the commands say', async () => {
  const sections: string[] = [];
  for (const { command, describe, load } of commands) {
    const { options, formats } = await load();
    const text = await optionsOf((inner) => options?.(inner));
    const more =
      formats === undefined ? '' : `\n\`--format\` also takes ${formats.map((name) => `\`${name}\``).join(', ')}.\n`;
    sections.push(`## driftline ${command}\n\n${describe}.\n${more}${fenced(text)}`);
  }
  const text = `# Commands

Made from the commands themselves (\`driftline --help\`, \`driftline COMMAND --help\`); a test keeps it equal to them. [Exit statuses](exit-status.md).
What belongs together is told in [Set-up](setup.md), [Reports](diff.md), [Recovery](recovery.md), [the 2 AM page](recovery-runbook.md),
[GitHub Action](action.md) and [Server](server.md).

## Options of every command
${fenced(await optionsOf((inner) => commonOptions(inner, ['table', 'json'])))}
${sections.join('\n')}`;
  if (process.env.UPDATE_DOCS === '1') writeFileSync(page, text);
  expect(readFileSync(page, 'utf8'), 'run UPDATE_DOCS=1 npx vitest run test/cli/commands.test.ts').toBe(text);
});
