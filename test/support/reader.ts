// A reader of a sandbox in the same process: without a port, and with a clock of the test's own.
import type { TenantReader } from '../../src/model/tenant.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { openReader, type Time } from '../../src/tenant/index.ts';

export function readerOf(sandbox: Sandbox, time: Time): TenantReader {
  return openReader({
    cloud: 'global',
    graphUrl: 'http://127.0.0.1:1',
    credentials: {},
    accessToken: sandbox.token(),
    environment: {},
    time,
    fetch: (url, init) => sandbox.handler(new Request(url as string, init as RequestInit)),
  });
}
