// The site: inputs and event of a job in, a clone of its repository with the workplace over it out; the configuration comes from the default branch.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultConfiguration, parseConfiguration } from '../config.ts';
import type { Configuration } from '../model/config.ts';
import { Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import type { Clone, RemoteRefs } from '../repo/index.ts';
import { tenantsFolder } from '../verbs/tenants.ts';
import { identity, openWorkplace, requireKind, type Workplace } from '../workplace.ts';
import { GitHub } from './github.ts';
import { type Inputs, topConfiguration, wrong } from './inputs.ts';
import { type GitHubEvent, type Runner, readEvent, type World } from './runner.ts';

/** How much of the history and files a mode needs. */
export interface Needs {
  readonly shallow?: boolean;
  readonly withoutFiles?: boolean;
  /** It can do without the branch: it makes it, or says that it is gone. To every other mode a branch that is not there is a mistake. */
  readonly withoutBranch?: boolean;
  /** Which refs of the remote to fetch beside the branch. */
  readonly refs?: (ref: string, event: GitHubEvent, inputs: Inputs) => boolean;
}

export interface Site {
  readonly world: World;
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly event: GitHubEvent;
  /** Folder for what the job leaves to later steps: reports, plans. */
  readonly folder: string;
  readonly clone: Clone;
  readonly github: GitHub;
  /** `owner/name`. */
  readonly name: string;
  /** Address of the repository's page. */
  readonly page: string;
  /** Address of this run's page. */
  readonly runPage: string;
  /** The refs of the remote as they were when the job began: a push compares with them. */
  readonly remote: RemoteRefs;
  /** The baseline branch as `refs/heads/…`, and where it is on the remote; undefined: it is not there yet. */
  readonly branch: string;
  readonly tip: string | undefined;
  readonly configuration: Configuration;
  readonly workplace: Workplace;
  openRepository(): Promise<Repository>;
}

/** Clones the job's repository and opens the workplace over it; `use` is run, and the clone removed with the token in it. */
export async function withSite<Result>(
  { world, runner, inputs }: Pick<Site, 'world' | 'runner' | 'inputs'>,
  needs: Needs,
  use: (site: Site) => Promise<Result>,
): Promise<Result> {
  const { environment } = world;
  const event = readEvent(environment);
  const name = required(environment, 'GITHUB_REPOSITORY');
  const server = required(environment, 'GITHUB_SERVER_URL').replace(/\/$/, '');
  const token = inputs.token;
  if (token === undefined) throw wrong('token', "is empty; leave it out to use the job's own token");
  const github = new GitHub({ apiUrl: required(environment, 'GITHUB_API_URL'), token, repository: name, world });
  const folder = join(environment.RUNNER_TEMP || world.cwd, 'driftline', world.random());
  const { openClone } = await import('../repo/index.ts');
  const signingKey = await keyFile(inputs, folder);
  const clone = await openClone({
    folder: join(folder, 'repository'),
    url: `${server}/${name}.git`,
    authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
    identity,
    signingKey,
  });
  try {
    const remote = await clone.remoteRefs();
    const fallback = remote.head ?? `refs/heads/${(await github.repository()).defaultBranch}`;
    const wanted = [...remote.refs.keys()].filter((ref) => needs.refs?.(ref, event, inputs) ?? false);
    const fetched = await clone.fetch([fallback, ...wanted], needs, remote);
    const read = await configurationAt(clone, fetched.get(fallback), inputs);
    const short = inputs.branch ?? read.branch;
    const branch = short === undefined ? fallback : `refs/heads/${short.replace(/^refs\/heads\//, '')}`;
    const tip = branch === fallback ? fetched.get(fallback) : (await clone.fetch([branch], needs, remote)).get(branch);
    if (tip === undefined && remote.refs.size > 0 && needs.withoutBranch !== true) throw noBranch(branch, inputs);
    await clone.setBranch(branch);
    const configuration = { ...read, branch: branch.replace(/^refs\/heads\//, '') };
    const workplace = openWorkplace({
      repo: clone.root,
      cwd: world.cwd,
      environment: { ...environment, DRIFTLINE_SIGNING_KEY: signingKey },
      configuration,
      signal: world.signal,
      ...(world.time === undefined ? {} : { time: world.time }),
    });
    for (const kind of inputs.kinds ?? []) requireKind(workplace.kinds, kind, 'kinds');
    const page = `${server}/${name}`;
    return await use({
      world,
      runner,
      inputs,
      event,
      folder,
      clone,
      github,
      name,
      page,
      runPage: `${page}/actions/runs/${environment.GITHUB_RUN_ID ?? ''}`,
      remote,
      branch,
      tip,
      configuration,
      workplace,
      openRepository: () => workplace.openRepository(),
    });
  } finally {
    await clone.remove();
    if (signingKey !== undefined) await rm(signingKey, { force: true });
  }
}

/** A name that was typed wrongly must not begin a second baseline. */
function noBranch(branch: string, inputs: Inputs): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'The baseline branch is not there',
    detail: `The repository has no branch of this name, which ${inputs.branch === undefined ? inputs.config : 'the input branch'} gives. Correct the name, or make the branch first. Nothing was read or pushed.`,
    subject: branch.replace(/^refs\/heads\//, ''),
  });
}

/** The signing key in a file for its owner alone, for as long as the job needs it. */
async function keyFile({ signingKey }: Inputs, folder: string): Promise<string | undefined> {
  if (signingKey === undefined) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'signing-key');
  await writeFile(path, `${signingKey}\n`, { mode: 0o600 });
  return path;
}

/**
 * The configuration as the default branch has it, with the inputs over it. Never that of a pull request: it names where the token is sent
 * and what a recovery may not touch.
 */
async function configurationAt(clone: Clone, commit: string | undefined, inputs: Inputs): Promise<Configuration> {
  const text = commit === undefined ? undefined : await clone.text(commit, inputs.config);
  if (text === undefined && inputs.config !== topConfiguration)
    throw wrong('config', 'names a file that is not on the default branch');
  const tenants = text === undefined && commit !== undefined ? await clone.names(commit, tenantsFolder) : [];
  if (tenants.length > 0 && inputs.command !== 'tenants')
    throw wrong(
      'config',
      `is missing: the repository has several tenants, and this is about one of them. Name its ${tenantsFolder}/NAME/driftline.yaml`,
    );
  const folder = inputs.config.includes('/') ? inputs.config.slice(0, inputs.config.lastIndexOf('/')) : '';
  const read = text === undefined ? defaultConfiguration : parseConfiguration(text, inputs.config, folder);
  const { tenantId, clientId } = inputs;
  return {
    ...read,
    credentials: {
      ...read.credentials,
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(clientId === undefined ? {} : { clientId }),
    },
  };
}

function required(environment: World['environment'], name: string): string {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  throw new Problem({
    kind: 'usage',
    summary: 'This is no job of GitHub Actions',
    detail: `The variable ${name} is not set. The Action runs inside a workflow; elsewhere use the command line.`,
    subject: name,
  });
}

/** Problem `refused` where a push would publish the tenant's state to everybody. */
export async function refusePublic({ github, inputs, name }: Site): Promise<void> {
  if (inputs.allowPublic || !(await github.repository()).isPublic) return;
  throw new Problem({
    kind: 'refused',
    summary: 'The repository is public',
    detail:
      "A tenant's state names its people, groups and defences. Nothing was pushed. Make the repository private, or set allow-public: true if you mean it.",
    subject: name,
  });
}

/** Puts commits of ours onto the branch of the remote; where it moved meanwhile, and not in our state, they are made again on top of it. */
export async function publish(
  site: Site,
  repository: Repository,
  from: string | undefined,
  to: string,
): Promise<string> {
  const { clone, branch } = site;
  let [base, commit] = [from, to];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await clone.push([{ ref: branch, from: base, to: commit }]);
      return commit;
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'conflict' || attempt === 4) throw error;
      const now = (await clone.fetch([branch])).get(branch);
      const again = now === undefined ? undefined : await clone.rebase(commit, base, now, [repository.statePath]);
      if (again === undefined) throw error;
      await clone.point(branch, again);
      [base, commit] = [now, again];
    }
  }
}
