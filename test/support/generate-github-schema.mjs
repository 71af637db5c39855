// Takes GitHub's published OpenAPI description (api.github.com.json of the package @octokit/openapi), gives test/support/github-schema.json: the requests that the Action makes.
// Run by hand, for the package is 400 MB: npm pack @octokit/openapi@23.0.2, unpack it, then node test/support/generate-github-schema.mjs <path of api.github.com.json>.
import { readFileSync, writeFileSync } from 'node:fs';

const operations = [
  ['get', '/repos/{owner}/{repo}'],
  ['get', '/user'],
  ['get', '/repos/{owner}/{repo}/pulls'],
  ['post', '/repos/{owner}/{repo}/pulls'],
  ['get', '/repos/{owner}/{repo}/pulls/{pull_number}'],
  ['patch', '/repos/{owner}/{repo}/pulls/{pull_number}'],
  ['get', '/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['patch', '/repos/{owner}/{repo}/issues/comments/{comment_id}'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/labels'],
  ['delete', '/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}'],
  ['get', '/repos/{owner}/{repo}/collaborators/{username}/permission'],
  ['get', '/repos/{owner}/{repo}/environments/{environment_name}'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}/approvals'],
  // Those of the set-up guide.
  ['put', '/repos/{owner}/{repo}/environments/{environment_name}'],
  ['post', '/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies'],
  ['put', '/repos/{owner}/{repo}/actions/permissions/workflow'],
  ['post', '/repos/{owner}/{repo}/rulesets'],
  ['get', '/orgs/{org}/teams/{team_slug}'],
];

const description = JSON.parse(readFileSync(process.argv[2], 'utf8'));

function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.$ref === 'string')
    return resolve(
      value.$ref
        .slice(2)
        .split('/')
        .reduce((at, name) => at[name], description),
    );
  const kept = Object.entries(value).filter(
    ([name]) => !['description', 'example', 'examples', 'x-github'].includes(name),
  );
  return Object.fromEntries(kept.map(([name, inner]) => [name, resolve(inner)]));
}

/** A name that the description does not have is a mistake of ours, though GitHub would pass over it. */
function closed(schema) {
  if (schema?.type === 'object' && schema.properties !== undefined) return { ...schema, additionalProperties: false };
  return schema?.oneOf === undefined ? schema : { anyOf: schema.oneOf.map(closed) };
}

const schema = operations.map(([method, path]) => {
  const operation = description.paths[path][method];
  const parameters = resolve(operation.parameters ?? []);
  const body = resolve(operation.requestBody?.content?.['application/json']?.schema);
  return {
    method: method.toUpperCase(),
    path,
    parameters: parameters.map(({ name, in: place, required, schema }) => ({
      name,
      in: place,
      required: required === true,
      schema,
    })),
    ...(body === undefined ? {} : { body: closed(body), bodyRequired: operation.requestBody.required === true }),
  };
});
const target = new URL('./github-schema.json', import.meta.url);
writeFileSync(
  target,
  `${JSON.stringify({ source: '@octokit/openapi 23.0.2, api.github.com', operations: schema }, null, 2)}\n`,
);
