// A Problem as words for a person at 2 AM: what, to which object, why, what now; where it came from only when asked.
import { Problem } from '../model/problem.ts';
import { styled, type Terminal } from './terminal.ts';

/** The words for an error, with a final newline. Text from the tenant in it is made inert. */
export function problemText(error: unknown, terminal: Terminal, verbose: boolean): string {
  const lines: string[] = [];
  if (error instanceof Problem) {
    lines.push(
      `${styled(terminal, 'red', 'driftline:')} ${error.summary}${error.subject === undefined ? '' : ` (${error.subject})`}`,
    );
    lines.push(`  ${error.detail}`);
  } else {
    lines.push(`${styled(terminal, 'red', 'driftline:')} Something went wrong that Driftline does not know`);
    lines.push(
      `  ${error instanceof Error ? error.message : String(error)}. Nothing more was done. Run it again with --verbose and report what it prints.`,
    );
  }
  if (verbose) for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? at.message);
  return `${lines.map(inert).join('\n')}\n`;
}

/** Control characters, and whatever else could steer a terminal, as visible escapes. */
function inert(text: string): string {
  // Our own colour sequences are kept: they are the only ones that `styled` writes.
  return text.replace(/\x1b\[\d+m|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, (found) =>
    found === '\n' || found.length > 1 ? found : `\\u{${found.codePointAt(0)!.toString(16)}}`,
  );
}
