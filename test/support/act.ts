// A real runner around the example workflows: act in its mode without containers; outputs, conditions, summaries and job order are its own doing.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { init } from '../../src/verbs/init.ts';
import { initGitHub } from '../../src/verbs/init-github.ts';
import { temporaryFolder } from './driftline.ts';
import type { GitHubServer } from './github-server.ts';
import { filled, type Job, readWorkflow, workflowFolder } from './workflow.ts';

const root = resolve(import.meta.dirname, '../..');
/** The commit that the workflows name the release by. */
const release = 'd'.repeat(40);

/** Is act on the PATH? */
export function hasAct(): boolean {
  try {
    execFileSync('act', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface WorkflowEvent {
  readonly name: string;
  readonly payload?: unknown;
  /** Inputs of workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface JobRan {
  readonly result: string;
  readonly log: string;
  readonly summary: string;
  /** Outputs of steps, by step and name: `drift.pull-request`. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface ActRunner {
  /** Runs one workflow of `docs/workflows`; gives its jobs by id (of called workflows `calling job/id`), those that were skipped left out. */
  run(workflow: string, event: WorkflowEvent): Promise<Readonly<Record<string, JobRan>>>;
}

interface Line {
  /** `Workflow/job`, or of a called workflow `calling job-number of the matrix/Workflow/job`. */
  readonly job?: string;
  readonly jobID?: string;
  readonly msg?: string;
  readonly jobResult?: string;
  readonly raw_output?: boolean;
  readonly command?: string;
  readonly content?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly stepID?: readonly string[];
}

/**
 * Begins the server's repository as the set-up guide does: what `driftline init --github` writes, with this configuration, committed and
 * pushed; and unpacks a release as the runner would download it. `server` is told, job by job, which environment and permissions the
 * workflow gives it, as GitHub knows them.
 */
export async function startRunner(
  server: GitHubServer,
  configurations: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ActRunner> {
  const folder = realpathSync(temporaryFolder('driftline-act'));
  const [copy, unpacked, artifacts, home] = ['copy', 'release', 'artifacts', 'home'].map((name) => join(folder, name));
  for (const path of [copy!, unpacked!, artifacts!, home!]) mkdirSync(path);
  for (const name of ['action.yml', 'package.json']) copyFileSync(join(root, name), join(unpacked!, name));
  execFileSync(process.execPath, [join(root, '.ci/bundle.mjs'), join(unpacked!, 'bundle')]);
  for (const [path, text] of Object.entries(configurations)) {
    mkdirSync(dirname(join(copy!, path)), { recursive: true });
    writeFileSync(join(copy!, path), text);
  }
  init(copy!);
  initGitHub(copy!, { action: `driftline/driftline@${release}` });
  await push(copy!, server);
  const instead = {
    [`driftline/driftline@${release}`]: unpacked!,
    ...Object.fromEntries(
      ['upload-artifact', 'download-artifact'].map((name) => [pinOf(name), join(root, 'test/runner', name)]),
    ),
  };
  return {
    async run(workflow, { name, payload = {}, inputs = {} }) {
      const event = join(folder, 'event.json');
      writeFileSync(event, JSON.stringify({ ...(payload as object), inputs }));
      const path = `.github/workflows/driftline-${workflow}.yml`;
      const job = {
        ...env,
        ...server.oidc,
        GITHUB_API_URL: server.apiUrl,
        GITHUB_SERVER_URL: server.serverUrl,
        GITHUB_REPOSITORY: server.repository,
        DRIFTLINE_ARTIFACTS: artifacts!,
      };
      const words = [
        // One job after the other, so that the server knows which one asks.
        ...[name, '--json', '--no-cache-server', '--concurrent-jobs', '1', '--eventpath', event, '--workflows', path],
        ...['--platform', 'ubuntu-latest=-self-hosted', '--secret', `GITHUB_TOKEN=${server.token}`],
        ...Object.entries(instead).flatMap(([action, place]) => ['--local-repository', `${action}=${place}`]),
        ...Object.entries(variables).flatMap(([key, value]) => ['--var', `${key}=${value}`]),
        ...Object.entries(job).flatMap(([key, value]) => (value === undefined ? [] : ['--env', `${key}=${value}`])),
        ...Object.entries(inputs).flatMap(([key, value]) => ['--input', `${key}=${value}`]),
      ];
      const child = spawn('act', words, {
        cwd: copy!,
        env: { PATH: [process.execPath.replace(/\/[^/]*$/, ''), process.env.PATH].join(delimiter), HOME: home! },
      });
      return await follow(child, server);
    },
  };
}

/** Commits all of a folder and pushes it as the first commit of the server's main branch. */
async function push(folder: string, server: GitHubServer): Promise<void> {
  const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${server.token}`).toString('base64')}`;
  const person = ['-c', 'user.name=Alex Person', '-c', 'user.email=alex@example.com'];
  for (const words of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    [...person, 'commit', '--quiet', '--message=Begin with Driftline'],
    ['-c', header, 'push', '--quiet', `${server.serverUrl}/${server.repository}.git`, 'HEAD:main'],
  ])
    await promisify(execFile)('git', words, { cwd: folder });
}

/** The commit by which the workflows name an action of GitHub's. */
function pinOf(name: string): string {
  for (const { steps = [] } of ['recover', 'drift'].flatMap((workflow) => Object.values(readWorkflow(workflow).jobs)))
    for (const { uses = '' } of steps) if (uses.startsWith(`actions/${name}@`)) return uses;
  throw new Error(`no workflow uses actions/${name}`);
}

/** Reads act's own account of the run, line by line, and tells the server which job runs, in which environment, with which permissions. */
async function follow(child: ReturnType<typeof spawn>, server: GitHubServer) {
  const jobs: Record<string, { result: string; log: string; summary: string; outputs: Record<string, string> }> = {};
  let running = '';
  let outside = '';
  child.stderr!.on('data', (data: Buffer) => (outside += data.toString('utf8')));
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as Line;
    if (line.jobID === undefined || line.job === undefined) {
      outside += `${line.msg}\n`;
      continue;
    }
    const [workflow = '', caller] = line.job.split('/').reverse().slice(1);
    const id = caller === undefined ? line.jobID : `${caller}/${line.jobID}`;
    if (id !== running) {
      running = id;
      const matrix = jobs.list?.outputs['tenants.matrix'];
      const described = jobOf(workflow, line.jobID);
      server.permissions = described.permissions;
      server.jobEnvironment =
        described.environment === undefined ? undefined : filled(described.environment, inputsOf(caller, matrix));
    }
    jobs[id] ??= { result: '', log: '', summary: '', outputs: {} };
    const job = jobs[id]!;
    job.log += line.raw_output === true ? line.msg : `${line.msg}\n`;
    if (line.jobResult !== undefined) job.result = line.jobResult;
    if (line.command === 'summary') job.summary += line.content;
    if (line.command === 'set-output') job.outputs[`${line.stepID?.at(-1)}.${line.name}`] = line.arg ?? '';
  }
  server.permissions = undefined;
  server.jobEnvironment = undefined;
  if (Object.keys(jobs).length === 0) throw new Error(`act ran no job: ${outside}`);
  return jobs;
}

/** A job of the workflow that has this name. */
function jobOf(workflow: string, id: string): Job {
  for (const file of readdirSync(workflowFolder)) {
    const { name, jobs } = readWorkflow(file.replace(/\.yml$/, ''));
    if (name === workflow && jobs[id] !== undefined) return jobs[id];
  }
  throw new Error(`no workflow ${workflow} with a job ${id}`);
}

/** The inputs that a called workflow gets from the row of the matrix that its caller is of. */
function inputsOf(caller: string | undefined, matrix: string | undefined): Record<string, string> {
  if (caller === undefined || matrix === undefined) return {};
  const { include } = JSON.parse(matrix) as { include: Record<string, string>[] };
  const row = include[Number(/\d+$/.exec(caller)?.[0] ?? 1) - 1];
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [`inputs.${name}`, value]));
}
