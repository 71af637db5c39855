// What the sweeps over recovery have found, each as a plain test that fails without its fix.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/apply/index.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { type Applied, applyPlan, resumeRun } from '../../src/verbs/apply.ts';
import { list, objects } from '../support/drift.ts';
import { everything, type Place } from '../support/recovery.ts';
import { memoryPlace, scenario } from '../support/recovery-scenarios.ts';

let place: Place;
let before: string;

beforeEach(async () => {
  place = await memoryPlace();
  before = (await place.snapshot()).id;
});
afterEach(() => place.close());

const ok = async (method: string, path: string, body?: unknown) => {
  const answer = await place.graph(method, path, body);
  expect(answer.status, `${method} ${path}`).toBeLessThan(300);
  return answer.body;
};

const assigned = async () =>
  (await objects(place, 'groups')).filter(
    ({ groupTypes, isAssignableToRole }) => groupTypes.length === 0 && isAssignableToRole !== true,
  );

const lost: Fault = { kind: 'status', status: 503, tookEffect: true };

/** Applies a plan while everything fails from a request on that matches; what is sent takes effect all the same. */
async function applyThrough(path: RegExp, method: string, goal: string, scope: Scope = {}): Promise<Applied> {
  const planned = await place.plan(goal, everything, scope);
  const { faults } = place.sandbox;
  const falling = faults.add({ match: { path, method }, fault: lost });
  const applied = place.apply(planned, {
    journal: async (file) => {
      const journal = await openJournal(file);
      return {
        async append(lines) {
          await journal.append(lines);
          // From the write on nothing answers any more, so that it cannot be looked up either.
          if (
            lines.some((line) => line.line === 'intent' && line.method === method && path.test(`/v1.0${line.path}`))
          ) {
            falling.remove();
            faults.add({ fault: lost, times: Number.POSITIVE_INFINITY });
          }
        },
        close: () => journal.close(),
      };
    },
  });
  return applied.finally(() => faults.clear());
}

/** A group that was deleted for good, and whose new one nobody saw come. */
async function groupMadeUnseen(scope: (id: string) => Scope): Promise<{ name: string; id: string; applied: Applied }> {
  const [group] = await assigned();
  await ok('DELETE', `/groups/${group!.id}`);
  await ok('DELETE', `/directory/deletedItems/${group!.id}`);
  const applied = await applyThrough(/\/groups$/, 'POST', before, scope(group!.id));
  expect(applied.record.failures[0]).toMatchObject({ action: 'recreate', outcome: 'unknown' });
  return { name: group!.displayName, id: group!.id, applied };
}

const named = async (name: string) =>
  (await objects(place, 'groups')).filter(({ displayName }) => displayName === name);

describe('a recovery', () => {
  it('does not take the id that stands for nobody for a group that is gone', async () => {
    const path = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/MicrosoftAuthenticator';
    const { featureSettings } = await ok('GET', path);
    expect(JSON.stringify(featureSettings)).toContain('00000000-0000-0000-0000-000000000000');
    await ok('PATCH', path, {
      '@odata.type': '#microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration',
      isSoftwareOathEnabled: true,
    });
    const { record } = await place.recover(before);
    expect(record).toMatchObject({ status: 'complete', left: [], refusals: [] });
    expect((await ok('GET', path)).isSoftwareOathEnabled).toBe(false);
  });

  it('does not call skipped what it sent and could not look at afterwards, so that undo knows of it', async () => {
    const [group] = await assigned();
    const [user] = (await objects(place, 'users')).filter(({ userType }) => userType === 'Guest');
    const member = { '@odata.id': `http://127.0.0.1:9/v1.0/directoryObjects/${user!.id}` };
    await ok('POST', `/groups/${group!.id}/members/$ref`, member);
    const { record } = await applyThrough(/members\/.*\$ref/, 'DELETE', before);
    expect(record.failures).toMatchObject([{ action: 'unlink', outcome: 'unknown' }]);
    expect(record.objects).toEqual([`groups/${group!.id}`]);
    const members = async () => (await list(place, `/groups/${group!.id}/members`)).map(({ id }) => id);
    expect(await members()).not.toContain(user!.id);
    expect((await place.undo()).record.failures).toEqual([]);
    expect(await members()).toContain(user!.id);
  });

  it('knows what it may have made unseen also where it is planned again for that object alone', async () => {
    const { name, id } = await groupMadeUnseen((group) => ({ refs: [`groups/${group}`] }));
    expect(await named(name)).toHaveLength(1);
    const { record } = await place.recover(before, everything, { refs: [`groups/${id}`] });
    expect(record.failures).toEqual([]);
    expect(await named(name)).toHaveLength(1);
  });

  it('is undone together with what it made unseen', async () => {
    const { name } = await groupMadeUnseen(() => ({}));
    expect(await named(name)).toHaveLength(1);
    expect((await place.undo()).record.failures).toEqual([]);
    expect(await named(name)).toEqual([]);
  });

  it('takes Driftline out of the owners of what it made, if not at once then in the next one', async () => {
    const [group] = await assigned();
    await ok('DELETE', `/groups/${group!.id}`);
    await ok('DELETE', `/directory/deletedItems/${group!.id}`);
    const planned = await place.plan(before);
    const fault: Fault = { kind: 'status', status: 403, code: 'Authorization_RequestDenied' };
    place.sandbox.faults.add({ match: { method: 'DELETE', path: /owners/ }, fault });
    const first = await place.apply(planned);
    expect(first.record.failures).toMatchObject([{ action: 'prune', outcome: 'refused' }]);
    const owners = async () =>
      (await list(place, `/groups/${first.record.ids[group!.id]}/owners`)).map(({ displayName }) => displayName);
    expect(await owners()).toContain('Driftline (sandbox)');
    expect((await place.recover(before)).record.failures).toEqual([]);
    expect(await owners()).not.toContain('Driftline (sandbox)');
  });

  it('says of what it skipped why, also where more of it differs by now', async () => {
    const [user] = (await objects(place, 'users')).filter(({ userType }) => userType !== 'Guest');
    await ok('PATCH', `/users/${user!.id}`, { department: 'Drifted' });
    const planned = await place.plan(before);
    await ok('PATCH', `/users/${user!.id}`, { jobTitle: 'Changed by hand' });
    const { record } = await place.apply(planned);
    expect(record.left).toMatchObject([{ because: record.failures[0]!.because }]);
  });

  it('that was stopped sees on resuming who is in the groups that it made, and turns blocking policies on again', async () => {
    const from = await scenario('all of a tenant');
    const own = from.open();
    try {
      const stopped = await applyPlan(
        from.planned.plan,
        own.request({
          journal: async (file) => {
            const journal = await openJournal(file);
            return {
              async append(lines) {
                if (lines.some((line) => line.line === 'intent' && line.path.includes('conditionalAccess/policies')))
                  throw new Error('killed');
                await journal.append(lines);
              },
              close: () => journal.close(),
            };
          },
        }),
      ).catch((error: Error) => error.message);
      expect(stopped).toBe('killed');
      expect((await resumeRun(undefined, own.request())).record).toMatchObject({ status: 'complete', failures: [] });
    } finally {
      await own.close();
    }
  });
});

it('an app role comes back to whom another one of the same resource was left', async () => {
  const graph = (await list(place, '/servicePrincipals')).find(({ displayName }) => displayName === 'Microsoft Graph')!;
  const path = `/servicePrincipals/${graph.id}/appRoleAssignedTo`;
  const held = await list(place, path);
  const twice = held.find(({ principalId }) => held.filter((other) => other.principalId === principalId).length > 1)!;
  await ok('DELETE', `${path}/${twice.id}`);
  const applied = await place.recover(before);
  expect(applied.record).toMatchObject({ status: 'complete', refusals: [], left: [] });
  expect((await list(place, path)).map(({ appRoleId }) => appRoleId).sort()).toEqual(
    held.map(({ appRoleId }) => appRoleId).sort(),
  );
});

it('an undo deletes a service principal that follows its application back, also in what only the application can write', async () => {
  const principal = (await list(place, '/servicePrincipals')).find(({ displayName }) =>
    displayName.startsWith('Payroll'),
  )!;
  const application = (await objects(place, 'applications')).find(({ appId }) => appId === principal.appId)!;
  await ok('DELETE', `/servicePrincipals/${principal.id}`);
  await ok('PATCH', `/applications/${application.id}`, { tags: ['HideApp'] });
  await ok('PATCH', `/applications/${application.id}`, { web: { redirectUris: ['https://evil.example/458'] } });
  await place.recover(before);
  const { record } = await place.undo();
  expect(record).toMatchObject({ failures: [], left: [] });
  expect((await place.graph('GET', `/servicePrincipals/${principal.id}`)).status).toBe(404);
});

it('an app role that comes back by itself with a service principal is said, and taken away by the next recovery', async () => {
  const principals = await list(place, '/servicePrincipals');
  const resource = principals.find(({ displayName }) => displayName === 'Fleet API')!;
  const role = resource.appRoles.find(({ allowedMemberTypes }: { allowedMemberTypes: string[] }) =>
    allowedMemberTypes.includes('Application'),
  );
  const principal = principals.find(({ displayName }) => displayName === 'HR provisioning')!;
  await ok('POST', `/servicePrincipals/${resource.id}/appRoleAssignedTo`, {
    principalId: principal.id,
    resourceId: resource.id,
    appRoleId: role.id,
  });
  const application = (await objects(place, 'applications')).find(({ appId }) => appId === principal.appId)!;
  await ok('DELETE', `/applications/${application.id}`);
  const { record } = await place.recover(before);
  expect(record).toMatchObject({ status: 'partial', failures: [] });
  expect(record.left).toMatchObject([
    { displayName: 'Fleet API', because: 'it came back from the bin with whom it leads to; plan again, and it goes' },
  ]);
  expect((await place.recover(before)).record).toMatchObject({ status: 'complete', left: [] });
});
