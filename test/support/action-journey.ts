// The stage of the Action's journeys: the example company in a sandbox, a GitHub with its repository, and the steps of a job between them.
import { createSandbox, exampleState, readSeed, type SandboxOptions, type Seed } from '../../src/sandbox/index.ts';
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

let example: Promise<Seed> | undefined;

/**
 * Sets the stage; `files` are what the repository's owner committed, or `copyOf` is the bare repository of another stage, so that what
 * many journeys begin with is made once.
 */
export async function startJourney(
  files: Readonly<Record<string, string>>,
  options: SandboxOptions = {},
  copyOf?: string,
): Promise<Journey> {
  example ??= readSeed(exampleState);
  const sandbox = createSandbox({ throttling: false, seeds: [await example], ...options });
  const { env, close } = await sandbox.listen();
  const server = await startGitHub(copyOf);
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

const baselines = new Map<string, Promise<string>>();

/** A stage whose repository has this configuration and a first snapshot of the company. */
export async function startWithBaseline(config: string): Promise<Journey> {
  const files = { 'README.md': 'Our tenant\n', 'driftline.yaml': config };
  if (!baselines.has(config))
    baselines.set(
      config,
      startJourney(files).then(async (stage) => {
        const { status, log } = await stage.run({ command: 'snapshot' });
        await stage.end();
        if (status !== 0) throw new Error(log);
        return stage.server.gitDir;
      }),
    );
  return startJourney({}, {}, await baselines.get(config));
}
