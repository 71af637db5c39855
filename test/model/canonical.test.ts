// What the canonical form does to each of the things that Graph sends in more than one way.
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { attributeAt, canonicalAttributes, canonicalEntity, itemKey } from '../../src/model/canonical.ts';
import type { JsonObject } from '../../src/model/json.ts';

function canonical(kind: string, raw: JsonObject): JsonObject {
  return canonicalAttributes(kinds.get(kind)!, raw);
}

describe('the canonical form', () => {
  it('keeps what the row lists and nothing else', () => {
    expect(
      canonical('users', {
        '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users',
        id: '3f0a',
        displayName: 'Ann',
        jobTitle: null,
        businessPhones: [],
        signInActivity: { lastSignInDateTime: '2026-01-01T00:00:00Z' },
        proxyAddresses: ['SMTP:ann@contoso.com'],
        passwordProfile: { password: 'secret' },
      }),
    ).toEqual({ displayName: 'Ann' });
  });

  it('keeps false, zero and empty texts, which are values', () => {
    expect(canonical('users', { accountEnabled: false, city: '' })).toEqual({ accountEnabled: false, city: '' });
    expect(canonical('organization', { privacyProfile: { contactEmail: '' } })).toEqual({
      privacyProfile: { contactEmail: '' },
    });
  });

  it('sorts sets of texts by code unit, each once, in no language', () => {
    expect(canonical('users', { otherMails: ['z@x', 'ä@x', 'Z@x', 'a@x', 'z@x'] }).otherMails).toEqual([
      'Z@x',
      'a@x',
      'z@x',
      'ä@x',
    ]);
  });

  it('sorts sets of objects by their key, numbers by size', () => {
    const configuration = {
      '@odata.type': '#microsoft.graph.x509CertificateAuthenticationMethodConfiguration',
      id: 'X509Certificate',
      certificateUserBindings: [10, 9, 1].map((priority) => ({ x509CertificateField: 'RFC822Name', priority })),
    };
    const { authenticationMethodConfigurations } = canonical('authenticationMethodsPolicy', {
      authenticationMethodConfigurations: [configuration, { id: 'Email', state: 'enabled' }],
    }) as { authenticationMethodConfigurations: JsonObject[] };
    expect(authenticationMethodConfigurations.map(({ id }) => id)).toEqual(['Email', 'X509Certificate']);
    expect(
      (authenticationMethodConfigurations[1]!.certificateUserBindings as JsonObject[]).map(({ priority }) => priority),
    ).toEqual([1, 9, 10]);
  });

  it('sorts the flags of a text and drops blanks', () => {
    expect(canonical('oauth2PermissionGrants', { scope: ' User.Read  openid email openid' }).scope).toBe(
      'User.Read email openid',
    );
    expect(
      canonical('users', { passwordPolicies: 'DisableStrongPassword,DisablePasswordExpiration' }).passwordPolicies,
    ).toBe('DisablePasswordExpiration, DisableStrongPassword');
  });

  it('never keeps a secret, only that there is one', () => {
    const { passwordCredentials, keyCredentials } = canonical('applications', {
      passwordCredentials: [{ keyId: '1', hint: 'abc', secretText: 'hunter2', displayName: 'CI' }],
      keyCredentials: [{ keyId: '2', key: 'MIIC', type: 'AsymmetricX509Cert', usage: 'Verify' }],
    });
    expect(passwordCredentials).toEqual([{ displayName: 'CI', hint: 'abc', keyId: '1' }]);
    expect(keyCredentials).toEqual([{ keyId: '2', type: 'AsymmetricX509Cert', usage: 'Verify' }]);
    const nested = canonical('applications', { passwordCredentials: [[{ keyId: '1', secretText: 'hunter2' }]] });
    expect(JSON.stringify(nested)).not.toContain('hunter2');
  });

  it('keeps the type of a derived value and no other annotation', () => {
    expect(
      canonical('namedLocations', {
        ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '6.5.4.3/32', 'x@odata.id': 'y' }],
      }).ipRanges,
    ).toEqual([{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '6.5.4.3/32' }]);
  });

  it('keeps of a strength in a policy its id, and of empty conditions nothing', () => {
    expect(
      canonical('conditionalAccessPolicies', {
        conditions: {
          users: { includeUsers: ['All'], excludeUsers: [], includeGuestsOrExternalUsers: null },
          platforms: null,
          locations: { includeLocations: [], excludeLocations: [] },
        },
        grantControls: {
          operator: 'AND',
          builtInControls: [],
          authenticationStrength: { id: '00000000-0000-0000-0000-000000000004', displayName: 'Phishing-resistant' },
        },
        sessionControls: null,
      }),
    ).toEqual({
      conditions: { users: { includeUsers: ['All'] } },
      grantControls: { operator: 'AND', authenticationStrength: { id: '00000000-0000-0000-0000-000000000004' } },
    });
  });

  it("keeps what a vendor's application publishes, and not what Microsoft edits on its own", () => {
    const raw = { displayName: 'App', appRoles: [{ id: '1', value: 'Read', origin: 'Application' }] };
    const vendor = canonical('servicePrincipals', { ...raw, appOwnerOrganizationId: 'another tenant' });
    expect(vendor.appRoles).toEqual([{ id: '1', value: 'Read' }]);
    const microsoft = { ...raw, appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' };
    expect(canonical('servicePrincipals', microsoft)).toEqual({
      displayName: 'App',
      appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
    });
  });

  it('has no members of a dynamic group', () => {
    const entity = {
      ref: 'groups/1',
      attributes: { groupTypes: ['DynamicMembership'] },
      links: { members: [{ target: 'users/1' }], owners: [{ target: 'users/2' }] },
    } as const;
    expect(canonicalEntity(kinds.get('groups')!, entity).links).toEqual({ owners: [{ target: 'users/2' }] });
  });
});

describe('facts of a path', () => {
  it('are found through keys and indexes', () => {
    const kind = kinds.get('applications')!;
    expect(attributeAt(kind, 'appRoles[id=1].origin').noise).toBe(true);
    expect(attributeAt(kind, 'requiredResourceAccess[0].resourceAccess').key).toEqual(['id', 'type']);
    expect(attributeAt(kind, 'nothing.of.the.kind')).toEqual({});
  });
});

describe('the key of a set item', () => {
  it('tells two items apart just when they differ', () => {
    const key = ['id'];
    expect(itemKey({ id: '1', a: 1 }, key)).toBe(itemKey({ a: 1, id: '1' }, key));
    expect(itemKey({ id: '1', a: 1 }, key)).not.toBe(itemKey({ id: '1', a: 2 }, key));
    expect(itemKey('x', key)).toBe('x');
    expect(itemKey({ b: 1, a: 2 }, undefined)).toBe('{"a":2,"b":1}');
  });
});
