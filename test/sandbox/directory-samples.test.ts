// The directory's answers beside the published samples of the reference documentation: the same statuses, and every property that a sample shows.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { application, type Client, group, id, principal, tenant, user } from './client.ts';

interface Sample {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: Record<string, unknown> | null;
}

const file = fileURLToPath(new URL('../../../shared/graph/samples.v1.0.json', import.meta.url));
const samples: Sample[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).samples : [];

const role = {
  id: id('f', 1),
  allowedMemberTypes: ['User'],
  description: 'Reads',
  displayName: 'Reader',
  isEnabled: true,
  value: 'Read',
};

function company(): Client {
  return tenant({
    users: [user(1, { links: { manager: [`users/${id('a', 2)}`] } }), user(2)],
    groups: [
      group(1, { links: { members: [`users/${id('a', 1)}`], owners: [`users/${id('a', 1)}`, `users/${id('a', 2)}`] } }),
    ],
    applications: [application(1, { appRoles: [role], links: { owners: [`users/${id('a', 1)}`] } }), application(2)],
    servicePrincipals: [
      principal(1, { links: { appRoleAssignedTo: [{ target: `users/${id('a', 1)}`, appRoleId: role.id }] } }),
      principal(2, { links: { owners: [`users/${id('a', 1)}`] } }),
    ],
    oauth2PermissionGrants: [
      { clientId: id('e', 2), resourceId: id('e', 1), consentType: 'AllPrincipals', scope: 'x' },
    ],
  });
}

/** Sample paths by the path that asks the same of our company. */
const reads: Record<string, string> = {
  '/applications': '/applications',
  '/applications/*': `/applications/${id('c', 1)}`,
  '/applications(appId=*)/owners': `/applications(appId='${id('d', 1)}')/owners`,
  '/groups': '/groups',
  '/groups/*': `/groups/${id('b', 1)}`,
  '/oauth2PermissionGrants': '/oauth2PermissionGrants',
  '/organization': '/organization',
  '/servicePrincipals': '/servicePrincipals',
  '/servicePrincipals/*': `/servicePrincipals/${id('e', 1)}`,
  '/servicePrincipals/*/appRoleAssignedTo': `/servicePrincipals/${id('e', 1)}/appRoleAssignedTo`,
  '/users/*/appRoleAssignments?$filter=resourceId eq *': `/users/${id('a', 1)}/appRoleAssignments?$filter=resourceId eq '${id('e', 1)}'`,
  '/users/*/manager': `/users/${id('a', 1)}/manager`,
  '/users/delta': '/users/delta',
};

/** Properties that a sample shows and Graph's v1.0 metadata does not have, or that are no properties. */
const notServed = new Set(['endpoints', 'publisherName', 'imAddresses']);
/** Control information that the service adds when it likes. */
const isControl = (name: string) => name.startsWith('@');

const first = (body: Record<string, unknown>): Record<string, unknown> =>
  Array.isArray(body.value) ? ((body.value[0] ?? {}) as Record<string, unknown>) : body;

describe.skipIf(samples.length === 0)('the published samples of reads', () => {
  it.each(Object.entries(reads))('show nothing at %s that the sandbox does not', async (path, ours) => {
    const { get } = company();
    const matching = samples.filter(
      (sample) => sample.method === 'GET' && sample.path === path && sample.body !== null,
    );
    expect(matching.length, 'the sample is there').toBeGreaterThan(0);
    const answer = await get(ours);
    expect(answer.status).toBe(200);
    for (const sample of matching) {
      const shown = Object.keys(first(sample.body ?? {})).filter((name) => !isControl(name) && !notServed.has(name));
      const missing = shown.filter((name) => !(name in first(answer.body)));
      // A delta leaves out what was never set.
      if (!path.endsWith('delta')) expect(missing).toEqual([]);
      for (const [name, value] of Object.entries(first(sample.body ?? {}))) {
        const own = first(answer.body)[name];
        if (Array.isArray(value) && own !== undefined) expect(Array.isArray(own), name).toBe(true);
      }
    }
  });
});

describe.skipIf(samples.length === 0)('the published samples of writes', () => {
  const ref = (objectId: string) => ({ '@odata.id': `http://graph.test/v1.0/directoryObjects/${objectId}` });
  const writes: readonly [method: string, sample: string, ours: string, body?: unknown][] = [
    ['POST', '/applications', '/applications', { displayName: 'Display name' }],
    ['PATCH', '/applications/*', `/applications/${id('c', 1)}`, { displayName: 'New' }],
    ['DELETE', '/applications/*', `/applications/${id('c', 1)}`],
    ['POST', '/applications/*/addPassword', `/applications/${id('c', 1)}/addPassword`, {}],
    ['POST', '/applications/*/owners/$ref', `/applications/${id('c', 1)}/owners/$ref`, ref(id('a', 2))],
    ['DELETE', '/applications/*/owners/*/$ref', `/applications/${id('c', 1)}/owners/${id('a', 1)}/$ref`],
    [
      'POST',
      '/groups',
      '/groups',
      { displayName: 'x', groupTypes: ['Unified'], mailEnabled: true, mailNickname: 'x', securityEnabled: false },
    ],
    ['PATCH', '/groups/*', `/groups/${id('b', 1)}`, { description: 'x' }],
    ['DELETE', '/groups/*', `/groups/${id('b', 1)}`],
    ['POST', '/groups/*/members/$ref', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 2))],
    ['DELETE', '/groups/*/members/*/$ref', `/groups/${id('b', 1)}/members/${id('a', 1)}/$ref`],
    ['DELETE', '/groups/*/owners/*/$ref', `/groups/${id('b', 1)}/owners/${id('a', 1)}/$ref`],
    ['POST', '/groups/*/renew', `/groups/${id('b', 1)}/renew`],
    ['POST', '/servicePrincipals/*/owners/$ref', `/servicePrincipals/${id('e', 1)}/owners/$ref`, ref(id('a', 2))],
    ['PUT', '/users/*/manager/$ref', `/users/${id('a', 2)}/manager/$ref`, ref(id('a', 1))],
    ['DELETE', '/users/*/manager/$ref', `/users/${id('a', 1)}/manager/$ref`],
    ['DELETE', '/users/*', `/users/${id('a', 1)}`],
  ];
  it.each(writes)(
    '%s %s: the same status, and nothing shown that the sandbox does not show',
    async (method, path, ours, body) => {
      const { call } = company();
      const matching = samples.filter((sample) => sample.method === method && sample.path === path);
      expect(matching.length, 'the sample is there').toBeGreaterThan(0);
      const answer = await call(method, ours, body);
      expect(matching.map(({ status }) => status)).toContain(answer.status);
      for (const { body: shown } of matching) {
        if (shown === null || answer.body === '') continue;
        const missing = Object.keys(shown).filter(
          (name) => !isControl(name) && !notServed.has(name) && !(name in answer.body),
        );
        expect(missing).toEqual([]);
      }
    },
  );
});
