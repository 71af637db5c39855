// The context: what every part of the server works with, opened once by index.ts.
import type { Configuration } from '../model/config.ts';
import type { Kinds } from '../model/kind.ts';
import type { Repository } from '../model/repository.ts';
import type { ReadProgress, TenantReader, TenantWriter } from '../model/tenant.ts';
import type { ServeSettings } from './settings.ts';

export interface Context {
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly configuration: Configuration;
  readonly settings: ServeSettings;
  readonly version: string;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  openReader(onProgress?: (progress: ReadProgress) => void): Promise<TenantReader>;
  /** Opened for the time that a confirmed recovery takes, and at no other. */
  openWriter(): Promise<TenantWriter>;
  /** Sessions of this machine may recover (`--allow-recover`). */
  readonly allowRecover: boolean;
  /** Told what nobody else is told: an error that Driftline does not know. */
  readonly onError: (error: unknown) => void;
}
