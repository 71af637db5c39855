// Events: things that happen in the company of the sandbox, for tests in which anything may happen between two snapshots.
import fc from 'fast-check';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { joinedId } from '../../src/sandbox/rules/directory/identifiers.ts';
import type { GraphObject } from '../../src/sandbox/types.ts';

/** Things that happen in a tenant, each by numbers that choose among what is there. */
export type Event = (sandbox: Sandbox, one: number, other: number) => void;
const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length]!;

/** What went with an object, by its id: change tracking is not said to tell of it, so here it does not. */
const vanished = new WeakMap<Sandbox['store'], Map<string, readonly GraphObject[]>>();
export function vanish(store: Sandbox['store'], type: string, id: string): void {
  const ends = ['clientId', 'resourceId', 'principalId'];
  const grants = ends.flatMap((end) => store.find('oAuth2PermissionGrant', end, id));
  store.silently(() => {
    for (const grant of grants) store.remove('oAuth2PermissionGrant', grant.id);
  });
  const all = vanished.get(store) ?? new Map();
  vanished.set(store, all.set(id, grants));
  store.bury(type, id, 'directory');
}
export const events: Readonly<Record<string, Event>> = {
  rename: ({ store }, one, other) => {
    const user = pick([...store.list('user')], one);
    store.put('user', { ...user, jobTitle: `Job ${other}` }, ['jobTitle']);
  },
  regroup: ({ store }, one, other) => {
    const group = pick([...store.list('group')], one);
    store.put('group', { ...group, description: `About ${other}` }, ['description']);
  },
  join: ({ store }, one, other) =>
    store.link('members', pick([...store.list('group')], one).id, pick([...store.list('user')], other).id),
  leave: ({ store }, one, other) => {
    const group = pick([...store.list('group')], one);
    const members = store.targets('members', group.id);
    if (members.length > 0) store.unlink('members', group.id, pick(members, other));
  },
  promote: ({ store }, one, other) => {
    const [user, manager] = [pick([...store.list('user')], one), pick([...store.list('user')], other)];
    for (const id of store.targets('manager', user.id)) store.unlink('manager', user.id, id);
    if (user.id !== manager.id) store.link('manager', user.id, manager.id);
  },
  consent: ({ store }, one, other) => {
    const principals = [...store.list('servicePrincipal')];
    const grants = [...store.list('oAuth2PermissionGrant')];
    if (other % 3 === 0 && grants.length > 0) store.remove('oAuth2PermissionGrant', pick(grants, one).id);
    else if (other % 3 === 1 && grants.length > 0)
      store.put('oAuth2PermissionGrant', { ...pick(grants, one), scope: `Scope.${other}` }, ['scope']);
    else {
      const [client, resource] = [pick(principals, one), pick(principals, other)];
      const user = pick([...store.list('user')], one);
      const [clientId, resourceId, principalId] = [client.id, resource.id, user.id];
      store.put('oAuth2PermissionGrant', {
        id: joinedId(clientId, resourceId, principalId),
        ...{ clientId, resourceId, principalId, consentType: 'Principal', scope: 'User.Read' },
      });
    }
  },
  uninstall: ({ store }, one) => vanish(store, 'servicePrincipal', pick([...store.list('servicePrincipal')], one).id),
  leaveWithConsents: ({ store }, one) => vanish(store, 'user', pick([...store.list('user')], one).id),
  comeBack: ({ store }, one) => {
    const [id, grants] = pick([...(vanished.get(store) ?? [])], one) ?? [];
    if (id === undefined || store.binned('directory', id) === undefined) return;
    store.restore(id);
    store.silently(() => {
      for (const each of grants!) store.put('oAuth2PermissionGrant', each);
    });
  },
  bury: ({ store }, one) => store.bury('user', pick([...store.list('user')], one).id, 'directory'),
  restore: ({ store }, one) => {
    const binned = [...store.listBin('directory', 'user')];
    if (binned.length > 0) store.restore(pick(binned, one).object.id);
  },
  sponsor: ({ store }, one, other) => {
    const guests = [...store.list('user')].filter(({ userType }) => userType === 'Guest');
    const guest = pick(guests, one);
    if (guest !== undefined) store.link('sponsors', guest.id, pick([...store.list('user')], other).id);
  },
  unsponsor: ({ store }, one) => {
    const sponsored = [...store.list('user')].filter(({ id }) => store.targets('sponsors', id).length > 0);
    const guest = pick(sponsored, one);
    if (guest !== undefined) store.unlink('sponsors', guest.id, store.targets('sponsors', guest.id)[0]!);
  },
  invite: ({ store }, one) => {
    const user = pick([...store.list('user')], one);
    store.put('user', { ...user, userType: user.userType === 'Guest' ? 'Member' : 'Guest' }, ['userType']);
  },
  // Of these no change tracking tells (reference 1.5).
  own: ({ store }, one, other) =>
    store.silently(() => {
      const [owned] = [pick([...store.list('application'), ...store.list('servicePrincipal')], one)];
      const [owner] = store.targets('owners', owned.id);
      if (owner === undefined) store.link('owners', owned.id, pick([...store.list('user')], other).id);
      else store.unlink('owners', owned.id, owner);
    }),
  federate: ({ store }, one, other) =>
    store.silently(() => {
      const application = pick([...store.list('application')], one);
      const credential = {
        id: `f${other}`,
        name: `job-${other}`,
        issuer: 'https://issuer.example',
        subject: `${other}`,
      };
      store.put('application', {
        ...application,
        federatedIdentityCredentials: one % 3 === 0 ? [] : [{ ...credential, audiences: ['api://exchange'] }],
      });
    }),
  assign: ({ store }, one, other) =>
    store.silently(() => {
      const [resource, principal] = [
        pick([...store.list('servicePrincipal')], one),
        pick([...store.list('user')], other),
      ];
      const held = store.find('appRoleAssignment', 'resourceId', resource.id);
      if (held.length > 0 && other % 2 === 0) store.remove('appRoleAssignment', held[0]!.id);
      else
        store.put('appRoleAssignment', {
          id: `assignment-${one}-${other}`,
          appRoleId: '00000000-0000-0000-0000-000000000000',
          principalId: principal.id,
          principalType: 'User',
          resourceId: resource.id,
        });
    }),
};

/** Any of them, with its numbers. */
export const event = fc.tuple(fc.constantFrom(...Object.keys(events)), fc.nat(1000), fc.nat(1000));
