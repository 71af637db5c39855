// driftline.yaml is read, completed by defaults, and every mistake is said with the place where it stands.
import { describe, expect, it } from 'vitest';
import { defaultConfiguration, parseConfiguration, withOverrides } from '../src/config.ts';
import { Problem } from '../src/model/problem.ts';

const id = '3f0a1b2c-0000-4000-8000-000000000001';

function problem(text: string): Problem {
  try {
    parseConfiguration(text, 'driftline.yaml');
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was taken for valid');
}

describe('the configuration', () => {
  it('is the default where the file is empty', () => {
    expect(parseConfiguration('', 'driftline.yaml')).toEqual({ ...defaultConfiguration, file: 'driftline.yaml' });
  });

  it('says all that there is to say', () => {
    const configuration = parseConfiguration(
      `tenant: {id: ${id}, cloud: usgov}
credentials: {clientId: ${id}, method: github}
branch: baseline
state: tenants/state/
remote: origin
kinds: [users, groups]
emergencyAccounts: [${id}]
protect: [groups/${id}]
thresholds: {share: 0.5}
allowAccess: [ownership]
ignore:
  - kind: users
    attribute: jobTitle
    reason: HR writes it
    until: "2027-01-01"
`,
      'driftline.yaml',
      'a',
    );
    expect(configuration).toMatchObject({
      cloud: 'usgov',
      credentials: { tenantId: id, clientId: id, method: 'github' },
      branch: 'baseline',
      statePath: 'a/tenants/state',
      remote: 'origin',
      kinds: ['users', 'groups'],
      emergencyAccounts: [id],
      protect: [`groups/${id}`],
      thresholds: { share: 0.5, minimum: 10 },
      allowAccess: ['ownership'],
      ignore: [
        {
          kind: 'users',
          attribute: 'jobTitle',
          reason: 'HR writes it',
          until: '2027-01-01',
          at: 'driftline.yaml:12:5',
        },
      ],
    });
  });

  it.each([
    ['brnch: main', 'driftline.yaml:1:1', 'brnch'],
    ['tenant:\n  cloud: mars', 'driftline.yaml:2:10', 'global'],
    ['thresholds: {share: 30}', 'driftline.yaml:1:21', '0 to 1'],
    ['ignore:\n  - kind: users', 'driftline.yaml:2:5', 'reason'],
    ['ignore:\n  - reason: all of it', 'driftline.yaml:2:5', 'everything'],
    ['emergencyAccounts: [admin@example.com]', 'driftline.yaml:1:21', 'object id'],
    ['protect: [everything]', 'driftline.yaml:1:11', 'ref'],
    ['allowAccess: [everything]', 'driftline.yaml:1:15', 'ownership'],
    ['kinds: users', 'driftline.yaml:1:8', 'list'],
    ['a: 1\na: 2', 'driftline.yaml:2:1', 'unique'],
    ['- a', 'driftline.yaml:1:1', 'mapping'],
    ['tenant: {id: 5}', 'driftline.yaml:1:14', 'text'],
  ])('refuses %j, and says where', (text, place, hint) => {
    const found = problem(text);
    expect(found.subject).toBe(place);
    expect(found.kind).toBe('usage');
    expect(found.detail).toContain(hint);
  });

  it('gives way to the command line and refuses an unknown cloud there', () => {
    expect(withOverrides(defaultConfiguration, { graphUrl: 'http://127.0.0.1:1' }).graphUrl).toBe('http://127.0.0.1:1');
    expect(() => withOverrides(defaultConfiguration, { cloud: 'mars' })).toThrow(/global/);
  });
});
