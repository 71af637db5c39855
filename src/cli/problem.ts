// A Problem as words for a person at 2 AM: what, to which object, why, what now; where it came from only when asked.
import { terminalText } from '../model/escape.ts';
import { exitStatus, Problem, type ProblemKind } from '../model/problem.ts';
import { styled, type Terminal } from './terminal.ts';

/** What the operating system's own errors mean to a person, and what to do; a status, where it is not that of a failure. */
const systemErrors: Readonly<Record<string, readonly [summary: string, detail: string, kind?: ProblemKind]>> = {
  EACCES: ['The operating system does not allow it', 'Run it as a user who may, or choose another place.'],
  EADDRINUSE: ['The port is taken', 'Choose another with --port, or stop the program that has it.'],
  EEXIST: ['Something is there already', 'Look at what it is; move it away if it is not needed, and run it again.'],
  EISDIR: ['A folder stands where a file is needed', 'Name the file.'],
  EMFILE: ['Too many files are open', 'Raise the limit (ulimit -n) and run it again.'],
  ENOENT: ['A file or folder is not there', 'Check the path; it is taken from the folder that you are in.'],
  ENOSPC: ['The disk is full', 'Free some space and run it again; what was half written is not used.'],
  ENOTDIR: ['A file stands where a folder is needed', 'Check the path.'],
  EROFS: ['The disk is read-only', 'Choose another place.'],
  ERR_SOCKET_BAD_PORT: ['Not a port', 'A port is a number from 0 to 65535; 0 takes any that is free.', 'usage'],
};

/** The words for an error, with a final newline. Text from the tenant in it is made inert. */
export function problemText(error: unknown, terminal: Terminal, verbose: boolean): string {
  const [summary, detail] = wordsOf(error);
  const lines = [`${styled(terminal, 'red', 'driftline:')} ${inert(summary)}`, `  ${inert(detail)}`];
  if (verbose)
    for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(inert(at.stack ?? at.message));
  return `${lines.join('\n')}\n`;
}

/** The exit status of an error. */
export function statusOf(error: unknown): number {
  if (error instanceof Problem) return error.exitStatus;
  const { code } = (error ?? {}) as { code?: unknown };
  const [, , kind = 'failed'] = (typeof code === 'string' ? systemErrors[code] : undefined) ?? [];
  return exitStatus[kind].status;
}

function wordsOf(error: unknown): readonly [summary: string, detail: string] {
  if (error instanceof Problem)
    return [error.subject === undefined ? error.summary : `${error.summary} (${error.subject})`, error.detail];
  const { code, path, message } = (error ?? {}) as { code?: unknown; path?: unknown; message?: unknown };
  const known = typeof code === 'string' ? systemErrors[code] : undefined;
  if (known !== undefined) return [typeof path === 'string' ? `${known[0]} (${path})` : known[0], known[1]];
  return [
    'Something went wrong that Driftline does not know',
    `${String(message ?? error).replace(/\.*$/, '.')} Nothing more was done. Run it again with --verbose and report what it prints.`,
  ];
}

/** Control characters, and whatever else could steer a terminal, as visible escapes; line breaks stay. */
function inert(text: string): string {
  return text
    .split('\n')
    .map((line) => terminalText(line))
    .join('\n');
}
