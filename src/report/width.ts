// Widths: how many columns of a terminal a text takes, and texts cut or wrapped to columns.

/** Characters that take two columns (East Asian wide and full-width ones, and emoji) or none (marks on the one before). */
const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const mark = /[\p{Mn}\p{Me}]/u;
const plain = /^[\x20-\x7e]*$/;

/** The columns that a text takes which holds no control characters. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  return mark.test(character) ? 0 : wide.test(character) ? 2 : 1;
}

/** The text, cut to so many columns; the cut is seen. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 1;
  let head = '';
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns) break;
    head += character;
  }
  return `${head}…`;
}

/** The text in lines of so many columns, broken between words; a word that is longer stands alone and is not broken, so that it can be copied. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
