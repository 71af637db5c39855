// An example workflow in, its jobs and steps with the expressions filled in out, as GitHub would hand them to the runner.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface WorkflowStep {
  readonly id?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly WorkflowStep[];
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
}

export interface Workflow {
  readonly name: string;
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

export const workflowFolder = new URL('../../docs/workflows/', import.meta.url);

export function readWorkflow(name: string): Workflow {
  return parse(readFileSync(new URL(`${name}.yml`, workflowFolder), 'utf8')) as Workflow;
}

/** The values that expressions name: `vars.X`, `inputs.x`, `needs.plan.outputs.digest`, …; what is not there is empty, as GitHub has it. */
export type Context = Readonly<Record<string, string>>;

/** A text with its `${{ … }}` filled in. Names, texts, `==`, `&&`, `||` and fromJSON are all that our workflows use in inputs; more is an error. */
export function filled(text: string, context: Context): string {
  const term = (words: string): string => {
    const [left = '', right] = words.split('==').map((word) => word.trim());
    if (right !== undefined) return term(left) === term(right) ? 'true' : '';
    const name = left.replace(/^fromJSON\((.*)\)$/, '$1');
    if (/^'[^']*'$/.test(name)) return name.slice(1, -1);
    if (/^[a-z]+(\.[A-Za-z0-9_-]+)+$/.test(name)) return context[name] ?? '';
    throw new Error(`an expression that this test does not know: ${words}`);
  };
  return String(text).replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    for (const part of expression.split('||')) {
      const terms = part.split('&&').map(term);
      if (terms.every((value) => value !== '')) return terms.at(-1)!;
    }
    return '';
  });
}

/** The step of a job that runs the Action, with its inputs filled in. */
export function actionStep(
  job: Job,
  context: Context,
): { readonly id: string; readonly inputs: Record<string, string> } {
  const [found, ...others] = (job.steps ?? []).filter(({ uses }) => uses?.startsWith('driftline/driftline@'));
  if (found === undefined || others.length > 0) throw new Error('a job runs the Action once');
  const inputs = Object.entries(found.with ?? {}).map(([name, value]) => [name, filled(value, context)]);
  return { id: found.id ?? '', inputs: Object.fromEntries(inputs) };
}
