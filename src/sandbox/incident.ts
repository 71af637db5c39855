// A bad night: a handful of Graph calls that an intruder, or a tired administrator, makes; told deed by deed as they happen.

type Json = Record<string, unknown>;

/**
 * Changes the tenant behind `env` (as `listen` gives it) through plain Graph calls over HTTP, and says each deed once it is done.
 * It finds what it touches by looking, so that it works on any seed that has a policy, groups and applications.
 */
export async function* badNight(env: Readonly<Record<string, string>>): AsyncGenerator<string> {
  const graph = (method: string, path: string, body?: Json) => call(env, method, path, body);
  const policies = await list(graph, '/identity/conditionalAccess/policies');
  const users = await list(
    graph,
    '/users?$select=id,displayName,accountEnabled,onPremisesSyncEnabled,userType&$top=999',
  );
  const cloudUsers = users.filter(
    (user) => user.onPremisesSyncEnabled !== true && user.userType !== 'Guest' && user.accountEnabled === true,
  );
  const culprit = cloudUsers.at(-1);

  const strict = policies.find(
    (policy) =>
      policy.state === 'enabled' && controls(policy).some((control) => control !== 'mfa' && control !== 'block'),
  );
  if (strict !== undefined) {
    await graph('PATCH', `/identity/conditionalAccess/policies/${strict.id}`, {
      grantControls: { operator: 'OR', builtInControls: ['mfa'] },
    });
    yield `the policy “${strict.displayName}” now asks for mfa where it asked for ${controls(strict).join(', ')}`;
  }
  const guard = policies.find(
    (policy) => policy.state === 'enabled' && policy.id !== strict?.id && 'users' in conditions(policy),
  );
  if (guard !== undefined && culprit !== undefined) {
    const excluded = (conditions(guard).users as { excludeUsers?: string[] }).excludeUsers ?? [];
    await graph('PATCH', `/identity/conditionalAccess/policies/${guard.id}`, {
      conditions: {
        ...conditions(guard),
        users: { ...(conditions(guard).users as Json), excludeUsers: [...excluded, culprit.id] },
      },
    });
    yield `${culprit.displayName} is excluded from “${guard.displayName}”`;
  }
  yield* groupDeeds(graph, culprit, `${env.DRIFTLINE_GRAPH_URL}/v1.0`);
  yield* applicationDeeds(graph);
  const leaver = cloudUsers.at(-2);
  if (leaver !== undefined) {
    await graph('DELETE', `/users/${leaver.id}`);
    yield `${leaver.displayName} is deleted`;
  }
  await graph('PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: 'everyone' });
  yield 'everyone may invite guests';
}

type Call = (method: string, path: string, body?: Json) => Promise<Json>;

async function* groupDeeds(graph: Call, culprit: Json | undefined, root: string): AsyncGenerator<string> {
  const groups = await list(graph, '/groups?$top=999');
  const cloud = groups.filter(
    (group) => group.onPremisesSyncEnabled !== true && !(group.groupTypes as string[]).includes('DynamicMembership'),
  );
  const privileged = cloud.find((group) => group.isAssignableToRole === true);
  if (privileged !== undefined && culprit !== undefined) {
    await graph('POST', `/groups/${privileged.id}/members/$ref`, {
      '@odata.id': `${root}/directoryObjects/${culprit.id}`,
    });
    yield `${culprit.displayName} joins “${privileged.displayName}”, which can hold directory roles`;
  }
  for (const group of cloud) {
    if (group.id === privileged?.id) continue;
    const [member] = await list(graph, `/groups/${group.id}/members?$select=id,displayName`);
    if (member === undefined) continue;
    await graph('DELETE', `/groups/${group.id}/members/${member.id}/$ref`);
    yield `${member.displayName} is taken out of “${group.displayName}”`;
    return;
  }
}

async function* applicationDeeds(graph: Call): AsyncGenerator<string> {
  const applications = await list(graph, '/applications?$top=999');
  const victim = applications.find(
    (application) => ((application.web as Json | undefined)?.redirectUris as string[] | undefined)?.length,
  );
  if (victim === undefined) return;
  const web = victim.web as { redirectUris: string[] };
  await graph('PATCH', `/applications/${victim.id}`, {
    web: { redirectUris: [...web.redirectUris, 'https://login.invalid.example/callback'] },
  });
  yield `“${victim.displayName}” takes sign-ins at https://login.invalid.example/callback`;
  await graph('POST', `/applications/${victim.id}/addPassword`, { passwordCredential: { displayName: 'temporary' } });
  yield `“${victim.displayName}” has a new secret, “temporary”`;
}

function conditions(policy: Json): Json {
  return (policy.conditions ?? {}) as Json;
}

function controls(policy: Json): string[] {
  return ((policy.grantControls as Json | null)?.builtInControls ?? []) as string[];
}

async function list(graph: Call, path: string): Promise<Json[]> {
  return (await graph('GET', path)).value as Json[];
}

async function call(env: Readonly<Record<string, string>>, method: string, path: string, body?: Json): Promise<Json> {
  const response = await fetch(`${env.DRIFTLINE_GRAPH_URL}/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${env.DRIFTLINE_ACCESS_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Json);
}
