// The row of delegated permission grants: which client may use which scopes of which resource for one user, or for all.
import type { Kind } from '../model/kind.ts';

/** Reference 3.6: one row for each client, resource and principal (or all of them), so that is its key; Graph's id follows from it (1.15). */
export const oauth2PermissionGrants = {
  name: 'oauth2PermissionGrants',
  type: 'oAuth2PermissionGrant',
  path: '/oauth2PermissionGrants',
  version: 'v1.0',
  lane: 'directory',
  key: ['clientId', 'resourceId', 'principalId'],
  idFrom: 'guids',
  sharded: true,
  pageSize: 999,
  select: false,
  activities: ['Add delegated permission grant', 'Remove delegated permission grant'],
  names: ['scope'],
  attributes: {
    clientId: { write: 'create', required: true, native: true, refersTo: { kind: 'servicePrincipals' } },
    consentType: { write: 'create', required: true, native: true },
    principalId: { write: 'create', native: true, refersTo: { kind: 'users' } },
    resourceId: { write: 'create', required: true, native: true, refersTo: { kind: 'servicePrincipals' } },
    scope: {
      flags: ' ',
      native: true,
      access: 'tenantConsent',
      accessWhen: { attribute: 'consentType', equals: 'AllPrincipals' },
    },
  },
  links: {},
  deletion: { mode: 'hard' },
  creation: 'post',
  permissions: { read: ['Directory.Read.All'], write: ['DelegatedPermissionGrant.ReadWrite.All'] },
  native: 'oAuth2PermissionGrant',
  tracked: { besides: [] },
} as const satisfies Kind;
