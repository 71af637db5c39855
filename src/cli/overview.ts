// The overview that --help prints, from the list of commands alone: nothing else is loaded for it.
import { commands } from './commands.ts';

export const usage =
  'Git history for a Microsoft Entra ID tenant: snapshots as commits, drift as a diff, recovery from any commit.';
export const epilogue = 'Each command: driftline <command> --help. Exit statuses: docs/exit-status.md.';

/** The overview in lines of at most so many columns. */
export function overview(columns: number): string {
  const width = Math.min(columns, 110);
  const rows = [
    ...commands.map(({ command, describe }) => [`driftline ${command}`, describe] as const),
    ['--version', 'Show the version'] as const,
    ['--help', 'Show help, also of a command'] as const,
  ];
  const left = Math.max(...rows.map(([words]) => words.length)) + 4;
  const text = rows.map(([words, describe]) =>
    [`  ${words}`.padEnd(left), folded(describe, Math.max(20, width - left)).join(`\n${' '.repeat(left)}`)].join(''),
  );
  const [listed, options] = [text.slice(0, commands.length), text.slice(commands.length)];
  return `driftline <command>\n\n${folded(usage, width).join('\n')}\n\nCommands:\n${listed.join('\n')}\n\nOptions:\n${options.join('\n')}\n\n${folded(epilogue, width).join('\n')}\n`;
}

function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
