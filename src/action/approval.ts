// Approval: is this job in an environment where somebody had to say yes? GitHub's settings and the job's own OIDC token say so; nothing else is believed.
import { Problem } from '../model/problem.ts';
import { textAt, type World } from './runner.ts';
import type { Site } from './site.ts';
import { within } from './within.ts';

/**
 * Says who approved the job. Problem `refused` where the job is not in the environment that the input names, or that asks nobody. The name alone could be written by
 * whoever edits the workflow: the OIDC token's claim is GitHub's own word for the environment that the job runs in.
 */
export async function requireApproval(site: Site): Promise<string> {
  const { inputs, github, world, runner } = site;
  if (inputs.allowUnprotected) {
    const words = 'allow-unprotected is set: nobody had to approve this recovery.';
    runner.annotate('warning', 'Not protected', words);
    return words;
  }
  const name = inputs.environment;
  if (name === undefined)
    throw refused(
      'The input environment names none. Name the environment of the job, which must have required reviewers.',
    );
  const reviewed = await github.environmentReviewed(name);
  if (reviewed !== true)
    throw refused(
      reviewed === undefined
        ? 'The repository has no environment of that name.'
        : 'The environment has no required reviewers, so nobody had to approve this recovery. Add them in the settings of the repository.',
      name,
    );
  const actual = await claimedEnvironment(world);
  if (actual !== name)
    throw refused(
      actual === undefined
        ? 'GitHub does not say that this job runs in it. Set environment: on the job, and permissions: id-token: write.'
        : 'This job runs in another environment.',
      name,
    );
  return sayApprovers(site, name);
}

/** GitHub let the job through; by whose word is for those who read of it later. */
async function sayApprovers({ github, world, runner }: Site, name: string): Promise<string> {
  const { GITHUB_RUN_ID: run = '', GITHUB_ACTOR: actor } = world.environment;
  const logins = [...new Set(await github.approvers(run, name))];
  const words =
    logins.length === 0
      ? `GitHub lists no approval for ${name}: an administrator went past its rules.`
      : `Approved by ${logins.join(', ')}.`;
  if (logins.length === 0) runner.annotate('warning', 'Not approved by a reviewer', words);
  else if (logins.every((login) => login === actor))
    runner.annotate(
      'warning',
      'Approved by who started it',
      `${words} Set prevent_self_review on ${name} to need two.`,
    );
  else runner.log(words);
  return words;
}

/** The environment that GitHub's OIDC token says the job is in; undefined where there is no token or no such claim. */
async function claimedEnvironment({ environment, signal }: World): Promise<string | undefined> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: token = '' } = environment;
  if (address === '' || token === '') return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)) return undefined;
  // An audience that nobody accepts: the token is read here and is worth nothing elsewhere.
  url.searchParams.set('audience', 'driftline:environment');
  try {
    const answer: unknown = await within(30_000, signal, async (limited) => {
      const response = await fetch(url, {
        headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
        redirect: 'error',
        signal: limited,
      });
      return response.json();
    });
    const value = textAt(answer, 'value') ?? '';
    return textAt(JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString('utf8')), 'environment');
  } catch {
    return undefined;
  }
}

function refused(detail: string, subject?: string): Problem {
  return new Problem({
    kind: 'refused',
    summary: 'The job is not in a protected environment',
    detail: `${detail} Nothing was changed. allow-unprotected: true lets it through, for a repository where that is meant.`,
    ...(subject === undefined ? {} : { subject }),
  });
}
