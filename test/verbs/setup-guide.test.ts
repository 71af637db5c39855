// The set-up guide, typed line by line: each command is valid, in an order that works, and asks GitHub for what its published schema has.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { type GitHubServer, requestMisfits, startGitHub } from '../support/github-server.ts';
import { type Call, openShell, type Shell } from '../support/shell.ts';

const commit = 'a'.repeat(40);
const words = ['--action', `acme/driftline@${commit}`, '--repository', 'acme/entra-state', '--owner', '@acme/identity'];
const answers = {
  'az ad app create --display-name driftline-reader': 'reader-id',
  'az ad app create --display-name driftline-writer': 'writer-id',
  'az ad sp show': 'role-id',
  'az account show': 'tenant-id',
  'gh api orgs/': '77',
  'gh api apps/': '78',
  'gh api repos/acme/entra-state --jq': 'repo:acme@1/entra-state@2',
};

let server: GitHubServer;
let shell: Shell;

beforeEach(async () => {
  server = await startGitHub();
  shell = openShell(server, answers);
});

afterEach(() => server.stop());

/** The requests of `gh api`, as the program would send them. */
function requests(calls: readonly Call[]) {
  return calls
    .filter(({ program, words: [verb] }) => program === 'gh' && verb === 'api')
    .map(({ words: [, ...rest], input }) => {
      const method = rest.includes('--method') ? rest[rest.indexOf('--method') + 1]! : 'GET';
      const path = `/${rest.find((word, index) => !word.startsWith('-') && rest[index - 1] !== '--method')}`;
      const fields = rest.flatMap((word, index) => (/^-[fF]$/.test(word) ? [[word, rest[index + 1]!] as const] : []));
      const named = fields.map(([flag, text]) => {
        const [name = '', value = ''] = text.split('=');
        return [name, flag === '-F' ? JSON.parse(value) : value];
      });
      const body = input === '' ? (named.length === 0 ? undefined : Object.fromEntries(named)) : JSON.parse(input);
      return { method, path, body: body as unknown };
    });
}

/** What Entra ID is told to trust. */
function credentials(calls: readonly Call[]) {
  return calls
    .filter(({ words: given }) => given.includes('federated-credential'))
    .map(({ words: given }) => ({
      id: given[given.indexOf('--id') + 1],
      ...(JSON.parse(given[given.indexOf('--parameters') + 1]!) as Record<string, unknown>),
    }));
}

const trusted = (id: string, environment: string) => ({
  id,
  name: `github-${environment}`,
  issuer: 'https://token.actions.githubusercontent.com',
  subject: `repo:acme@1/entra-state@2:environment:${environment}`,
  audiences: ['api://AzureADTokenExchange'],
});

/** The environments must come out right whichever way one takes; the rest by its form. */
function expectSetUp(calls: readonly Call[], [reader, writer]: readonly [string, string]): void {
  const sent = requests(calls);
  for (const { method, path, body } of sent)
    if (!path.startsWith('/apps/')) expect(requestMisfits(method, path, body), `${method} ${path}`).toEqual([]);
  expect(credentials(calls)).toEqual([trusted(reader, 'tenant-read'), trusted(writer, 'recovery')]);
  const at = (path: string) => sent.filter((one) => one.path === `/repos/acme/entra-state/${path}`);
  expect(at('environments/recovery')[0]!.body).toMatchObject({
    prevent_self_review: true,
    deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
  });
  expect(at('environments/recovery/deployment-branch-policies')[0]!.body).toEqual({ name: 'main' });
  expect(at('actions/permissions/workflow')[0]!.body).toEqual({
    default_workflow_permissions: 'read',
    can_approve_pull_request_reviews: true,
  });
  expect(at('rulesets')[0]!.body).toMatchObject({ rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }] });
}

describe('the set-up guide', () => {
  it('can be typed from top to bottom', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/setup-github.md'), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
    // The first fetches Driftline itself, which is here already.
    const typed = blocks
      .slice(1)
      .join('\n')
      .replaceAll('OWNER/NAME@COMMIT', `acme/driftline@${commit}`)
      .replaceAll('OWNER', 'acme');
    expect(blocks[0]).toContain('git checkout COMMIT');
    await shell.run(typed);
    const calls = shell.calls();
    expectSetUp(calls, ['reader-id', 'writer-id']);
    expect(server.git('ls-tree', '-r', '--name-only', 'main').split('\n')).toEqual(
      expect.arrayContaining(['driftline.yaml', '.github/CODEOWNERS', '.github/workflows/driftline-drift.yml']),
    );
    const set = calls
      .filter(({ words: given }) => given[0] === 'variable')
      .map(({ words: given }) => [given[2], given[4]]);
    expect(Object.fromEntries(set)).toEqual({
      AZURE_TENANT_ID: 'tenant-id',
      DRIFTLINE_READER_CLIENT_ID: 'reader-id',
      DRIFTLINE_WRITER_CLIENT_ID: 'writer-id',
    });
    const consented = calls
      .filter(({ words: given }) => given.includes('admin-consent'))
      .map(({ words: given }) => given.at(-1));
    expect(consented).toEqual(['reader-id', 'writer-id', 'writer-id']);
    const [started] = calls.filter(({ words: given }) => given[0] === 'workflow');
    expect(server.git('show', `main:.github/workflows/${started!.words[2]}`)).toContain(`acme/driftline@${commit}`);
  });

  it('and the steps that init prints come to the same', async () => {
    await shell.run('gh repo create acme/entra-state --private --clone');
    const repo = join(shell.folder, 'entra-state');
    const { out } = await driftline(['init', '--github', '--repo', repo, ...words, '--format', 'json']);
    const { steps } = (JSON.parse(out) as { github: { steps: { commands: string[] }[] } }).github;
    const typed = steps.flatMap(({ commands }) => commands).join('\n');
    await shell.run(typed.replaceAll('TEAM_ID', '77'), repo);
    expectSetUp(shell.calls(), ['READER_CLIENT_ID', 'WRITER_CLIENT_ID']);
    expect(server.git('ls-tree', '-r', '--name-only', 'main')).toContain('.github/workflows/driftline-recover.yml');
  });

  it('and, for several tenants, those of each tenant with an environment of its own', async () => {
    await shell.run('gh repo create acme/entra-state --private --clone');
    const repo = join(shell.folder, 'entra-state');
    mkdirSync(join(repo, 'tenants/contoso'), { recursive: true });
    writeFileSync(join(repo, 'tenants/contoso/driftline.yaml'), 'kinds: [groups]\n');
    const { out } = await driftline(['init', '--github', '--repo', repo, ...words, '--format', 'json']);
    const { steps } = (JSON.parse(out) as { github: { steps: { commands: string[] }[] } }).github;
    const typed = steps.flatMap(({ commands }) => commands).join('\n');
    await shell.run(typed.replaceAll('TEAM_ID', '77').replace('FOLDER_OF_THE_TENANT', 'contoso'), repo);
    for (const { method, path, body } of requests(shell.calls()))
      expect(requestMisfits(method, path, body), `${method} ${path}`).toEqual([]);
    expect(credentials(shell.calls())).toEqual([
      trusted('READER_CLIENT_ID', 'tenant-read'),
      trusted('WRITER_CLIENT_ID', 'recovery-contoso'),
    ]);
    const set = shell.calls().filter(({ words: given }) => given[0] === 'variable');
    expect(set.map(({ words: given }) => given.join(' '))).toEqual([
      'variable set DRIFTLINE_WRITER_CLIENT_ID --repo acme/entra-state --env recovery-contoso --body WRITER_CLIENT_ID',
    ]);
    const files = server.git('ls-tree', '-r', '--name-only', 'main').split('\n');
    expect(files).toContain('tenants/contoso/driftline.yaml');
    expect(files).not.toContain('driftline.yaml');
  });

  it('pins the release afterwards by the command that is printed where none was named', async () => {
    const repo = temporaryFolder();
    const { out } = await driftline(['init', '--github', '--repo', repo, '--format', 'json']);
    const { steps } = (JSON.parse(out) as { github: { steps: { commands: string[] }[] } }).github;
    await shell.run(steps[0]!.commands[0]!.replace('OWNER/NAME', 'acme/driftline').replace('COMMIT', commit), repo);
    for (const name of ['drift', 'recover'])
      expect(readFileSync(join(repo, `.github/workflows/driftline-${name}.yml`), 'utf8')).toContain(
        `uses: acme/driftline@${commit} # the commit of the release`,
      );
  });
});
