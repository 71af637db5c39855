// The stage of the Action's journeys: the example company in a sandbox, a GitHub with its repository, and the steps of a job between them.
import { createSandbox, exampleState, type SandboxOptions } from '../../src/sandbox/index.ts';
import { type Step, type StepOptions, step } from './action.ts';
import { type GitHubServer, startGitHub } from './github-server.ts';
import { caller, type Graph } from './graph.ts';

export interface Journey {
  readonly sandbox: ReturnType<typeof createSandbox>;
  readonly server: GitHubServer;
  readonly graph: Graph;
  /** The environment by which the tenant is reached. */
  readonly env: Readonly<Record<string, string>>;
  run(inputs: Readonly<Record<string, string>>, more?: StepOptions): Promise<Step>;
  end(): Promise<void>;
}

/** Sets the stage; `files` are what the repository's owner committed. */
export async function startJourney(
  files: Readonly<Record<string, string>>,
  options: SandboxOptions = {},
): Promise<Journey> {
  const sandbox = createSandbox({ throttling: false, ...options });
  await sandbox.loadSeed(exampleState);
  const { env, close } = await sandbox.listen();
  const server = await startGitHub();
  if (Object.keys(files).length > 0) server.edit('main', files);
  return {
    sandbox,
    server,
    env,
    graph: caller(env.DRIFTLINE_GRAPH_URL!, env.DRIFTLINE_ACCESS_TOKEN!),
    run: (inputs, more = {}) => step(server, inputs, { ...more, env: { ...env, ...more.env } }),
    async end() {
      await close();
      await server.stop();
    },
  };
}
