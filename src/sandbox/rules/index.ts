// Every type that the sandbox serves, by name.
import type { EntityType } from '../types.ts';
import { directoryTypes } from './directory/index.ts';
import { policyTypes } from './policies/index.ts';

/** The served types; one of the same name given besides replaces ours. */
export function servedTypes(besides: readonly EntityType[] = []): ReadonlyMap<string, EntityType> {
  return new Map([...directoryTypes, ...policyTypes, ...besides].map((rules) => [rules.type, rules]));
}
