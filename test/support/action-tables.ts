// The text of action.yml in, the tables of its inputs and outputs for the README out.
import { parse } from 'yaml';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { description: string; required?: boolean; default?: string }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
}

/** Markdown tables: a row for each input with its default, and one for each output. */
export function actionTables(text: string): { readonly inputs: string; readonly outputs: string } {
  const { inputs, outputs } = parse(text) as ActionFile;
  const cell = (value: string): string => value.replace(/\|/g, '\\|');
  return {
    inputs: [
      '| input | what it says | default |',
      '|---|---|---|',
      ...Object.entries(inputs).map(([name, { description, required, default: value }]) => {
        const shown = required === true ? 'required' : value === undefined ? '' : `\`${value}\``;
        return `| \`${name}\` | ${cell(description)} | ${shown} |`;
      }),
    ].join('\n'),
    outputs: [
      '| output | what it says |',
      '|---|---|',
      ...Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`),
    ].join('\n'),
  };
}

/** The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced. Throws where the markers are not there. */
export function withSection(page: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`there are no markers ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n${section}\n${page.slice(to)}`;
}
