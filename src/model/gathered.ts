// Gathering: a long text that is made in very many small parts, in parts of some size, so that it is never held as a whole.

/** The same text in fewer parts, each of 64 kB or a little more; the last one may be empty. */
export function* gathered(texts: Iterable<string>): Generator<string> {
  let open: string[] = [];
  let length = 0;
  for (const text of texts) {
    open.push(text);
    length += text.length;
    if (length < 65_536) continue;
    yield open.join('');
    [open, length] = [[], 0];
  }
  yield open.join('');
}
