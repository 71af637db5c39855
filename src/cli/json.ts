// JSON output: one value, two spaces, a final newline; hostile text in it escaped, so that no terminal or log is steered.
import { jsonText } from '../model/escape.ts';

/** The value as a person or a script reads it. */
export function json(value: unknown): string {
  return `${jsonText(value, 2)}\n`;
}
