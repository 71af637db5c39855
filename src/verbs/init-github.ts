// Init for GitHub: the workflows and CODEOWNERS of a tenant's repository, and what its owner has to set up by hand, with the commands.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Problem } from '../model/problem.ts';
import { hasTenants } from './tenants.ts';

/** Where the workflows to copy are, in the package and in the sources. */
const templates = new URL('../../docs/workflows/', import.meta.url);

/** Whoever copies a workflow must choose the release; a commit of only zeros runs nothing. */
const unpinned = `driftline/driftline@${'0'.repeat(40)} # the commit of the release that you looked at`;

const single = ['drift', 'snapshot', 'plan', 'recover', 'revert', 'verify'];
const several = [
  ...['tenants', 'driftline-tenant', 'tenants-plan', 'tenants-recover', 'driftline-tenant-recover'],
  'tenants-verify',
];

export interface GitHubOptions {
  /** `owner/name@commit`: the release of the Action that the workflows use. */
  readonly action?: string | undefined;
  /** `owner/name` of the repository, for the commands. */
  readonly repository?: string | undefined;
  /** Teams and people who must review what a recovery could write: `@org/identity`. */
  readonly owners?: readonly string[] | undefined;
}

export interface GitHubInit {
  readonly written: readonly string[];
  /** Files that were there already. */
  readonly kept: readonly string[];
  /** What remains, in order: what it is for, and the commands. */
  readonly steps: readonly { readonly title: string; readonly commands: readonly string[] }[];
}

/**
 * Writes the workflows into `.github/workflows` of a folder, and `.github/CODEOWNERS`; a file that is there is kept. A folder `tenants/`
 * with configurations gets those for several tenants. Problem `usage` for an action, repository or owner that is not one.
 */
export function initGitHub(root: string, options: GitHubOptions = {}): GitHubInit {
  refuse(options);
  const many = hasTenants(root);
  const files = new Map<string, string>();
  for (const name of many ? several : single) {
    const text = readFileSync(new URL(`${name}.yml`, templates), 'utf8');
    const path = `.github/workflows/${name.startsWith('driftline-') ? name : `driftline-${name}`}.yml`;
    files.set(
      path,
      options.action === undefined
        ? text
        : text.replaceAll(unpinned, `${options.action} # the commit of the release that you looked at`),
    );
  }
  files.set('.github/CODEOWNERS', codeOwners(many, options.owners));
  const written: string[] = [];
  const kept: string[] = [];
  for (const [path, text] of files) {
    if (existsSync(join(root, path))) {
      kept.push(path);
      continue;
    }
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    written.push(path);
  }
  return { written, kept, steps: stepsFor(options, many) };
}

function refuse({ action, repository, owners = [] }: GitHubOptions): void {
  const check = (value: string, pattern: RegExp, option: string, form: string) => {
    if (!pattern.test(value))
      throw new Problem({
        kind: 'usage',
        summary: 'An option of init is not valid',
        detail: `${JSON.stringify(value)} is not of the form ${form}.`,
        subject: option,
      });
  };
  if (action !== undefined)
    check(
      action,
      /^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/,
      '--action',
      'OWNER/NAME@COMMIT, with all 40 digits of the commit: a tag can be moved',
    );
  if (repository !== undefined) check(repository, /^[\w.-]+\/[\w.-]+$/, '--repository', 'OWNER/NAME');
  for (const owner of owners) check(owner, /^@[\w.-]+(\/[\w.-]+)?$/, '--owner', '@USER or @ORGANIZATION/TEAM');
}

function codeOwners(many: boolean, owners: readonly string[] = []): string {
  const paths = [...(many ? ['/tenants/'] : ['/state/', '/driftline.yaml']), '/.github/', '/.gitattributes'];
  const who = owners.length === 0 ? '@ORGANIZATION/TEAM' : owners.join(' ');
  const lines = paths.map((path) => `${owners.length === 0 ? '# ' : ''}${path} ${who}`);
  return [
    '# Who must review what a recovery could write to the tenant, and what decides how that goes.',
    ...(owners.length === 0 ? ['# Name the team that may do so, and take the number signs away.'] : []),
    ...lines,
    '',
  ].join('\n');
}

function stepsFor({ action, repository = 'OWNER/REPOSITORY' }: GitHubOptions, many: boolean): GitHubInit['steps'] {
  const recovery = many ? 'recovery-$NAME' : 'recovery';
  const api = (method: string, path: string, body?: unknown) =>
    `gh api --method ${method} repos/${repository}/${path}${body === undefined ? '' : ` --input - <<< '${JSON.stringify(body)}'`}`;
  const credential = (application: string, environment: string) => {
    const parameters = {
      name: `github-${environment}`,
      issuer: 'https://token.actions.githubusercontent.com',
      subject: `$SUBJECT:environment:${environment}`,
      audiences: ['api://AzureADTokenExchange'],
    };
    const quoted = JSON.stringify(parameters).replaceAll('"', '\\"');
    return `az ad app federated-credential create --id ${application} --parameters "${quoted}"`;
  };
  return [
    ...(action === undefined
      ? [
          {
            title: 'Choose the release of the Action, and put its commit in place of the zeros',
            commands: [
              "perl -pi -e 's|driftline/driftline\\@0{40}|OWNER/NAME\\@COMMIT|' .github/workflows/driftline-*.yml",
            ],
          },
        ]
      : []),
    ...(many
      ? [
          {
            title:
              'Who reads: tenant.id and credentials.clientId in each tenants/NAME/driftline.yaml. Below, for each tenant',
            commands: ['NAME=FOLDER_OF_THE_TENANT'],
          },
        ]
      : []),
    {
      title: 'Two environments: one in which jobs read the tenant, one in which they write after somebody has approved',
      commands: [
        api('PUT', 'environments/tenant-read'),
        api('PUT', `environments/${recovery}`, {
          prevent_self_review: true,
          reviewers: [{ type: 'Team', id: 'TEAM_ID' }],
          // By name: whether a ruleset makes a branch a protected one, GitHub does not say.
          deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
        }).replace('"TEAM_ID"', 'TEAM_ID'),
        `${api('POST', `environments/${recovery}/deployment-branch-policies`)} -f name=main`,
      ],
    },
    {
      title:
        'A federated credential for each application: no secret exists (a repository made before 15 July 2026 has no ids in its subject: docs/setup-github.md)',
      commands: [
        `SUBJECT=$(gh api repos/${repository} --jq '"repo:\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"')`,
        credential('READER_CLIENT_ID', 'tenant-read'),
        credential('WRITER_CLIENT_ID', recovery),
      ],
    },
    {
      title: 'Who to sign in as',
      commands: [
        ...(many
          ? []
          : [
              `gh variable set AZURE_TENANT_ID --repo ${repository} --body TENANT_ID`,
              `gh variable set DRIFTLINE_READER_CLIENT_ID --repo ${repository} --body READER_CLIENT_ID`,
            ]),
        `gh variable set DRIFTLINE_WRITER_CLIENT_ID --repo ${repository}${many ? ` --env ${recovery}` : ''} --body WRITER_CLIENT_ID`,
      ],
    },
    {
      title: 'Let workflows open pull requests, and give them no more than they ask for',
      commands: [
        `${api('PUT', 'actions/permissions/workflow')} -f default_workflow_permissions=read -F can_approve_pull_request_reviews=true`,
      ],
    },
    {
      title: 'Protect the branches: their history is not rewritten and not deleted',
      commands: [
        api('POST', 'rulesets', {
          name: 'history',
          target: 'branch',
          enforcement: 'active',
          conditions: { ref_name: { include: ['~DEFAULT_BRANCH', 'refs/heads/snapshots'], exclude: [] } },
          rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }],
        }),
      ],
    },
    {
      title: 'Commit and push; then the first run',
      commands: [
        'git add --all && git commit -m "Begin with Driftline" && git push -u origin HEAD:main',
        `gh workflow run driftline-${many ? 'tenants' : 'drift'}.yml --repo ${repository}`,
      ],
    },
  ];
}
