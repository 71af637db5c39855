// The row of the authentication methods policy: which methods the tenant's people may register and use, with every method's configuration.
import type { Kind } from '../model/kind.ts';

const targets = { key: ['targetType', 'id'] } as const;
const group = { refersTo: { kind: 'groups' } } as const;

/** Reference 3.11: configurations come with the policy and are written one by one, with their type. */
export const authenticationMethodsPolicy = {
  name: 'authenticationMethodsPolicy',
  type: 'authenticationMethodsPolicy',
  path: '/policies/authenticationMethodsPolicy',
  version: 'v1.0',
  lane: 'policies',
  singleton: true,
  key: 'id',
  sharded: false,
  select: false,
  activities: ['Authentication Methods Policy'],
  attributes: {
    authenticationMethodConfigurations: { key: ['id'], native: true, access: 'authenticationMethod' },
    'authenticationMethodConfigurations.authenticationModeConfiguration.rules': {
      key: ['x509CertificateRuleType', 'identifier', 'policyOidIdentifier', 'issuerSubjectIdentifier'],
    },
    'authenticationMethodConfigurations.certificateAuthorityScopes': {
      key: ['publicKeyInfrastructureIdentifier', 'subjectKeyIdentifier'],
    },
    'authenticationMethodConfigurations.certificateAuthorityScopes.includeTargets': targets,
    'authenticationMethodConfigurations.certificateAuthorityScopes.includeTargets.id': group,
    'authenticationMethodConfigurations.certificateUserBindings': { key: ['priority'] },
    'authenticationMethodConfigurations.excludeTargets': targets,
    'authenticationMethodConfigurations.excludeTargets.id': group,
    'authenticationMethodConfigurations.featureSettings.companionAppAllowedState.excludeTarget.id': group,
    'authenticationMethodConfigurations.featureSettings.companionAppAllowedState.includeTarget.id': group,
    'authenticationMethodConfigurations.featureSettings.displayAppInformationRequiredState.excludeTarget.id': group,
    'authenticationMethodConfigurations.featureSettings.displayAppInformationRequiredState.includeTarget.id': group,
    'authenticationMethodConfigurations.featureSettings.displayLocationInformationRequiredState.excludeTarget.id':
      group,
    'authenticationMethodConfigurations.featureSettings.displayLocationInformationRequiredState.includeTarget.id':
      group,
    // No longer a setting; a write that bears it is refused.
    'authenticationMethodConfigurations.featureSettings.numberMatchingRequiredState': { noise: true },
    'authenticationMethodConfigurations.includeTargets': targets,
    'authenticationMethodConfigurations.includeTargets.id': group,
    'authenticationMethodConfigurations.passkeyProfiles': { key: ['id'] },
    'authenticationMethodConfigurations.passkeyProfiles.passkeyTypes': { flags: ',' },
    description: { write: 'never' },
    displayName: { write: 'never' },
    lastModifiedDateTime: { noise: true },
    policyMigrationState: { access: 'authenticationMethod' },
    policyVersion: { noise: true },
    reconfirmationInDays: { write: 'never' },
    registrationEnforcement: {},
    'registrationEnforcement.authenticationMethodsRegistrationCampaign.excludeTargets': targets,
    'registrationEnforcement.authenticationMethodsRegistrationCampaign.excludeTargets.id': group,
    'registrationEnforcement.authenticationMethodsRegistrationCampaign.includeTargets': targets,
    'registrationEnforcement.authenticationMethodsRegistrationCampaign.includeTargets.id': group,
  },
  links: {},
  contained: [
    {
      attribute: 'authenticationMethodConfigurations',
      key: 'id',
      read: 'inline',
      write: ['update'],
      writeOf: { '#microsoft.graph.externalAuthenticationMethodConfiguration': ['create', 'update', 'delete'] },
    },
  ],
  deletion: { mode: 'never' },
  creation: 'never',
  permissions: { read: ['Policy.Read.AuthenticationMethod'], write: ['Policy.ReadWrite.AuthenticationMethod'] },
  native: 'authenticationMethodPolicy',
  absentIn: ['china'],
} as const satisfies Kind;
