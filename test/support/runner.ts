// The two parsers by which a runner of GitHub Actions finds commands in what a step prints, after actions/runner's ActionCommand.cs.

/** The commands that a runner would see in an output. Lines end at \n, \r and \r\n. */
export function commandsIn(output: string): string[] {
  return output.split(/\r\n|\n|\r/).filter((line) => secondSpelling(line) || firstSpelling(line));
}

/** `::name key=value::data`, after white space of any sort (.NET's TrimStart). */
function secondSpelling(line: string): boolean {
  const message = line.replace(/^[\s\u0085\u200b\ufeff]+/u, '');
  return message.startsWith('::') && message.indexOf('::', 2) >= 0;
}

/** `##[name key=value]data`, anywhere in the line. */
function firstSpelling(line: string): boolean {
  const begin = line.indexOf('##[');
  return begin >= 0 && line.indexOf(']', begin) >= 0;
}
