// The policies of the sandbox beside what Microsoft publishes: its sample answers, and 59 policies that people use.
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { bareName, property } from '../../src/sandbox/metadata.ts';
import { caller, type Graph } from '../support/graph.ts';

type Body = Record<string, unknown>;

const folder = new URL('../../../shared/graph/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

let graph: Graph;
let close: () => Promise<void>;

beforeAll(async () => {
  const sandbox = createSandbox({ throttling: false, shuffleArrays: false });
  const listening = await sandbox.listen();
  close = listening.close;
  graph = caller(listening.graphUrl, String(listening.env.DRIFTLINE_ACCESS_TOKEN));
});

afterAll(() => close());

const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What a published answer has and ours has not, or has of another JSON type; names that today's metadata no longer
 * knows, which some samples still show, are passed over.
 */
function missing(typeName: string, sample: unknown, ours: unknown, path = ''): string[] {
  if (sample === null || ours === null) return [];
  if (Array.isArray(sample)) {
    if (!Array.isArray(ours)) return [`${path} is no array`];
    return sample.length > 0 && ours.length > 0 ? missing(typeName, sample[0], ours[0], `${path}[]`) : [];
  }
  if (!isObject(sample))
    return typeof sample === typeof ours ? [] : [`${path} is a ${typeof ours}, not a ${typeof sample}`];
  if (!isObject(ours)) return [`${path} is no object`];
  const annotated = sample['@odata.type'];
  const name = typeof annotated === 'string' ? bareName(annotated) : typeName;
  return Object.entries(sample).flatMap(([key, value]) => {
    const info = key.includes('@') ? undefined : property(name, key, 'v1.0');
    if (!info) return [];
    return key in ours ? missing(info.type, value, ours[key], `${path}.${key}`) : [`${path}.${key} is missing`];
  });
}

/** A policy, a location of each kind, a strength and a context, so that every sample has its like. */
async function fixtures(): Promise<void> {
  const root = '/identity/conditionalAccess';
  await graph('POST', `${root}/policies`, {
    displayName: 'Like the sample',
    state: 'enabled',
    conditions: {
      applications: { includeApplications: ['All'] },
      users: { includeUsers: ['All'] },
      clientAppTypes: ['all'],
      userRiskLevels: ['high'],
    },
    grantControls: {
      operator: 'AND',
      builtInControls: ['passwordChange'],
      authenticationStrength: { id: '00000000-0000-0000-0000-000000000002' },
    },
    sessionControls: { signInFrequency: { isEnabled: true, frequencyInterval: 'everyTime' } },
  });
  const ranges = [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '6.5.4.3/32' }];
  await graph('POST', `${root}/namedLocations`, {
    '@odata.type': '#microsoft.graph.ipNamedLocation',
    displayName: 'Addresses',
    ipRanges: ranges,
  });
  await graph('POST', `${root}/namedLocations`, {
    '@odata.type': '#microsoft.graph.countryNamedLocation',
    displayName: 'Countries',
    countriesAndRegions: ['US'],
  });
  const strength = await graph('POST', '/policies/authenticationStrengthPolicies', {
    displayName: 'Example',
    allowedCombinations: ['fido2'],
  });
  await graph('POST', `/policies/authenticationStrengthPolicies/${strength.body.id}/combinationConfigurations`, {
    '@odata.type': '#microsoft.graph.fido2CombinationConfiguration',
    allowedAAGUIDs: ['dcf6eadd-31fd-49e5-b84e-44035a5e6295'],
    appliesToCombinations: ['fido2'],
  });
  await graph('PATCH', `${root}/authenticationContextClassReferences/c1`, {
    displayName: 'Contoso medium',
    description: 'Medium',
  });
}

const collections: [string, string][] = [
  ['/identity/conditionalAccess/policies', 'conditionalAccessPolicy'],
  ['/identity/conditionalAccess/namedLocations', 'namedLocation'],
  ['/identity/conditionalAccess/authenticationContextClassReferences', 'authenticationContextClassReference'],
  ['/policies/authenticationStrengthPolicies', 'authenticationStrengthPolicy'],
];

const singles: [string, string][] = [
  ['/policies/authenticationMethodsPolicy', 'authenticationMethodsPolicy'],
  ['/policies/authorizationPolicy', 'authorizationPolicy'],
  ['/policies/identitySecurityDefaultsEnforcementPolicy', 'identitySecurityDefaultsEnforcementPolicy'],
  ...['email', 'microsoftAuthenticator', 'sms', 'softwareOath', 'temporaryAccessPass'].map((id): [string, string] => [
    `/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/${id}`,
    'authenticationMethodConfiguration',
  ]),
];

const samplesThere = existsSync(new URL('samples.v1.0.json', folder));

describe.skipIf(!samplesThere)('the published sample answers', () => {
  const samples = samplesThere
    ? (read('samples.v1.0.json').samples as { method: string; path: string; body?: Body }[])
    : [];
  /** Bodies of a path, of its single objects and of what POST gave back; some samples wrap one object in `value`. */
  const published = (path: string): Body[] =>
    samples
      .filter((sample) => [path, `${path}/*`].includes(sample.path) && sample.method !== 'PATCH' && sample.body)
      .flatMap(({ body }) =>
        Array.isArray(body?.value) ? (body.value as Body[]) : [isObject(body?.value) ? body.value : (body as Body)],
      );

  beforeAll(fixtures);

  it.each(collections)('%s answers as they show', async (path, type) => {
    const answered = (await graph('GET', path)).body.value as Body[];
    const wanted = published(path);
    expect(wanted.length).toBeGreaterThan(1);
    for (const sample of wanted) {
      const alike = answered.filter((each) => each['@odata.type'] === sample['@odata.type']);
      const best = alike.map((each) => missing(type, sample, each)).sort((a, b) => a.length - b.length)[0];
      expect(best, JSON.stringify(sample)).toEqual([]);
      const { body: single } = await graph('GET', `${path}/${alike[0]?.id}`);
      expect(
        Object.keys(single)
          .filter((key) => key !== '@odata.context')
          .sort(),
      ).toEqual(Object.keys(alike[0] as Body).sort());
    }
  });

  it.each(singles)('%s answers as they show', async (path, type) => {
    const { body } = await graph('GET', path);
    const wanted = published(path);
    expect(wanted.length).toBeGreaterThan(0);
    for (const sample of wanted) expect(missing(type, sample, body)).toEqual([]);
  });
});

const policiesThere = existsSync(new URL('conditional-access-policies.json', folder));

describe.skipIf(!policiesThere)('the 59 published Conditional Access policies', () => {
  /** Nulls and the dead `deviceStates` left out, placeholders filled in. */
  const filled = (value: unknown, group: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => filled(item, group));
    if (isObject(value)) {
      const entries = Object.entries(value).filter(([key, item]) => item !== null && key !== 'deviceStates');
      return Object.fromEntries(entries.map(([key, item]) => [key, filled(item, group)]));
    }
    if (typeof value !== 'string' || !value.includes('<')) return value;
    return /^<.*>$/.test(value) ? group : value.replace(/<.*?>/g, 'Ring 1');
  };

  it('are accepted, and read back as they were sent', async () => {
    const { body: group } = await graph('POST', '/groups', {
      displayName: 'Stands for every placeholder',
      mailEnabled: false,
      mailNickname: 'placeholder',
      securityEnabled: true,
    });
    const refused: string[] = [];
    const policies = read('conditional-access-policies.json').policies as Body[];
    expect(policies).toHaveLength(59);
    const path = '/identity/conditionalAccess/policies';
    for (const policy of policies) {
      const sent = filled(policy, String(group.id)) as Body;
      const { status, body } = await graph('POST', path, sent, { version: 'beta' });
      if (status !== 201) {
        refused.push(`${sent.displayName}: ${JSON.stringify(body.error)}`);
        continue;
      }
      const { body: answer } = await graph('GET', `${path}/${body.id}`, undefined, { version: 'beta' });
      expect(answer.displayName).toBe(sent.displayName);
      expect((answer.conditions as Body).users).toMatchObject((sent.conditions as Body).users as Body);
    }
    expect(refused).toEqual([]);
  });
});
