// Audit: an entry of the tenant's directory audit log, by Graph's own names; who did what, when, and about which objects.

/** What the log is called where its reading is told of, beside the names of kinds. */
export const auditLog = 'audit log';

/** What reading it needs, beside a licence (reference 1.16). */
export const auditPermission = 'AuditLog.Read.All';

/** Who did it: a user, an application, or, where the log does not say, neither. */
export interface Initiator {
  readonly user?: {
    readonly id?: string;
    readonly displayName?: string;
    readonly userPrincipalName?: string;
    readonly ipAddress?: string;
  };
  readonly app?: { readonly appId?: string; readonly displayName?: string; readonly servicePrincipalId?: string };
}

export interface AuditEntry {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly activityDateTime: string;
  /** `Update conditional access policy`. */
  readonly activityDisplayName: string;
  readonly initiatedBy: Initiator;
  /** `success`, `failure`, `timeout`, or a later word. */
  readonly result: string;
  readonly resultReason?: string;
  readonly correlationId?: string;
  /** Ids of all that it names as a target, or as the other end of a link; in lower case. */
  readonly about: readonly string[];
}

/** What is asked of the log: a time, and of it everything, what names an object, or activities whose names begin like this. */
export interface AuditQuestion {
  /** ISO 8601 UTC, both included. */
  readonly from: string;
  readonly to: string;
  readonly id?: string;
  readonly activity?: string;
}
