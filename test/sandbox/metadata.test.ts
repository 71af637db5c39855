// The sandbox's knowledge of Graph's types: it is what Microsoft publishes, and it says what is wrong in Graph's words.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  baseOf,
  derivedOf,
  InvalidBody,
  isOpen,
  property,
  readAs,
  typeOf,
  validate,
} from '../../src/sandbox/metadata.ts';
import { generateFromPackage } from '../support/generate-sandbox-metadata.mjs';

const oracle = new URL('../../../shared/graph/schema.v1.0.json', import.meta.url);

interface Oracle {
  types: Record<
    string,
    { base?: string; open?: boolean; properties: Record<string, { type: string; collection?: boolean }> }
  >;
  enums: Record<string, { members: string[]; flags?: boolean }>;
}

describe('the generated metadata', () => {
  it('is what the generator makes of the installed package', () => {
    const committed = readFileSync(new URL('../../src/sandbox/metadata.generated.ts', import.meta.url), 'utf8');
    expect(generateFromPackage() === committed, 'run: node test/support/generate-sandbox-metadata.mjs').toBe(true);
  });
});

describe('the published types', () => {
  it('know a property of a base type', () => {
    expect(property('user', 'id')).toMatchObject({ type: 'string', readOnly: true });
    expect(property('ipNamedLocation', 'displayName')).toMatchObject({ type: 'string', nullable: false });
    expect(property('user', 'shoeSize')).toBeUndefined();
    expect(baseOf('ipNamedLocation')).toBe('namedLocation');
    expect(derivedOf('namedLocation')).toEqual(expect.arrayContaining(['ipNamedLocation', 'countryNamedLocation']));
    expect(isOpen('user')).toBe(true);
    expect(isOpen('conditionalAccessPolicy')).toBe(false);
  });

  it('tell beta properties from those of v1.0', () => {
    expect(property('conditionalAccessApplications', 'globalSecureAccess', 'beta')).toMatchObject({ beta: true });
    expect(property('conditionalAccessApplications', 'globalSecureAccess', 'v1.0')).toBeUndefined();
  });

  it('know that a uniqueName can be given and a createdDateTime cannot', () => {
    expect(property('application', 'uniqueName')?.readOnly).toBe(false);
    expect(property('application', 'createdDateTime')?.readOnly).toBe(true);
  });
});

describe('validate', () => {
  const refusal = (type: string, body: unknown): string => {
    try {
      validate(type, body);
    } catch (error) {
      if (error instanceof InvalidBody) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('takes a body that fits, annotations and directory extensions included', () => {
    const body = { displayName: 'Ada', businessPhones: ['+44 1'], 'manager@odata.bind': 'x' };
    expect(refusal('user', body)).toBe('accepted');
    expect(refusal('user', { extension_b7d8e648520f41d3b9c0fdeb91768a0a_jobGroup: 'J' })).toBe('accepted');
  });

  it.each([
    ['user', { shoeSize: 44 }, "Could not find a property named 'shoeSize' on type 'microsoft.graph.user'."],
    ['user', { businessPhones: '1' }, "Invalid value specified for property 'businessPhones' of resource 'User'."],
    [
      'user',
      { employeeHireDate: 'soon' },
      "Invalid value specified for property 'employeeHireDate' of resource 'User'.",
    ],
    [
      'application',
      { web: { redirectUri: [] } },
      "Could not find a property named 'redirectUri' on type 'microsoft.graph.webApplication'.",
    ],
    [
      'conditionalAccessPolicy',
      { state: 'on' },
      "Invalid value specified for property 'state' of resource 'ConditionalAccessPolicy'.",
    ],
  ])('refuses for %s what does not fit: %o', (type, body, message) => {
    expect(refusal(type, body)).toBe(message);
  });

  it('reads a derived type by its annotation, and refuses one that is no descendant', () => {
    const ranges = [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '192.0.2.0/24' }];
    expect(refusal('namedLocation', { '@odata.type': '#microsoft.graph.ipNamedLocation', ipRanges: ranges })).toBe(
      'accepted',
    );
    expect(refusal('namedLocation', { ipRanges: ranges })).toMatch(/^Could not find a property named 'ipRanges'/);
    expect(refusal('namedLocation', { '@odata.type': '#microsoft.graph.user' })).toMatch(/does not derive/);
  });

  it('takes members in any case, and never the sentinel', () => {
    expect(refusal('conditionalAccessConditionSet', { clientAppTypes: ['All'] })).toBe('accepted');
    expect(refusal('conditionalAccessConditionSet', { clientAppTypes: ['unknownFutureValue'] })).toMatch(
      /^Invalid value/,
    );
  });

  it('takes the beta properties of a policy', () => {
    const body = { conditions: { agentIdRiskLevels: 'high' } };
    expect(refusal('conditionalAccessPolicy', body)).toBe('accepted');
  });

  it('takes several members of a flags enumeration in one string', () => {
    const guests = { guestOrExternalUserTypes: 'internalGuest, b2bCollaborationGuest' };
    expect(refusal('conditionalAccessUsers', { includeGuestsOrExternalUsers: guests })).toBe('accepted');
    expect(refusal('conditionalAccessFilter', { mode: 'include,exclude' })).toMatch(/^Invalid value/);
  });
});

describe('what a client sees', () => {
  const policy = {
    conditions: { platforms: { includePlatforms: ['linux', 'macOS'] }, agentIdRiskLevels: 'high' },
    grantControls: { operator: 'OR', builtInControls: ['riskRemediation'] },
  };

  it('has later members hidden unless it asks for them', () => {
    expect(readAs('conditionalAccessPolicy', policy, 'beta', false)).toMatchObject({
      conditions: { platforms: { includePlatforms: ['unknownFutureValue', 'macOS'] } },
      grantControls: { builtInControls: ['unknownFutureValue'] },
    });
    expect(readAs('conditionalAccessPolicy', policy, 'beta', true)).toEqual(policy);
  });

  it('has no beta property on v1.0', () => {
    expect(readAs('conditionalAccessPolicy', policy, 'v1.0', true)).toMatchObject({
      conditions: { platforms: { includePlatforms: ['linux', 'macOS'] } },
    });
    expect(readAs('conditionalAccessPolicy', policy, 'v1.0', true)).not.toHaveProperty('conditions.agentIdRiskLevels');
  });
});

describe.skipIf(!existsSync(oracle))('against the metadata of August 2026', () => {
  const schema = existsSync(oracle) ? (JSON.parse(readFileSync(oracle, 'utf8')) as Oracle) : { types: {}, enums: {} };
  const known = Object.entries(schema.types).flatMap(([full, type]) => {
    const name = full.replace('microsoft.graph.', '');
    return typeOf(name) ? [{ name, type }] : [];
  });

  it('every property of a type that we serve is known, as the same type', () => {
    const primitive: Record<string, string> = {
      'Edm.Boolean': 'boolean',
      'Edm.DateTimeOffset': 'dateTimeOffset',
      'Edm.Int32': 'number',
      'Edm.Int64': 'number',
      'Edm.Stream': 'any',
    };
    const wrong: string[] = [];
    for (const { name, type } of known) {
      for (const [key, { type: full, collection }] of Object.entries(type.properties)) {
        const expected = primitive[full] ?? (full.startsWith('Edm.') ? 'string' : full.replace('microsoft.graph.', ''));
        const ours = property(name, key, 'v1.0');
        if (ours?.type !== expected || ours.collection !== (collection ?? false)) {
          wrong.push(`${name}.${key}: ${expected}${collection ? '[]' : ''}, known as ${ours?.type ?? 'nothing'}`);
        }
      }
    }
    expect(known.length).toBeGreaterThan(90);
    expect(wrong).toEqual([]);
  });

  it('every enumeration has the same members in the same order', () => {
    const wrong: string[] = [];
    for (const { name, type } of known) {
      for (const [key, { type: full }] of Object.entries(type.properties)) {
        const theirs = schema.enums[full];
        const ours = property(name, key, 'v1.0');
        if (theirs && (ours?.members?.join() !== theirs.members.join() || ours.flags !== (theirs.flags ?? false))) {
          wrong.push(`${name}.${key}: ${theirs.members.join()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('the open types are the same', () => {
    const theirs = known.filter(({ type }) => type.open).map(({ name }) => name);
    expect(known.filter(({ name }) => isOpen(name)).map(({ name }) => name)).toEqual(theirs);
  });
});
