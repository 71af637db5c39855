// The configuration of one tenant's repository, as driftline.yaml says it and the command line completes it.
import type { AccessClass } from './kind.ts';

/** A difference that is accepted: not reported (but counted), and never written by a recovery. */
export interface IgnoreRule {
  readonly kind?: string;
  readonly ref?: string;
  /** Attribute path or link name; what lies below it is ignored too. Absent: the whole object. */
  readonly attribute?: string;
  readonly reason: string;
  /** Last day on which the rule holds, `2026-12-31`; after it the rule is an error, not silence. */
  readonly until?: string;
  /** Where the rule stands: `driftline.yaml:12:5`. */
  readonly at: string;
}

export interface Thresholds {
  /** Largest part of a kind that a recovery may update or delete without being told to, 0 to 1. */
  readonly share: number;
  /** Kinds smaller than this are not measured by the share. */
  readonly minimum: number;
}

/** The clouds that have hosts of their own (reference 1.1). A custom one is `global` with other URLs. */
export const cloudNames = ['global', 'usgov', 'usgovdod', 'china'] as const;

export const credentialMethods = ['default', 'secret', 'certificate', 'github', 'cli', 'device-code'] as const;

export interface Credentials {
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly method?: (typeof credentialMethods)[number];
  readonly certificatePath?: string;
}

export interface Configuration {
  /** Absolute path of the file, undefined where there is none. */
  readonly file?: string;
  readonly cloud: string;
  readonly graphUrl?: string;
  readonly authorityUrl?: string;
  readonly credentials: Credentials;
  readonly branch?: string;
  /** Path of the state folder, relative to the repository's top. */
  readonly statePath: string;
  /** Name or URL of the remote to push snapshots to. */
  readonly remote?: string;
  readonly kinds?: readonly string[];
  readonly ignore: readonly IgnoreRule[];
  /** Refs that a recovery never writes. */
  readonly protect: readonly string[];
  /** Object ids of emergency accounts (users): at least one stays enabled and excluded from every enabled blocking policy. */
  readonly emergencyAccounts: readonly string[];
  readonly thresholds: Thresholds;
  readonly allowAccess: readonly AccessClass[];
  /** The rest of the file, by section, for the faces that have settings of their own (`serve`, `notify`). */
  readonly sections: Readonly<Record<string, unknown>>;
}
