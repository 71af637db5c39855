// The GitHub Action: inputs into one mode of work, what came of it into outputs, summary and annotations; returns the exit status.
import { type Inputs, readInputs } from './action/inputs.ts';
import { notify } from './action/notify.ts';
import { pullRefs, Runner, type World } from './action/runner.ts';
import { type Needs, type Site, withSite } from './action/site.ts';
import { markdownText } from './model/escape.ts';
import { exitStatus, Problem } from './model/problem.ts';

interface Mode {
  readonly needs: Needs;
  readonly load: () => Promise<(site: Site) => Promise<number>>;
}

/** Is it a branch or tag that a person may name as a goal? */
function named(ref: string): boolean {
  return /^refs\/(heads|tags)\//.test(ref) && !ref.startsWith('refs/heads/driftline/');
}

/** What each mode needs of the repository, and where its work is; only the one that runs is loaded. */
const modes: Readonly<Record<Inputs['command'], Mode>> = {
  snapshot: {
    needs: { shallow: true, withoutFiles: true, withoutBranch: true },
    load: async () => (await import('./action/snapshot.ts')).runSnapshot,
  },
  drift: {
    needs: { shallow: true, refs: (ref) => ref.startsWith('refs/heads/driftline/drift/') },
    load: async () => (await import('./action/drift.ts')).runDrift,
  },
  plan: {
    needs: { refs: (ref, event) => named(ref) || pullRefs(event).includes(ref) },
    load: async () => (await import('./action/plan.ts')).runPlan,
  },
  apply: {
    needs: { refs: (ref, _event, inputs) => inputs.goalBranches.includes(ref) },
    load: async () => (await import('./action/apply.ts')).runApply,
  },
  revert: { needs: { refs: named }, load: async () => (await import('./action/revert.ts')).runRevert },
  verify: { needs: { withoutBranch: true }, load: async () => (await import('./action/verify.ts')).runVerify },
  tenants: {
    needs: { shallow: true, withoutFiles: true },
    load: async () => (await import('./action/verify.ts')).runTenants,
  },
};

/** Runs the step. Whatever goes wrong is said as an annotation, in the summary and to the webhook; nothing is thrown. */
export async function action(world: World): Promise<number> {
  const runner = new Runner(world);
  let inputs: Inputs | undefined;
  try {
    inputs = readInputs(world.environment);
    const { needs, load } = modes[inputs.command];
    const run = await load();
    const status = await withSite({ world, runner, inputs }, needs, run);
    const { incomplete } = Object.fromEntries(runner.outputs);
    if (incomplete !== undefined && incomplete !== '')
      await tell(world, runner, inputs, 'coverage', `Not read completely: ${incomplete}.`);
    return status;
  } catch (error) {
    const problem = error instanceof Problem ? error : undefined;
    const title = problem?.summary ?? 'Something went wrong that Driftline does not know';
    const detail = problem?.detail ?? (error instanceof Error ? error.message : String(error));
    const where = problem?.subject === undefined ? '' : `${problem.subject}: `;
    runner.annotate('error', title, `${where}${detail}`);
    runner.summary(`## ${title}\n\n${markdownText(`${where}${detail}`, 4000)}\n`);
    if (inputs !== undefined)
      await tell(world, runner, inputs, problem?.kind === 'refused' ? 'refusal' : 'failure', `${title}.`);
    if (world.signal.aborted) return exitStatus.interrupted.status;
    return problem?.exitStatus ?? exitStatus.failed.status;
  }
}

async function tell(
  world: World,
  runner: Runner,
  inputs: Inputs,
  event: 'coverage' | 'refusal' | 'failure',
  text: string,
): Promise<void> {
  const { GITHUB_REPOSITORY: name = '', GITHUB_SERVER_URL: server = '', GITHUB_RUN_ID: run = '' } = world.environment;
  await notify(
    { world, runner, inputs, name, runPage: `${server}/${name}/actions/runs/${run}` },
    event,
    `${inputs.command}: ${text}`,
  );
}
