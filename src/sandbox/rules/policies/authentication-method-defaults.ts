// Data only: the authentication method configurations that a tenant has before anybody touches them (reference 3.11; the published sample answers).
import type { GraphRecord } from '../../types.ts';

const everyone = { targetType: 'group', id: 'all_users', isRegistrationRequired: false };
const nobody = { targetType: 'group', id: '00000000-0000-0000-0000-000000000000' };
const feature = { state: 'default', includeTarget: { targetType: 'group', id: 'all_users' }, excludeTarget: nobody };

/** One configuration: its type is the id's, first letter small, unless said otherwise. */
function configuration(
  id: string,
  state: 'enabled' | 'disabled',
  more: GraphRecord,
  includeTargets: GraphRecord[] = [everyone],
): GraphRecord {
  const name = id.charAt(0).toLowerCase() + id.slice(1);
  return {
    '@odata.type': `#microsoft.graph.${name}AuthenticationMethodConfiguration`,
    id,
    state,
    excludeTargets: [],
    includeTargets,
    ...more,
  };
}

export const defaultConfigurations: readonly GraphRecord[] = [
  configuration(
    'Fido2',
    'disabled',
    {
      isSelfServiceRegistrationAllowed: true,
      isAttestationEnforced: true,
      defaultPasskeyProfile: null,
      keyRestrictions: { isEnforced: false, enforcementType: 'block', aaGuids: [] },
      passkeyProfiles: [],
    },
    [{ ...everyone, allowedPasskeyProfiles: [] }],
  ),
  configuration(
    'MicrosoftAuthenticator',
    'disabled',
    {
      isSoftwareOathEnabled: false,
      featureSettings: {
        companionAppAllowedState: feature,
        displayAppInformationRequiredState: feature,
        displayLocationInformationRequiredState: feature,
      },
    },
    [{ ...everyone, authenticationMode: 'any' }],
  ),
  configuration('Sms', 'disabled', {}, [{ ...everyone, isUsableForSignIn: false }]),
  configuration('TemporaryAccessPass', 'disabled', {
    defaultLifetimeInMinutes: 60,
    defaultLength: 8,
    minimumLifetimeInMinutes: 60,
    maximumLifetimeInMinutes: 480,
    isUsableOnce: false,
  }),
  configuration('HardwareOath', 'disabled', {}),
  configuration('SoftwareOath', 'disabled', {}),
  configuration('Voice', 'disabled', { isOfficePhoneAllowed: false }),
  configuration('Email', 'enabled', { allowExternalIdToUseEmailOtp: 'default' }, []),
  configuration('X509Certificate', 'disabled', {
    certificateUserBindings: [
      {
        x509CertificateField: 'PrincipalName',
        userProperty: 'userPrincipalName',
        priority: 1,
        trustAffinityLevel: 'low',
      },
      { x509CertificateField: 'RFC822Name', userProperty: 'userPrincipalName', priority: 2, trustAffinityLevel: 'low' },
    ],
    authenticationModeConfiguration: {
      x509CertificateAuthenticationDefaultMode: 'x509CertificateSingleFactor',
      x509CertificateDefaultRequiredAffinityLevel: 'low',
      rules: [],
    },
    certificateAuthorityScopes: [],
    issuerHintsConfiguration: { state: 'disabled' },
    crlValidationConfiguration: { state: 'disabled', exemptedCertificateAuthoritiesSubjectKeyIdentifiers: [] },
  }),
  configuration('QRCodePin', 'disabled', {
    '@odata.type': '#microsoft.graph.qrCodePinAuthenticationMethodConfiguration',
    standardQRCodeLifetimeInDays: 365,
    pinLength: 8,
  }),
  configuration('VerifiableCredentials', 'disabled', {}, []),
];

/** The policy itself, with the configurations that come with every read of it. */
export const defaultPolicy: GraphRecord & { id: string } = {
  id: 'authenticationMethodsPolicy',
  displayName: 'Authentication Methods Policy',
  description:
    'The tenant-wide policy that controls which authentication methods are allowed in the tenant, authentication method registration requirements, and self-service password reset settings',
  lastModifiedDateTime: '2024-04-26T12:44:42Z',
  policyVersion: '1.5',
  policyMigrationState: 'migrationComplete',
  reconfirmationInDays: null,
  registrationEnforcement: {
    authenticationMethodsRegistrationCampaign: {
      snoozeDurationInDays: 1,
      enforceRegistrationAfterAllowedSnoozes: true,
      state: 'default',
      excludeTargets: [],
      includeTargets: [
        { id: 'all_users', targetType: 'group', targetedAuthenticationMethod: 'microsoftAuthenticator' },
      ],
    },
  },
  systemCredentialPreferences: {
    state: 'default',
    excludeTargets: [],
    includeTargets: [{ id: 'all_users', targetType: 'group' }],
  },
  reportSuspiciousActivitySettings: {
    state: 'default',
    voiceReportingCode: 0,
    includeTarget: { id: 'all_users', targetType: 'group' },
  },
  authenticationMethodConfigurations: defaultConfigurations.map((each) => ({ ...each })),
};
