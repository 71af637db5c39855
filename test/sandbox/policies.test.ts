// The policies of the sandbox over HTTP: what they take, refuse, fill in, and what depends on what.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { caller, type Graph } from '../support/graph.ts';

type Body = Record<string, unknown>;

const ca = '/identity/conditionalAccess';
const phishingResistant = '00000000-0000-0000-0000-000000000004';
const nowhere = '11111111-2222-3333-4444-555555555555';

let graph: Graph;
let close: () => Promise<void>;
let group: string;

beforeAll(async () => {
  const sandbox = createSandbox({ throttling: false, shuffleArrays: false });
  const { graphUrl, env, close: stop } = await sandbox.listen();
  close = stop;
  graph = caller(graphUrl, String(env.DRIFTLINE_ACCESS_TOKEN));
  const made = await graph('POST', '/groups', {
    displayName: 'Emergency access',
    mailEnabled: false,
    mailNickname: 'emergency',
    securityEnabled: true,
  });
  group = String(made.body.id);
});

afterAll(() => close());

const policy = (more: Body = {}): Body => ({
  displayName: 'MFA for all',
  state: 'disabled',
  conditions: {
    applications: { includeApplications: ['All'] },
    users: { includeUsers: ['All'], excludeGroups: [group] },
    clientAppTypes: ['all'],
  },
  grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  ...more,
});

const conditioned = (conditions: Body, more: Body = {}): Body =>
  policy({ ...more, conditions: { ...(policy().conditions as Body), ...conditions } });

/** Creates what must be accepted and gives its id. */
async function create(path: string, body: Body, version: 'v1.0' | 'beta' = 'v1.0'): Promise<string> {
  const answer = await graph('POST', path, body, { version });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 });
  return String(answer.body.id);
}

const location = (more: Body = {}): Body => ({
  '@odata.type': '#microsoft.graph.ipNamedLocation',
  displayName: 'Office',
  isTrusted: false,
  ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '192.0.2.0/24' }],
  ...more,
});

describe('a Conditional Access policy', () => {
  it('is answered whole, under both of its paths', async () => {
    const id = await create(`${ca}/policies`, policy());
    const { body } = await graph('GET', `${ca}/policies/${id}`);
    expect(body).toMatchObject({
      id,
      templateId: null,
      modifiedDateTime: null,
      sessionControls: null,
      conditions: { platforms: null, users: { excludeGroups: [group], includeRoles: [] }, userRiskLevels: [] },
      grantControls: { builtInControls: ['mfa'], authenticationStrength: null },
    });
    expect((await graph('GET', `/policies/conditionalAccessPolicies/${id}`)).body).toMatchObject({ id });
  });

  it('merges a patch one level down, and replaces arrays whole', async () => {
    const id = await create(`${ca}/policies`, conditioned({ clientAppTypes: ['browser', 'other'] }));
    const patch = { conditions: { clientAppTypes: ['browser'], signInRiskLevels: ['high'] } };
    expect((await graph('PATCH', `${ca}/policies/${id}`, patch)).status).toBe(204);
    const { body } = await graph('GET', `${ca}/policies/${id}`);
    expect(body).toMatchObject({
      conditions: { clientAppTypes: ['browser'], signInRiskLevels: ['high'], users: { excludeGroups: [group] } },
    });
    expect(body.modifiedDateTime).toEqual(expect.any(String));
  });

  it('has its strength expanded when read, however it was sent', async () => {
    const id = await create(
      `${ca}/policies`,
      policy({ grantControls: { operator: 'OR', authenticationStrength: { id: phishingResistant } } }),
    );
    const { body } = await graph('GET', `${ca}/policies/${id}`);
    expect(body).toMatchObject({
      grantControls: {
        authenticationStrength: { id: phishingResistant, policyType: 'builtIn', combinationConfigurations: [] },
      },
    });
    const sentBack = { grantControls: { ...(body.grantControls as Body) } };
    expect((await graph('PATCH', `${ca}/policies/${id}`, sentBack)).status).toBe(204);
  });

  it.each(['id', 'createdDateTime', 'modifiedDateTime', 'templateId'])('refuses the read-only %s', async (name) => {
    const answer = await graph('POST', `${ca}/policies`, policy({ [name]: '2026-01-01T00:00:00Z' }));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { message: `Property '${name}' is read-only and cannot be set.` } });
  });

  it.each<[string, () => Body, RegExp]>([
    ['group', () => conditioned({ users: { includeGroups: [nowhere] } }), /includeGroups/],
    ['user', () => conditioned({ users: { includeUsers: [nowhere] } }), /includeUsers/],
    ['role', () => conditioned({ users: { includeRoles: [nowhere] } }), /includeRoles/],
    ['application', () => conditioned({ applications: { includeApplications: [nowhere] } }), /includeApplications/],
    ['location', () => conditioned({ locations: { includeLocations: [nowhere] } }), /includeLocations/],
    ['context', () => conditioned({ applications: { includeAuthenticationContextClassReferences: ['c77'] } }), /c77/],
    [
      'strength',
      () => policy({ grantControls: { operator: 'OR', authenticationStrength: { id: nowhere } } }),
      /authenticationStrength/,
    ],
  ])('refuses a %s that is not there, and names it', async (_kind, body, message) => {
    const { status, body: answer } = await graph('POST', `${ca}/policies`, body());
    expect(status).toBe(400);
    const { code, message: text } = answer.error as { code: string; message: string };
    expect(code).toBe('BadRequest');
    expect(text).toMatch(/^\d{4}: /);
    expect(text).toMatch(message);
  });

  it('keeps the id of a group that was deleted, until somebody sends it again', async () => {
    const lost = await create('/groups', {
      displayName: 'Gone soon',
      mailEnabled: false,
      mailNickname: 'gone',
      securityEnabled: true,
    });
    const users = { includeUsers: ['All'], excludeGroups: [lost] };
    const id = await create(`${ca}/policies`, conditioned({ users }));
    expect((await graph('DELETE', `/groups/${lost}`)).status).toBe(204);
    expect((await graph('PATCH', `${ca}/policies/${id}`, { state: 'enabledForReportingButNotEnforced' })).status).toBe(
      204,
    );
    expect((await graph('GET', `${ca}/policies/${id}`)).body).toMatchObject({
      conditions: { users: { excludeGroups: [lost] } },
    });
    expect((await graph('PATCH', `${ca}/policies/${id}`, { conditions: { users } })).status).toBe(400);
  });

  it('shows beta members on beta alone, and later enum members to those who ask', async () => {
    const id = await create(
      `${ca}/policies`,
      conditioned(
        { platforms: { includePlatforms: ['linux', 'macOS'] } },
        { sessionControls: { continuousAccessEvaluation: { mode: 'disabled' } } },
      ),
      'beta',
    );
    const plain = (await graph('GET', `${ca}/policies/${id}`)).body;
    expect(plain).toMatchObject({ conditions: { platforms: { includePlatforms: ['unknownFutureValue', 'macOS'] } } });
    expect(plain.sessionControls).not.toHaveProperty('continuousAccessEvaluation');
    const beta = await graph('GET', `${ca}/policies/${id}`, undefined, {
      version: 'beta',
      headers: { prefer: 'include-unknown-enum-members' },
    });
    expect(beta.body).toMatchObject({
      conditions: { platforms: { includePlatforms: ['linux', 'macOS'] } },
      sessionControls: { continuousAccessEvaluation: { mode: 'disabled' } },
    });
    const sentinel = conditioned({ platforms: { includePlatforms: ['unknownFutureValue'] } });
    expect((await graph('POST', `${ca}/policies`, sentinel)).status).toBe(400);
  });

  it.each([
    ['deletedItems/policies', (id: string) => `${ca}/deletedItems/policies/${id}/restore`],
    ['policies', (id: string) => `${ca}/policies/${id}/restore`],
  ])('comes back from its bin by %s, with its id and state', async (_spelling, restore) => {
    const id = await create(`${ca}/policies`, policy({ displayName: 'Deleted by mistake', state: 'enabled' }));
    expect((await graph('DELETE', `${ca}/policies/${id}`)).status).toBe(204);
    expect((await graph('GET', `${ca}/policies/${id}`)).status).toBe(404);
    const { body: bin } = await graph('GET', `${ca}/deletedItems/policies`);
    expect(bin.value).toEqual(
      expect.arrayContaining([expect.objectContaining({ id, deletedDateTime: expect.any(String) })]),
    );
    const restored = await graph('POST', restore(id));
    expect(restored).toMatchObject({ status: 200, body: { id, state: 'enabled' } });
    expect((await graph('GET', `${ca}/policies/${id}`)).body).toMatchObject({
      id,
      state: 'enabled',
      deletedDateTime: null,
    });
    await graph('DELETE', `${ca}/policies/${id}`);
  });

  it('is gone for good once deleted from the bin', async () => {
    const id = await create(`${ca}/policies`, policy());
    await graph('DELETE', `${ca}/policies/${id}`);
    expect((await graph('DELETE', `${ca}/deletedItems/policies/${id}`)).status).toBe(204);
    expect((await graph('POST', `${ca}/deletedItems/policies/${id}/restore`)).status).toBe(404);
  });
});

describe('a patch of a whole complex value', () => {
  it.each(['merge', 'replace'] as const)('is the same where the service would %s', async (mergeMode) => {
    const sandbox = createSandbox({ throttling: false, shuffleArrays: false, mergeMode });
    const listening = await sandbox.listen();
    const other = caller(listening.graphUrl, String(listening.env.DRIFTLINE_ACCESS_TOKEN));
    const conditions = {
      applications: { includeApplications: ['All'] },
      users: { includeUsers: ['All'] },
      clientAppTypes: ['all'],
    };
    const { body } = await other('POST', `${ca}/policies`, policy({ conditions }));
    const whole = { ...conditions, users: { includeUsers: ['None'], excludeUsers: ['GuestsOrExternalUsers'] } };
    expect((await other('PATCH', `${ca}/policies/${body.id}`, { conditions: whole })).status).toBe(204);
    const { body: after } = await other('GET', `${ca}/policies/${body.id}`);
    expect(after).toMatchObject({ conditions: whole, grantControls: { builtInControls: ['mfa'] } });
    await listening.close();
  });
});

describe('security defaults', () => {
  const path = '/policies/identitySecurityDefaultsEnforcementPolicy';

  it('and enabled policies exclude each other', async () => {
    const id = await create(`${ca}/policies`, policy({ state: 'enabled' }));
    expect((await graph('PATCH', path, { isEnabled: true })).status).toBe(400);
    await graph('PATCH', `${ca}/policies/${id}`, { state: 'disabled' });
    expect((await graph('PATCH', path, { isEnabled: true })).status).toBe(204);
    const refused = await graph('PATCH', `${ca}/policies/${id}`, { state: 'enabled' });
    expect(refused.status).toBe(400);
    expect((refused.body.error as Body).message).toMatch(/You must disable Security defaults/);
    expect((await graph('PATCH', path, { isEnabled: false })).status).toBe(204);
    expect((await graph('PATCH', `${ca}/policies/${id}`, { state: 'enabled' })).status).toBe(204);
    await graph('DELETE', `${ca}/policies/${id}`);
  });
});

describe('a named location', () => {
  it('says its type at every write, and never changes it', async () => {
    const { '@odata.type': _type, ...untyped } = location();
    expect((await graph('POST', `${ca}/namedLocations`, untyped)).status).toBe(400);
    const id = await create(`${ca}/namedLocations`, location());
    expect((await graph('PATCH', `${ca}/namedLocations/${id}`, { displayName: 'Other' })).status).toBe(400);
    const patch = { '@odata.type': '#microsoft.graph.ipNamedLocation', displayName: 'Other' };
    expect((await graph('PATCH', `${ca}/namedLocations/${id}`, patch)).status).toBe(204);
    expect((await graph('GET', `${ca}/namedLocations/${id}`)).body).toMatchObject({
      ...location(),
      displayName: 'Other',
    });
    const countries = { '@odata.type': '#microsoft.graph.countryNamedLocation', countriesAndRegions: ['SE'] };
    expect((await graph('PATCH', `${ca}/namedLocations/${id}`, countries)).status).toBe(400);
  });

  it('of countries gets the defaults of Graph', async () => {
    const id = await create(`${ca}/namedLocations`, {
      '@odata.type': '#microsoft.graph.countryNamedLocation',
      displayName: 'Nordics',
      countriesAndRegions: ['SE', 'NO'],
    });
    expect((await graph('GET', `${ca}/namedLocations/${id}`)).body).toMatchObject({
      countryLookupMethod: 'clientIpAddress',
      includeUnknownCountriesAndRegions: false,
    });
  });

  it.each(['192.0.2.0', '300.0.0.0/16', '192.0.2.0/33', '10.0.0.0/8', '2001:db8::/48'])(
    'refuses the IPv4 range %s',
    async (cidrAddress) => {
      const ipRanges = [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress }];
      expect((await graph('POST', `${ca}/namedLocations`, location({ ipRanges }))).status).toBe(400);
    },
  );

  it('is not deleted while it is trusted or in use', async () => {
    const id = await create(`${ca}/namedLocations`, location({ isTrusted: true }));
    const user = await create(
      `${ca}/policies`,
      conditioned({ locations: { includeLocations: [id] } }, { displayName: 'Uses it' }),
    );
    expect((await graph('DELETE', `${ca}/namedLocations/${id}`)).status).toBe(400);
    await graph('PATCH', `${ca}/namedLocations/${id}`, {
      '@odata.type': '#microsoft.graph.ipNamedLocation',
      isTrusted: false,
    });
    const inUse = await graph('DELETE', `${ca}/namedLocations/${id}`);
    expect(inUse.status).toBe(409);
    expect((inUse.body.error as Body).message).toMatch(/'Uses it'/);
    await graph('DELETE', `${ca}/policies/${user}`);
    expect((await graph('DELETE', `${ca}/namedLocations/${id}`)).status).toBe(204);
    expect((await graph('POST', `${ca}/deletedItems/namedLocations/${id}/restore`)).status).toBe(200);
    expect((await graph('GET', `${ca}/namedLocations/${id}`)).status).toBe(200);
  });
});

describe('an authentication strength', () => {
  const path = '/policies/authenticationStrengthPolicies';
  const strength = (more: Body = {}): Body => ({
    displayName: 'Keys',
    description: 'Only keys',
    allowedCombinations: ['fido2'],
    ...more,
  });

  it('is there three times from the start, and those cannot be changed', async () => {
    const { body } = await graph('GET', `${ca}/authenticationStrength/policies`);
    const builtIn = (body.value as Body[]).filter((each) => each.policyType === 'builtIn');
    expect(builtIn.map((each) => (each.allowedCombinations as string[]).length).sort((a, b) => a - b)).toEqual([
      3, 4, 17,
    ]);
    expect((await graph('PATCH', `${path}/${phishingResistant}`, { displayName: 'Mine' })).status).toBe(400);
    expect((await graph('DELETE', `${path}/${phishingResistant}`)).status).toBe(400);
  });

  it('changes its combinations by the action alone', async () => {
    const id = await create(path, strength());
    expect((await graph('PATCH', `${path}/${id}`, { allowedCombinations: ['password,sms'] })).status).toBe(400);
    const changed = await graph('POST', `${path}/${id}/updateAllowedCombinations`, {
      allowedCombinations: ['sms, password', 'email'],
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { previousCombinations: ['fido2'], currentCombinations: ['password,sms', 'email'] },
    });
    expect((await graph('GET', `${path}/${id}`)).body).toMatchObject({
      requirementsSatisfied: 'none',
      allowedCombinations: ['password,sms', 'email'],
    });
    expect(
      (await graph('POST', `${path}/${id}/updateAllowedCombinations`, { allowedCombinations: ['crystal'] })).status,
    ).toBe(400);
  });

  it('hides a later combination from those who do not ask for it', async () => {
    const id = await create(path, strength({ allowedCombinations: ['fido2', 'qrCodePin'] }));
    expect((await graph('GET', `${path}/${id}`)).body).toMatchObject({
      allowedCombinations: ['fido2', 'unknownFutureValue'],
    });
    const asked = await graph('GET', `${path}/${id}`, undefined, {
      headers: { prefer: 'include-unknown-enum-members' },
    });
    expect(asked.body).toMatchObject({ allowedCombinations: ['fido2', 'qrCodePin'] });
  });

  it('has configurations of its own for combinations that it allows', async () => {
    const id = await create(path, strength());
    const children = `${path}/${id}/combinationConfigurations`;
    const fido2 = {
      '@odata.type': '#microsoft.graph.fido2CombinationConfiguration',
      allowedAAGUIDs: ['2fc0579f-8113-47ea-b116-bb5a8db9202a'],
      appliesToCombinations: ['fido2'],
    };
    const certificate = {
      '@odata.type': '#microsoft.graph.x509CertificateCombinationConfiguration',
      appliesToCombinations: ['x509CertificateMultiFactor'],
    };
    expect((await graph('POST', children, certificate)).status).toBe(400);
    const made = await graph('POST', children, fido2);
    expect(made).toMatchObject({ status: 201, body: fido2 });
    expect((await graph('GET', `${path}/${id}`)).body).toMatchObject({ combinationConfigurations: [fido2] });
    const child = `${children}/${made.body.id}`;
    const other = { '@odata.type': fido2['@odata.type'], allowedAAGUIDs: ['ee882879-721c-4913-9775-3dfcce97072a'] };
    expect((await graph('PATCH', child, other)).status).toBe(204);
    expect((await graph('GET', child)).body).toMatchObject(other);
    expect(
      (await graph('POST', `${path}/${id}/updateAllowedCombinations`, { allowedCombinations: ['sms'] })).status,
    ).toBe(400);
    expect((await graph('DELETE', child)).status).toBe(204);
    expect((await graph('GET', children)).body.value).toEqual([]);
  });

  it('is not deleted while a policy uses it', async () => {
    const id = await create(path, strength());
    const user = await create(
      `${ca}/policies`,
      policy({ grantControls: { operator: 'OR', authenticationStrength: { id } } }),
    );
    expect((await graph('GET', `${path}/${id}/usage`)).body).toMatchObject({ mfa: [{ id: user }], none: [] });
    expect((await graph('DELETE', `${path}/${id}`)).status).toBe(409);
    await graph('DELETE', `${ca}/policies/${user}`);
    expect((await graph('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await graph('GET', `${path}/${id}`)).status).toBe(404);
  });

  it('can be created fifteen times', async () => {
    const { body } = await graph('GET', path);
    const custom = (body.value as Body[]).filter((each) => each.policyType === 'custom').length;
    for (let count = custom; count < 15; count++) await create(path, strength({ displayName: `Keys ${count}` }));
    expect((await graph('POST', path, strength())).status).toBe(400);
  });
});

describe('an authentication context', () => {
  const path = `${ca}/authenticationContextClassReferences`;

  it('is made and changed by PATCH', async () => {
    expect((await graph('PATCH', `${path}/c9`, { displayName: 'Step up', isAvailable: true })).status).toBe(204);
    expect((await graph('PATCH', `${path}/c9`, { description: 'Before it matters' })).status).toBe(204);
    expect((await graph('GET', `${path}/c9`)).body).toMatchObject({
      id: 'c9',
      displayName: 'Step up',
      description: 'Before it matters',
      isAvailable: true,
    });
  });

  it.each(['c0', 'c100', 'x1'])('cannot be called %s', async (id) => {
    expect((await graph('PATCH', `${path}/${id}`, { displayName: 'No' })).status).toBe(400);
  });

  it('is deleted only when it is neither published nor used', async () => {
    await graph('PATCH', `${path}/c10`, { displayName: 'Used', isAvailable: true });
    const user = await create(
      `${ca}/policies`,
      conditioned({ applications: { includeAuthenticationContextClassReferences: ['c10'] } }),
    );
    expect((await graph('DELETE', `${path}/c10`)).status).toBe(400);
    await graph('PATCH', `${path}/c10`, { isAvailable: false });
    expect((await graph('DELETE', `${path}/c10`)).status).toBe(409);
    await graph('DELETE', `${ca}/policies/${user}`);
    expect((await graph('DELETE', `${path}/c10`)).status).toBe(204);
    expect((await graph('GET', `${path}/c10`)).status).toBe(404);
  });
});

describe('the authentication methods policy', () => {
  const path = '/policies/authenticationMethodsPolicy';
  const configurations = `${path}/authenticationMethodConfigurations`;

  it('comes with every configuration', async () => {
    const { body } = await graph('GET', path);
    const ids = (body.authenticationMethodConfigurations as Body[]).map((each) => each.id);
    expect(ids).toEqual(
      expect.arrayContaining(['Fido2', 'MicrosoftAuthenticator', 'Sms', 'TemporaryAccessPass', 'X509Certificate']),
    );
    expect(body).not.toHaveProperty('systemCredentialPreferences');
    expect((await graph('GET', path, undefined, { version: 'beta' })).body).toHaveProperty(
      'systemCredentialPreferences',
    );
  });

  it('takes its configurations one by one, not through the root', async () => {
    expect((await graph('PATCH', path, { authenticationMethodConfigurations: [] })).status).toBe(400);
    const untyped = await graph('PATCH', `${configurations}/Sms`, { state: 'enabled' });
    expect(untyped.status).toBe(400);
    const patch = {
      '@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration',
      state: 'enabled',
      includeTargets: [{ id: group, targetType: 'group', isRegistrationRequired: false, isUsableForSignIn: true }],
    };
    expect((await graph('PATCH', `${configurations}/sms`, patch)).status).toBe(204);
    expect((await graph('GET', `${configurations}/Sms`)).body).toMatchObject({ ...patch, id: 'Sms' });
    const wrongType = {
      ...patch,
      '@odata.type': '#microsoft.graph.fido2AuthenticationMethodConfiguration',
      includeTargets: [],
    };
    expect((await graph('PATCH', `${configurations}/Sms`, wrongType)).status).toBe(400);
    const unknown = { ...patch, includeTargets: [{ id: nowhere, targetType: 'group', isRegistrationRequired: false }] };
    expect((await graph('PATCH', `${configurations}/Sms`, unknown)).status).toBe(400);
  });

  it('resets a built-in configuration at DELETE', async () => {
    const patch = {
      '@odata.type': '#microsoft.graph.voiceAuthenticationMethodConfiguration',
      state: 'enabled',
      isOfficePhoneAllowed: true,
    };
    await graph('PATCH', `${configurations}/Voice`, patch);
    expect((await graph('DELETE', `${configurations}/Voice`)).status).toBe(204);
    expect((await graph('GET', `${configurations}/Voice`)).body).toMatchObject({
      state: 'disabled',
      isOfficePhoneAllowed: false,
    });
  });

  it('has external configurations that come and go', async () => {
    const body = {
      '@odata.type': '#microsoft.graph.externalAuthenticationMethodConfiguration',
      displayName: 'Adatum',
      appId: nowhere,
      openIdConnectSetting: {
        clientId: 'client',
        discoveryUrl: 'https://adatum.example/.well-known/openid-configuration',
      },
    };
    expect((await graph('POST', configurations, { ...body, openIdConnectSetting: undefined })).status).toBe(400);
    const made = await graph('POST', configurations, body);
    expect(made).toMatchObject({ status: 201, body: { ...body, state: 'disabled' } });
    expect((await graph('DELETE', `${configurations}/${made.body.id}`)).status).toBe(204);
    expect((await graph('GET', `${configurations}/${made.body.id}`)).status).toBe(404);
    expect(
      (await graph('POST', configurations, { '@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration' }))
        .status,
    ).toBe(400);
  });
});

describe('the authorization policy', () => {
  it('is changed one permission at a time', async () => {
    const path = '/policies/authorizationPolicy';
    expect((await graph('PATCH', path, { defaultUserRolePermissions: { allowedToCreateApps: false } })).status).toBe(
      204,
    );
    expect((await graph('GET', path)).body).toMatchObject({
      id: 'authorizationPolicy',
      defaultUserRolePermissions: { allowedToCreateApps: false, allowedToCreateSecurityGroups: true },
    });
    expect((await graph('PATCH', path, { guestUserRoleId: nowhere })).status).toBe(400);
    expect((await graph('PATCH', path, { displayName: 'Mine' })).status).toBe(400);
    expect((await graph('POST', path, {})).status).toBe(405);
  });
});
