// Settings as they are: the configuration in force, for people to read; it holds nothing secret, for driftline.yaml holds none.
import type { JsonObject } from '../model/json.ts';
import type { Office } from './office.ts';

export function settingsShown({ context, local }: Office): JsonObject {
  const { configuration, settings, repository, kinds } = context;
  const { tokens } = settings;
  return {
    version: context.version,
    repository: {
      root: repository.root,
      branch: repository.branch.replace(/^refs\/heads\//, ''),
      state: repository.statePath,
      remote: configuration.remote ?? null,
      configuration: configuration.file ?? null,
    },
    tenant: {
      id: configuration.credentials.tenantId ?? null,
      cloud: configuration.cloud,
      graphUrl: configuration.graphUrl ?? null,
      clientId: configuration.credentials.clientId ?? null,
      method: configuration.credentials.method ?? 'default',
    },
    kinds: [...kinds.keys()],
    guards: {
      emergencyAccounts: configuration.emergencyAccounts,
      protect: configuration.protect,
      thresholds: { ...configuration.thresholds },
      allowAccess: configuration.allowAccess,
      ignore: configuration.ignore.map((rule) => ({ ...rule })) as unknown as JsonObject[],
    },
    server: {
      host: settings.host,
      loopbackOnly: local,
      allowRecover: context.allowRecover,
      signIn: settings.signIn,
      sessionHours: settings.sessionHours,
      twoPersons: settings.twoPersons,
      actors: settings.actors,
      keepDays: settings.keepDays,
      nativeRecovery: { ...settings.recovery },
      tokens: tokens === undefined ? null : ({ ...tokens } as unknown as JsonObject),
    },
  };
}
