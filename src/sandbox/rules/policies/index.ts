// The policy types that the sandbox serves, each with its rules.
import type { EntityType } from '../../types.ts';
import { authenticationContexts } from './authentication-contexts.ts';
import { authenticationMethodsPolicy } from './authentication-methods.ts';
import { authenticationStrengthPolicies } from './authentication-strengths.ts';
import { authorizationPolicy, securityDefaults } from './authorization.ts';
import { conditionalAccessPolicies } from './conditional-access.ts';
import { namedLocations } from './named-locations.ts';

/** In the order in which their references point: a policy names locations, strengths and contexts. */
export const policyTypes: readonly EntityType[] = [
  authorizationPolicy,
  securityDefaults,
  authenticationMethodsPolicy,
  authenticationStrengthPolicies,
  authenticationContexts,
  namedLocations,
  conditionalAccessPolicies,
];
