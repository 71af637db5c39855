// Aligned tables for people: columns as wide as their cells, hostile text inert, long cells wrapped to the terminal's width.
import { visible } from '../model/escape.ts';
import { styled, type Terminal } from './terminal.ts';

const none = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
];
const chars = Object.fromEntries([...none, 'mid', 'mid-mid', 'right', 'right-mid'].map((name) => [name, '']));

/**
 * The rows under their headings, with a final newline. A cell is data and made inert, unless it is given as `{ styled }`, which is
 * written as it is.
 */
export async function tableText(
  terminal: Pick<Terminal, 'colour' | 'columns'>,
  headings: readonly string[],
  rows: readonly (readonly (string | number | { readonly styled: string })[])[],
  align: readonly ('left' | 'right')[] = [],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    chars: { ...chars, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: headings.map((_, column) => align[column] ?? 'left'),
  });
  table.push(headings.map((heading) => styled(terminal, 'bold', heading)));
  for (const row of rows)
    table.push(
      row.map((cell) =>
        typeof cell === 'object' ? cell.styled : typeof cell === 'number' ? String(cell) : visible(cell),
      ),
    );
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
