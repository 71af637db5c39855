// Names of the native service: which of its words for types, states and actions stand for ours, and which a caller must have asked for.

import type { Json } from '../../model/json.ts';
import type { Kind, Kinds } from '../../model/kind.ts';
import type { RecoveryAction } from '../../model/report.ts';
import type { JobStatus } from '../jobs/record.ts';

/** The namespace of all its types. */
export const namespace = 'microsoft.graph.entraRecoveryServices';

/** Members that stand behind `unknownFutureValue` in its enumerations come only with this header (native.md 1.3). */
export const unknownMembers = 'include-unknown-enum-members';

const oldTypes: ReadonlySet<string> = new Set([
  ...['user', 'group', 'conditionalAccessPolicy', 'namedLocationPolicy', 'authenticationMethodPolicy'],
  ...['authorizationPolicy', 'authenticationStrengthPolicy', 'application', 'servicePrincipal'],
]);
const oldStatuses: ReadonlySet<JobStatus> = new Set<JobStatus>([
  'initialized',
  'running',
  'successful',
  'failed',
  'abandoned',
]);
const oldActions: ReadonlySet<RecoveryAction> = new Set<RecoveryAction>(['softDelete', 'update', 'restore']);

/** The native name of a kind; Graph's type name where the native service does not know it. */
export function nativeType(kind: Kind | undefined, name: string): string {
  return kind?.native ?? kind?.type ?? name;
}

/** A value of an enumeration as this caller may see it. */
export function asked(value: string, known: ReadonlySet<string>, all: boolean): string {
  return all || known.has(value) ? value : 'unknownFutureValue';
}

export const statusFor = (status: JobStatus, all: boolean): string => asked(status, oldStatuses, all);
export const typeFor = (type: string, all: boolean): string => asked(type, oldTypes, all);
/** `recreate` and `none` are ours: an object made anew, and one that no recovery can put back. */
export const actionFor = (action: RecoveryAction, all: boolean): string => asked(action, oldActions, all);

/** The kind that a type of a filter stands for; app role assignments are links of service principals (native.md 2.8.2). */
export function kindOfType(kinds: Kinds, type: Json | undefined): Kind | undefined {
  if (typeof type !== 'string') return undefined;
  if (type === 'appRoleAssignment') return kinds.get('servicePrincipals');
  return (
    [...kinds.values()].find((kind) => kind.native === type) ?? [...kinds.values()].find((kind) => kind.type === type)
  );
}
