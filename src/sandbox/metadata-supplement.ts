// Data only: what the published TypeScript types lack of Graph's own metadata, each block with the source that says it.

/** Properties and types in the encoding of metadata.generated.ts: `type[]?!`. */
type Types = Record<string, { kind?: string; base?: string; properties: Record<string, string> }>;

/** In the v1.0 metadata of August 2026 (reference, appendix A), and not in the npm package 2.43.1. */
export const v1: Types = {
  application: { properties: { createdByAppId: 'string?!', isDisabled: 'boolean?', managerApplications: 'string[]' } },
  conditionalAccessPolicy: { properties: { deletedDateTime: 'dateTimeOffset?!' } },
  externalAuthenticationMethodConfiguration: {
    kind: 'entity',
    base: 'authenticationMethodConfiguration',
    properties: {
      appId: 'string',
      displayName: 'string',
      openIdConnectSetting: 'openIdConnectSetting',
      includeTargets: 'authenticationMethodTarget[]?',
    },
  },
  fido2AuthenticationMethodConfiguration: {
    properties: {
      defaultPasskeyProfile: 'string?',
      includeTargets: 'passkeyAuthenticationMethodTarget[]?',
      passkeyProfiles: 'passkeyProfile[]?',
    },
  },
  group: {
    properties: {
      accessType: 'groupAccessType?',
      infoCatalogs: 'string[]',
      isFavorite: 'boolean?',
      onPremisesExtensionAttributes: 'onPremisesExtensionAttributes?',
      organizationId: 'string?!',
      resourceBehaviorOptions: 'string[]',
      resourceProvisioningOptions: 'string[]!',
      unseenConversationsCount: 'number?',
      unseenMessagesCount: 'number?',
      welcomeMessageEnabled: 'boolean?',
    },
  },
  includeTarget: { kind: 'complex', properties: { id: 'string', targetType: 'authenticationMethodTargetType' } },
  namedLocation: { properties: { deletedDateTime: 'dateTimeOffset?!' } },
  openIdConnectSetting: { kind: 'complex', properties: { clientId: 'string', discoveryUrl: 'string' } },
  passkeyProfile: {
    kind: 'entity',
    base: 'entity',
    properties: {
      attestationEnforcement: 'attestationEnforcement',
      keyRestrictions: 'fido2KeyRestrictions?',
      name: 'string',
      passkeyTypes: 'passkeyTypes',
    },
  },
  passkeyAuthenticationMethodTarget: {
    kind: 'entity',
    base: 'authenticationMethodTarget',
    properties: { allowedPasskeyProfiles: 'string[]' },
  },
  qrCodePinAuthenticationMethodConfiguration: {
    kind: 'entity',
    base: 'authenticationMethodConfiguration',
    properties: {
      pinLength: 'number?',
      standardQRCodeLifetimeInDays: 'number?',
      includeTargets: 'authenticationMethodTarget[]?',
    },
  },
  servicePrincipal: { properties: { createdByAppId: 'string?!', isDisabled: 'boolean?' } },
  user: { properties: { identityParentId: 'string?!', sponsorOf: 'directoryObject[]?!' } },
  verifiableCredentialAuthenticationMethodTarget: {
    kind: 'entity',
    base: 'authenticationMethodTarget',
    properties: { verifiedIdProfiles: 'string[]' },
  },
  verifiableCredentialsAuthenticationMethodConfiguration: {
    kind: 'entity',
    base: 'authenticationMethodConfiguration',
    properties: { includeTargets: 'verifiableCredentialAuthenticationMethodTarget[]?' },
  },
  x509CertificateAuthenticationMethodConfiguration: {
    properties: {
      certificateAuthorityScopes: 'x509CertificateAuthorityScope[]?',
      issuerHintsConfiguration: 'x509CertificateIssuerHintsConfiguration?',
    },
  },
  x509CertificateAuthorityScope: {
    kind: 'complex',
    properties: {
      includeTargets: 'includeTarget[]?',
      publicKeyInfrastructureIdentifier: 'string?',
      subjectKeyIdentifier: 'string?',
    },
  },
  x509CertificateIssuerHintsConfiguration: {
    kind: 'complex',
    properties: { state: 'x509CertificateIssuerHintsState?' },
  },
};

/** Only under /beta (reference 3.7, 3.11, 3.12): accepted and returned there, left out of every v1.0 answer. */
export const beta: Types = {
  authenticationMethodsPolicy: {
    properties: {
      microsoftAuthenticatorPlatformSettings: 'any?',
      reportSuspiciousActivitySettings: 'reportSuspiciousActivitySettings?',
      systemCredentialPreferences: 'systemCredentialPreferences?',
    },
  },
  authorizationPolicy: {
    properties: {
      enabledPreviewFeatures: 'string[]',
      permissionGrantPolicyIdsAssignedToDefaultUserRole: 'string[]',
    },
  },
  authenticationMethodsRegistrationCampaign: { properties: { enforceRegistrationAfterAllowedSnoozes: 'boolean?' } },
  conditionalAccessApplications: {
    properties: {
      globalSecureAccess: 'conditionalAccessGlobalSecureAccess?',
      networkAccess: 'conditionalAccessNetworkAccess?',
    },
  },
  conditionalAccessClientApplications: {
    properties: {
      agentIdServicePrincipalFilter: 'conditionalAccessFilter?',
      excludeAgentIdServicePrincipals: 'string[]',
      includeAgentIdServicePrincipals: 'string[]',
    },
  },
  conditionalAccessConditionSet: {
    properties: {
      agentIdRiskLevels: 'conditionalAccessAgentIdRiskLevels?',
      deviceStates: 'conditionalAccessDeviceStates?',
    },
  },
  conditionalAccessDeviceStates: {
    kind: 'complex',
    properties: { excludeStates: 'string[]?', includeStates: 'string[]?' },
  },
  conditionalAccessGlobalSecureAccess: {
    kind: 'complex',
    properties: { includeTrafficProfiles: 'string?' },
  },
  conditionalAccessNetworkAccess: {
    kind: 'complex',
    properties: { includeTrafficProfiles: 'string?' },
  },
  conditionalAccessSessionControls: {
    properties: {
      continuousAccessEvaluation: 'continuousAccessEvaluationSessionControl?',
      globalSecureAccessFilteringProfile: 'globalSecureAccessFilteringProfileSessionControl?',
      networkAccessSecurity: 'networkAccessSecuritySessionControl?',
    },
  },
  continuousAccessEvaluationSessionControl: {
    kind: 'complex',
    properties: { mode: 'continuousAccessEvaluationMode?' },
  },
  globalSecureAccessFilteringProfileSessionControl: {
    kind: 'complex',
    base: 'conditionalAccessSessionControl',
    properties: { profileId: 'string?' },
  },
  hardwareOathAuthenticationMethodConfiguration: {
    kind: 'entity',
    base: 'authenticationMethodConfiguration',
    properties: { includeTargets: 'authenticationMethodTarget[]?' },
  },
  microsoftAuthenticatorFeatureSettings: {
    properties: {
      companionAppAllowedState: 'authenticationMethodFeatureConfiguration?',
      numberMatchingRequiredState: 'authenticationMethodFeatureConfiguration?',
    },
  },
  networkAccessSecuritySessionControl: {
    kind: 'complex',
    base: 'conditionalAccessSessionControl',
    properties: { policyId: 'string?' },
  },
  reportSuspiciousActivitySettings: {
    kind: 'complex',
    properties: { includeTarget: 'includeTarget?', state: 'advancedConfigState', voiceReportingCode: 'number' },
  },
  systemCredentialPreferences: {
    kind: 'complex',
    properties: { excludeTargets: 'excludeTarget[]', includeTargets: 'includeTarget[]', state: 'advancedConfigState' },
  },
  voiceAuthenticationMethodConfiguration: {
    properties: { callerIdNumber: 'string?', isCustomGreetingEnabled: 'boolean?' },
  },
};

/** Enumerations of the types above, and members that the v1.0 metadata lists after the sentinel (reference 1.2). */
export const enums: Record<string, readonly string[]> = {
  attestationEnforcement: ['disabled', 'registrationOnly', 'unknownFutureValue'],
  conditionalAccessAgentIdRiskLevels: ['low', 'medium', 'high', 'unknownFutureValue'],
  conditionalAccessGrantControl: [
    'block',
    'mfa',
    'compliantDevice',
    'domainJoinedDevice',
    'approvedApplication',
    'compliantApplication',
    'passwordChange',
    'unknownFutureValue',
    'riskRemediation',
  ],
  continuousAccessEvaluationMode: ['strictEnforcement', 'disabled', 'unknownFutureValue', 'strictLocation'],
  groupAccessType: ['none', 'private', 'secret', 'public', 'unknownFutureValue'],
  passkeyTypes: ['deviceBound', 'synced', 'unknownFutureValue'],
  x509CertificateIssuerHintsState: ['disabled', 'enabled', 'unknownFutureValue'],
};

/** Members added to a published enumeration after its sentinel, without repeating the list. */
export const laterMembers: Record<string, readonly string[]> = { authenticationMethodModes: ['qrCodePin'] };

/** Enumerations of which a value is several members joined by commas (`IsFlags` in the metadata). */
export const flags: ReadonlySet<string> = new Set([
  'authenticationMethodModes',
  'authenticationStrengthRequirements',
  'conditionalAccessAgentIdRiskLevels',
  'conditionalAccessGuestOrExternalUserTypes',
  'conditionalAccessInsiderRiskLevels',
  'conditionalAccessTransferMethods',
  'nativeAuthenticationApisEnabled',
  'passkeyTypes',
  'weakAlgorithms',
]);

/** Entity types without an address of their own: they come and go with the object that holds them, as a complex value does. */
export const contained: ReadonlySet<string> = new Set([
  'authenticationMethodTarget',
  'microsoftAuthenticatorAuthenticationMethodTarget',
  'passkeyAuthenticationMethodTarget',
  'passkeyProfile',
  'smsAuthenticationMethodTarget',
  'verifiableCredentialAuthenticationMethodTarget',
]);

/** Types that allow properties beyond their own (`OpenType` in the metadata): directory extensions come so. */
export const open: ReadonlySet<string> = new Set([
  'application',
  'customSecurityAttributeValue',
  'device',
  'directoryObject',
  'extensionProperty',
  'group',
  'organization',
  'servicePrincipal',
  'user',
]);

/** Read-only by the reference (3.1-3.11, tagged [SDK]) though the published description does not say the word. */
export const readOnly: Record<string, readonly string[]> = {
  application: ['certification', 'disabledByMicrosoftStatus', 'samlMetadataUrl', 'verifiedPublisher'],
  authenticationMethodsPolicy: ['reconfirmationInDays'],
  authenticationStrengthPolicy: ['createdDateTime', 'modifiedDateTime', 'requirementsSatisfied'],
  conditionalAccessPolicy: ['templateId'],
  group: ['serviceProvisioningErrors', 'onPremisesProvisioningErrors'],
  servicePrincipal: ['appOwnerOrganizationId', 'disabledByMicrosoftStatus', 'verifiedPublisher'],
  user: [
    'assignedLicenses',
    'externalUserState',
    'externalUserStateChangeDateTime',
    'isResourceAccount',
    'lastPasswordChangeDateTime',
    'onPremisesProvisioningErrors',
    'proxyAddresses',
    'serviceProvisioningErrors',
  ],
};

/** Described as read-only, and writable all the same: once (`uniqueName`, reference 1.3) or for cloud users (3.1), or by `$ref`. */
export const writable: Record<string, readonly string[]> = {
  application: ['uniqueName'],
  group: ['uniqueName'],
  user: ['manager', 'onPremisesExtensionAttributes'],
};
