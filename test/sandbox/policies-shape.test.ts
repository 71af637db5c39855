// A Conditional Access policy in the one shape in which Graph stores it, and the members that do not go together.
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConsistency, checkRequired } from '../../src/sandbox/rules/policies/conditional-access-checks.ts';
import { settled } from '../../src/sandbox/rules/policies/conditional-access-shape.ts';
import type { GraphRecord } from '../../src/sandbox/types.ts';

const policy = (more: GraphRecord = {}): GraphRecord => ({
  displayName: 'MFA for all',
  state: 'disabled',
  conditions: {
    applications: { includeApplications: ['All'] },
    users: { includeUsers: ['All'] },
    clientAppTypes: ['all'],
  },
  grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  ...more,
});

/** The policy of above with one condition more, or another one. */
const conditioned = (conditions: GraphRecord, more: GraphRecord = {}): GraphRecord =>
  policy({ ...more, conditions: { ...(policy().conditions as GraphRecord), ...conditions } });

const refusalOf = (body: GraphRecord): string => {
  try {
    checkRequired(body);
    checkConsistency(settled(body), undefined);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('the stored shape', () => {
  it('fills in every member as the published sample shows it', () => {
    expect(settled(policy())).toMatchObject({
      conditions: {
        userRiskLevels: [],
        signInRiskLevels: [],
        clientAppTypes: ['all'],
        servicePrincipalRiskLevels: [],
        insiderRiskLevels: null,
        platforms: null,
        locations: null,
        devices: null,
        clientApplications: null,
        applications: { excludeApplications: [], includeUserActions: [], applicationFilter: null },
        users: { includeGroups: [], excludeRoles: [], includeGuestsOrExternalUsers: null },
      },
      grantControls: { operator: 'OR', customAuthenticationFactors: [], termsOfUse: [], authenticationStrength: null },
      sessionControls: null,
    });
  });

  it('collapses what is empty to null', () => {
    const empty = settled(
      conditioned(
        {
          platforms: { includePlatforms: [], excludePlatforms: [] },
          devices: { deviceFilter: null },
          authenticationFlows: { transferMethods: 'none' },
        },
        {
          sessionControls: {
            signInFrequency: null,
            persistentBrowser: { isEnabled: false, mode: 'never' },
            disableResilienceDefaults: false,
          },
          grantControls: { operator: 'OR', builtInControls: [] },
        },
      ),
    );
    expect(empty).toMatchObject({
      conditions: { platforms: null, devices: null, authenticationFlows: null },
      sessionControls: null,
      grantControls: null,
    });
  });

  it('spells members as published, and joins flags in their order', () => {
    const guests = { guestOrExternalUserTypes: 'serviceProvider, internalGuest' };
    const stored = settled(
      conditioned({ clientAppTypes: ['All'], users: { includeUsers: [], includeGuestsOrExternalUsers: guests } }),
    );
    expect(stored).toMatchObject({
      conditions: {
        clientAppTypes: ['all'],
        users: { includeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'internalGuest,serviceProvider' } },
      },
    });
  });

  it('keeps of a strength its id, sent expanded or bound', () => {
    const id = '00000000-0000-0000-0000-000000000004';
    const expanded = { id, displayName: 'Phishing-resistant MFA', allowedCombinations: ['fido2'] };
    const sent = settled(policy({ grantControls: { operator: 'OR', authenticationStrength: expanded } }));
    const bind = `https://graph.microsoft.com/v1.0/policies/authenticationStrengthPolicies/${id}`;
    const bound = settled(policy({ grantControls: { operator: 'OR', 'authenticationStrength@odata.bind': bind } }));
    expect(sent).toMatchObject({ grantControls: { authenticationStrength: { id } } });
    expect(bound).toEqual(sent);
  });

  it('is a fixed point: settling twice changes nothing', () => {
    const strings = fc.array(fc.constantFrom('a', 'b', 'All'), { maxLength: 2 });
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
    const bodies = fc.record(
      {
        conditions: fc.record(
          {
            users: fc.record({ includeUsers: strings, excludeGroups: maybe(strings) }, { requiredKeys: [] }),
            platforms: maybe(fc.record({ includePlatforms: fc.subarray(['ALL', 'linux']) }, { requiredKeys: [] })),
            insiderRiskLevels: maybe(fc.constantFrom('', 'minor', 'elevated, minor')),
          },
          { requiredKeys: [] },
        ),
        sessionControls: maybe(
          fc.record(
            {
              signInFrequency: maybe(fc.record({ isEnabled: fc.boolean(), value: maybe(fc.integer()) })),
              disableResilienceDefaults: maybe(fc.boolean()),
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const once = settled(body as GraphRecord);
        expect(settled(once)).toEqual(once);
      }),
    );
  });
});

describe('what goes together', () => {
  it('takes an ordinary policy', () => {
    expect(refusalOf(policy())).toBe('accepted');
  });

  it.each<[string, GraphRecord, RegExp]>([
    ['no displayName', policy({ displayName: '' }), /^1007: /],
    ['no users', conditioned({ users: null }), /^1007: /],
    ['no client app types', conditioned({ clientAppTypes: [] }), /^1007: /],
    ['neither grant nor session controls', policy({ grantControls: null }), /^1008: /],
    ['no operator', policy({ grantControls: { builtInControls: ['mfa'] } }), /^1025: .*'operator'/],
    [
      'block with another control',
      policy({ grantControls: { operator: 'OR', builtInControls: ['block', 'mfa'] } }),
      /^1032: /,
    ],
    [
      'a password change without risk',
      policy({ grantControls: { operator: 'AND', builtInControls: ['mfa', 'passwordChange'] } }),
      /^1032: .*InvalidPasswordResetControl/,
    ],
    ['excluded platforms alone', conditioned({ platforms: { excludePlatforms: ['iOS'] } }), /^1023: /],
    ['excluded locations alone', conditioned({ locations: { excludeLocations: ['AllTrusted'] } }), /^1024: /],
    ['All beside an id', conditioned({ users: { includeUsers: ['All', 'someone'] } }), /^1014: /],
    [
      'applications and a user action',
      conditioned({ applications: { includeApplications: ['All'], includeUserActions: ['urn:user:registerdevice'] } }),
      /^1012: /,
    ],
    ['a filter without its rule', conditioned({ devices: { deviceFilter: { mode: 'include' } } }), /^1022: /],
    [
      'external tenants without their type',
      conditioned({
        users: {
          includeGuestsOrExternalUsers: {
            guestOrExternalUserTypes: 'internalGuest',
            externalTenants: { membershipKind: 'all' },
          },
        },
      }),
      /^1020: /,
    ],
    ['a deprecated client app type', conditioned({ clientAppTypes: ['easSupported'] }), /^1015: /],
    [
      'everyTime with a value',
      policy({
        sessionControls: {
          signInFrequency: { isEnabled: true, frequencyInterval: 'everyTime', type: 'hours', value: 1 },
        },
      }),
      /^1085: .*everyTime/,
    ],
    [
      'timeBased without a value',
      policy({ sessionControls: { signInFrequency: { isEnabled: true, type: 'hours' } } }),
      /^1085: .*timeBased/,
    ],
    ['a risk of service principals without any', conditioned({ servicePrincipalRiskLevels: ['high'] }), /^1018: /],
  ])('refuses %s', (_name, body, message) => {
    expect(refusalOf(body)).toMatch(message);
  });

  it('lets a deprecated value stay where it was', () => {
    const old = settled(conditioned({ clientAppTypes: ['easSupported'] }));
    expect(() => checkConsistency(old, old)).not.toThrow();
  });
});

const published = new URL('../../../shared/graph/conditional-access-policies.json', import.meta.url);

describe.skipIf(!existsSync(published))('the 59 published policies', () => {
  it('go together', () => {
    const { policies } = JSON.parse(readFileSync(published, 'utf8')) as { policies: GraphRecord[] };
    expect(policies).toHaveLength(59);
    const refused = policies
      .map((body) => `${body.displayName}: ${refusalOf(body)}`)
      .filter((text) => !text.endsWith(': accepted'));
    expect(refused).toEqual([]);
  });
});
