// The sandbox's knobs, their defaults (realistic, but fast), and the world that one sandbox is made of.
import type { JsonWebKey } from 'node:crypto';
import type { AuditLog } from './audit.ts';
import type { Faults } from './faults.ts';
import type { PageTokens } from './paging.ts';
import { type Dice, guidOf } from './random.ts';
import type { Seed } from './seed.ts';
import type { MemoryStore } from './store.ts';
import type { Throttle, ThrottlingOptions } from './throttle.ts';
import type { Tokens } from './token.ts';
import type { EntityType, Reader } from './types.ts';

/** An application that may sign in to the sandbox. */
export interface SandboxApp {
  readonly appId: string;
  readonly displayName?: string;
  readonly secret?: string;
  /** Permissions in its tokens; `all`; or `assigned`: those that its service principal was assigned on Microsoft Graph. */
  readonly permissions: readonly string[] | 'all' | 'assigned';
  /** Holds a directory role that lets it touch privileged users (reference 1.14). Default true. */
  readonly privileged?: boolean;
}

export interface SandboxOptions {
  /** What the tenant holds; later ones override objects of the same id. */
  readonly seeds?: readonly Seed[];
  readonly tenantId?: string;
  readonly displayName?: string;
  /** Same seed, same ids, same dice. Default `driftline`. */
  readonly randomSeed?: string;
  /** Milliseconds since 1970; default the machine's clock. */
  readonly clock?: () => number;
  /** Applications beside the first one, whose credentials are in `env`. */
  readonly apps?: readonly SandboxApp[];
  /** Permissions of the first application and of `DRIFTLINE_ACCESS_TOKEN`. Default `all`. */
  readonly permissions?: SandboxApp['permissions'];
  readonly privileged?: boolean;
  /** Types answered with 403 for want of a premium licence (reference 1.8). */
  readonly unlicensed?: readonly string[];
  /** No page is larger than this, whatever `$top` says. Default: Graph's own limits. */
  readonly pageSize?: number;
  /** How often a page is empty and has a nextLink all the same, 0 to 1. Default 0. */
  readonly emptyPages?: number;
  /** Arrays come in another order at every read. Default true. */
  readonly shuffleArrays?: boolean;
  /** Properties that change by themselves do so (reference 2.3). Default true. */
  readonly touchNoise?: boolean;
  readonly latencyMs?: number;
  /** Default: Graph's limits for a large tenant, and 10 requests a second for Conditional Access. `false`: none. */
  readonly throttling?: ThrottlingOptions | false;
  /** How late the slowest replica is; the others are between that and nothing. Default 0. */
  readonly replicaLagMs?: number;
  /** Default 3, when there is a lag. */
  readonly replicas?: number;
  /** How late a write shows in the audit log; Graph has minutes (reference 1.16). Default 0. */
  readonly auditLagMs?: number;
  /** Default 30, as with a premium licence; 7 without. */
  readonly auditRetentionDays?: number;
  /** Default one hour. */
  readonly pageTokenLifetimeMs?: number;
  /** Default seven days (reference 1.5). */
  readonly deltaTokenLifetimeMs?: number;
  /** What an expired delta token gets: 400 `syncStateNotFound`, or 410 with a Location (reference 1.5). Default `400`. */
  readonly deltaExpiry?: '400' | '410';
  /** Default 3599 seconds. */
  readonly tokenLifetimeSeconds?: number;
  /** What PATCH does to a complex value: merge one level, or replace it (reference 1.10). Default `merge`. */
  readonly mergeMode?: 'merge' | 'replace';
  /** Keys that federated assertions of an issuer must be signed with; issuers without are believed. */
  readonly jwks?: Readonly<Record<string, readonly JsonWebKey[]>>;
  /** Responses of a `$batch` come in any order (reference 1.6). Default true. */
  readonly shuffleBatch?: boolean;
  /** A write to an object that another write is under way to gets 409 `Directory_ConcurrencyViolation` (reference 1.8). Default false. */
  readonly refuseConcurrentWrites?: boolean;
  /** More types, or other rules for a type (the last one of a name wins). */
  readonly types?: readonly EntityType[];
}

/** The first application's name and secret; both are as public as this file. */
export const firstApp = {
  appId: guidOf('driftline sandbox application'),
  displayName: 'Driftline (sandbox)',
  secret: 'sandbox-secret~not~a~secret',
} as const;

export const defaultTenantId = guidOf('driftline sandbox tenant');

export type Knobs = Required<
  Omit<SandboxOptions, 'throttling' | 'pageSize' | 'tenantId' | 'displayName' | 'seeds' | 'types'>
> & { readonly pageSize: number | undefined };

export function knobs(options: SandboxOptions): Knobs {
  return {
    randomSeed: options.randomSeed ?? 'driftline',
    clock: options.clock ?? Date.now,
    apps: options.apps ?? [],
    permissions: options.permissions ?? 'all',
    privileged: options.privileged ?? true,
    unlicensed: options.unlicensed ?? [],
    pageSize: options.pageSize,
    emptyPages: options.emptyPages ?? 0,
    shuffleArrays: options.shuffleArrays ?? true,
    touchNoise: options.touchNoise ?? true,
    latencyMs: options.latencyMs ?? 0,
    replicaLagMs: options.replicaLagMs ?? 0,
    replicas: options.replicas ?? 3,
    auditLagMs: options.auditLagMs ?? 0,
    auditRetentionDays: options.auditRetentionDays ?? 30,
    pageTokenLifetimeMs: options.pageTokenLifetimeMs ?? 3_600_000,
    deltaTokenLifetimeMs: options.deltaTokenLifetimeMs ?? 7 * 86_400_000,
    deltaExpiry: options.deltaExpiry ?? '400',
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3599,
    mergeMode: options.mergeMode ?? 'merge',
    jwks: options.jwks ?? {},
    shuffleBatch: options.shuffleBatch ?? true,
    refuseConcurrentWrites: options.refuseConcurrentWrites ?? false,
  };
}

/** Everything that one sandbox is made of; the parts are functions over it. */
export interface World {
  readonly knobs: Knobs;
  readonly store: MemoryStore;
  readonly types: ReadonlyMap<string, EntityType>;
  readonly audits: AuditLog;
  readonly tokens: Tokens;
  readonly pages: PageTokens;
  /** Signs the tokens of delta queries. */
  readonly signDelta: (text: string) => string;
  readonly throttle: Throttle;
  readonly faults: Faults;
  /** Dice of their own, so that what is read does not change the ids of what is written. */
  readonly dice: Dice;
  /** Objects that a write is under way to. */
  readonly underWay: Set<string>;
  readonly requestIds: Dice;
  /** The replica that serves the next request. */
  nextReader(): Reader;
  /** Secrets by application or service principal id and key id: they are never read back. */
  readonly secrets: Map<string, string>;
}
