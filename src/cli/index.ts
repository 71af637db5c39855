// The command line: answers the two quick questions itself, has everything else run, and turns a Problem into words and an exit status.
import { exitStatus } from '../model/problem.ts';
import { overview } from './overview.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line (without node and script) and returns the exit status; nothing here ends the process. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  let verbose = words.includes('--verbose');
  try {
    if (words.length === 1 && words[0] === '--help') {
      await terminal.out(overview(terminal.columns));
      return exitStatus.done.status;
    }
    const { runCommand } = await import('./parse.ts');
    return await runCommand(words, terminal, (said) => {
      verbose = said;
    });
  } catch (error) {
    const { problemText, statusOf } = await import('./problem.ts');
    terminal.note(problemText(error, terminal, verbose));
    if (terminal.signal.aborted) return exitStatus.interrupted.status;
    return statusOf(error);
  }
}
