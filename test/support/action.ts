// Runs the Action in this process as the runner would: inputs and event by environment and file, outputs and summary by file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { action } from '../../src/action.ts';
import { hurriedTime, temporaryFolder } from './driftline.ts';
import type { GitHubServer } from './github-server.ts';

export interface StepOptions {
  /** Variables of the job beside the runner's own: those of the tenant. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly event?: { readonly name: string; readonly payload: unknown };
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

export interface Step {
  readonly status: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly log: string;
  /** What RUNNER_TEMP was. */
  readonly folder: string;
}

const actionFile = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')) as {
  inputs: Record<string, { default?: string }>;
};

/** The environment that the runner makes for a step of the Action with these inputs, and where its files are. */
export function stepEnvironment(
  server: GitHubServer,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
) {
  const folder = temporaryFolder('driftline-runner');
  const environment: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: folder,
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: server.apiUrl,
    GITHUB_SERVER_URL: server.serverUrl,
    GITHUB_REPOSITORY: server.repository,
    GITHUB_RUN_ID: '77',
    GITHUB_ACTOR: 'alex',
    GITHUB_EVENT_NAME: options.event?.name ?? 'schedule',
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: join(folder, 'temp'),
    ...options.env,
  };
  for (const [name, { default: value }] of Object.entries(actionFile.inputs))
    environment[`INPUT_${name.toUpperCase()}`] = inputs[name] ?? (name === 'token' ? server.token : (value ?? ''));
  mkdirSync(join(folder, 'temp'));
  writeFileSync(join(folder, 'event.json'), JSON.stringify(options.event?.payload ?? {}));
  for (const name of ['output', 'summary']) writeFileSync(join(folder, name), '');
  return { environment, folder };
}

/** The outputs as the runner reads them from its file. */
export function readOutputs(folder: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = readFileSync(join(folder, 'output'), 'utf8').split('\n');
  for (let at = 0; at < lines.length - 1; at += 1) {
    const [name = '', delimiter = ''] = lines[at]!.split('<<');
    const end = lines.indexOf(delimiter, at + 1);
    outputs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}

/** One step of the Action. */
export async function step(
  server: GitHubServer,
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<Step> {
  const { environment, folder } = stepEnvironment(server, inputs, options);
  let log = '';
  let turn = 0;
  const status = await action({
    environment,
    cwd: folder,
    now: options.now ?? (() => new Date()),
    signal: options.signal ?? new AbortController().signal,
    random: () => `random${turn++}`,
    write: (text) => {
      log += text;
    },
    wait: async () => undefined,
    time: hurriedTime(),
  });
  return { status, outputs: readOutputs(folder), summary: readFileSync(join(folder, 'summary'), 'utf8'), log, folder };
}
