// Where the rows and Microsoft's published v1.0 types part on purpose, by kind and property, each with its reason or source.

type Reasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

const beta = 'beta only (reference 3.7)';
const notPublished = 'of a type that the published file does not hold (reference, appendix A)';

/** Paths that the published v1.0 types do not have. */
export const untyped: Reasons = {
  conditionalAccessPolicies: {
    'conditions.clientApplications.excludeAgentIdServicePrincipals': beta,
    'conditions.clientApplications.includeAgentIdServicePrincipals': beta,
  },
  authenticationMethodsPolicy: {
    'authenticationMethodConfigurations.featureSettings.companionAppAllowedState.excludeTarget.id': 'beta only',
    'authenticationMethodConfigurations.featureSettings.companionAppAllowedState.includeTarget.id': 'beta only',
    'authenticationMethodConfigurations.featureSettings.numberMatchingRequiredState': 'beta only (reference 3.11)',
    'authenticationMethodConfigurations.includeTargets.id': notPublished,
    'authenticationMethodConfigurations.passkeyProfiles.passkeyTypes': notPublished,
  },
};

const deleted = { deletedDateTime: 'null on whatever a listing shows (reference 2.3)' };
const sharePoint = 'stored in SharePoint: a listing that selects it is refused with 501 (reference 3.1)';
const oneByOne = 'only in a read of one group, and not for applications (reference 3.2)';
const noise = 'changes by itself, and would only be asked for to be thrown away (reference 2.3)';

/** Properties of a type that its row does not list. */
export const leftOut: Reasons = {
  users: {
    ...deleted,
    aboutMe: sharePoint,
    assignedPlans: noise,
    authorizationInfo: 'not among what a listing is known to answer (reference 3.1)',
    birthday: sharePoint,
    deviceEnrollmentLimit: noise,
    hireDate: sharePoint,
    interests: sharePoint,
    mailboxSettings: sharePoint,
    mySite: sharePoint,
    passwordProfile: 'a secret; reads back as null (reference 3.1)',
    pastProjects: sharePoint,
    preferredName: sharePoint,
    print: 'of the print service',
    provisionedPlans: noise,
    responsibilities: sharePoint,
    schools: sharePoint,
    showInAddressList: 'Microsoft says not to use it (reference 3.1)',
    signInActivity: 'changes by itself, and asking without permission is refused for the whole listing (reference 3.1)',
    skills: sharePoint,
  },
  groups: {
    ...deleted,
    accessType: oneByOne,
    allowExternalSenders: oneByOne,
    autoSubscribeNewMembers: oneByOne,
    hasMembersWithLicenseErrors: 'never returned (reference 3.2)',
    hideFromAddressLists: oneByOne,
    hideFromOutlookClients: oneByOne,
    infoCatalogs: 'of no documented use',
    isArchived: 'never returned (reference 3.2)',
    isFavorite: oneByOne,
    isSubscribedByMail: oneByOne,
    onPremisesExtensionAttributes: 'not known to be answered in a listing of groups; read-only (reference 3.2)',
    organizationId: 'the tenant itself',
    unseenConversationsCount: oneByOne,
    unseenCount: oneByOne,
    unseenMessagesCount: oneByOne,
    welcomeMessageEnabled: 'of Exchange; not known to be answered in a listing',
  },
  applications: { ...deleted, logo: 'a picture, with requests of its own (reference 3.3)' },
  servicePrincipals: deleted,
  conditionalAccessPolicies: deleted,
  namedLocations: deleted,
  authorizationPolicy: deleted,
  organization: deleted,
};

/** Writing facts that the types do not state: `never` by the reference, `written` although a flag says otherwise. */
export const agreed: Readonly<
  Record<string, { readonly never?: readonly string[]; readonly written?: Readonly<Record<string, string>> }>
> = {
  users: {
    // Reference 3.1: read-only, or written by requests of their own that a canonical file does not carry.
    never: [
      'customSecurityAttributes',
      'externalUserState',
      'identityParentId',
      'isResourceAccount',
      'legalAgeGroupClassification',
    ],
    written: { licenseAssignmentStates: 'by assignLicense, as far as no group assigned it (reference 3.1)' },
  },
  groups: {
    // Reference 3.2: only a signed-in user may write labels.
    never: ['assignedLabels'],
    written: {
      assignedLicenses: 'by assignLicense (reference 3.2)',
      uniqueName: 'may be given at creation (reference 3.2)',
      visibility: 'only HiddenMembership is fixed (reference 3.2)',
    },
  },
  applications: {
    // Reference 3.3.
    never: [
      'createdByAppId',
      'disabledByMicrosoftStatus',
      'oauth2RequirePostResponse',
      'samlMetadataUrl',
      'verifiedPublisher',
    ],
    written: { uniqueName: 'may be given at creation (reference 1.3)' },
  },
  servicePrincipals: {
    // Reference 3.4: inherited from the application, or secret.
    never: [
      'addIns',
      'appDescription',
      'appOwnerOrganizationId',
      'appRoles',
      'createdByAppId',
      'customSecurityAttributes',
      'displayName',
      'homepage',
      'info',
      'isDisabled',
      'logoutUrl',
      'oauth2PermissionScopes',
      'replyUrls',
      'servicePrincipalNames',
      'servicePrincipalType',
      'verifiedPublisher',
    ],
  },
  // Reference 3.7, 3.9, 3.11, 3.12.
  conditionalAccessPolicies: { never: ['templateId'] },
  authenticationStrengthPolicies: { never: ['requirementsSatisfied'] },
  authenticationMethodsPolicy: { never: ['reconfirmationInDays'] },
  authorizationPolicy: {
    never: ['defaultUserRolePermissions.allowedToReadOtherUsers', 'description', 'displayName'],
  },
  organization: {
    // Reference 3.20: only contacts and the privacy profile can be written.
    never: [
      'businessPhones',
      'city',
      'country',
      'countryLetterCode',
      'defaultUsageLocation',
      'displayName',
      'mobileDeviceManagementAuthority',
      'onPremisesSyncEnabled',
      'partnerTenantType',
      'postalCode',
      'preferredLanguage',
      'state',
      'street',
      'tenantType',
      'verifiedDomains',
    ],
  },
};
