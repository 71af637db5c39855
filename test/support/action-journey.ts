// The stage of the Action's journeys: the example company in a sandbox, a GitHub with its repository, and the steps of a job between them.
import {
  createSandbox,
  exampleState,
  firstApp,
  readSeed,
  type SandboxOptions,
  type Seed,
} from '../../src/sandbox/index.ts';
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

/** The application that writes: the second of the set-up guide. */
const writer = { appId: '5f0c8a52-6d0e-4a53-9a4b-0b8d4f6a1d77', secret: 'not used', permissions: 'all' as const };

export interface GuidedJourney extends Journey {
  /** What the guide sets in the repository. */
  readonly variables: Readonly<Record<string, string>>;
  /** Lets jobs in an environment with required reviewers sign in as the application that writes, or in another as this one. */
  trust(environment: string, appId?: string): Promise<void>;
}

/**
 * A tenant with the two applications of the set-up guide and their federated credentials, and a repository with the environments of the
 * workflows.
 */
export async function startWithApplications(files: Readonly<Record<string, string>>): Promise<GuidedJourney> {
  const stage = await startJourney(files, { apps: [writer] });
  const { server, graph, env } = stage;
  const trust = async (environment: string, appId: string = writer.appId) => {
    server.reviewedEnvironments.set(environment, appId === writer.appId);
    const { status, body } = await graph('POST', `/applications(appId='${appId}')/federatedIdentityCredentials`, {
      name: environment,
      issuer: 'https://token.actions.githubusercontent.com',
      subject: `repo:${server.repository}:environment:${environment}`,
      audiences: ['api://AzureADTokenExchange'],
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
  };
  await trust('tenant-read', firstApp.appId);
  await trust('recovery');
  const variables = {
    AZURE_TENANT_ID: env.AZURE_TENANT_ID!,
    DRIFTLINE_READER_CLIENT_ID: firstApp.appId,
    DRIFTLINE_WRITER_CLIENT_ID: writer.appId,
  };
  return { ...stage, variables, trust };
}
