// JSON output: one value, two spaces, a final newline.

/** The value as a person or a script reads it. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
