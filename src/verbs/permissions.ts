// Permissions: the least application permissions for the kinds chosen, from their rows, and the scripts that grant them.

import { auditPermission } from '../model/audit.ts';
import { compareText } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';

export interface Permission {
  readonly permission: string;
  readonly access: 'read' | 'write';
  /** The kinds, and kinds' links, that need it. */
  readonly neededBy: readonly string[];
}

/** Appid of Microsoft Graph's own service principal, the same in every tenant. */
const graphAppId = '00000003-0000-0000-c000-000000000000';

/**
 * What reading (and with `write`, recovering) the kinds needs, each permission once, sorted; write ones after read ones. With `optional` also
 * what is needed for a part of a kind only, or beside the kinds.
 */
export function permissionsFor(
  kinds: Kinds,
  access: 'read' | 'write' | 'both',
  { optional = false }: { readonly optional?: boolean } = {},
): Permission[] {
  const needs = { read: new Map<string, Set<string>>(), write: new Map<string, Set<string>>() };
  const need = (which: 'read' | 'write', permissions: readonly string[] | undefined, by: string) => {
    for (const permission of permissions ?? [])
      needs[which].set(permission, (needs[which].get(permission) ?? new Set()).add(by));
  };
  for (const kind of kinds.values()) {
    for (const which of ['read', 'write'] as const) {
      need(which, kind.permissions[which], kind.name);
      for (const [name, link] of Object.entries(kind.links))
        need(which, link.permissions?.[which], `${kind.name}.${name}`);
    }
    for (const part of optional ? (kind.permissions.optional ?? []) : [])
      need(part.access, [part.permission], `${kind.name}: ${part.for}`);
  }
  if (optional) need('read', [auditPermission], 'the audit log: diff --actors, snapshot --untracked-max-age');
  const wanted = access === 'both' ? (['read', 'write'] as const) : [access];
  return wanted.flatMap((which) =>
    [...needs[which]]
      .sort(([left], [right]) => compareText(left, right))
      .map(([permission, by]) => ({ permission, access: which, neededBy: [...by] })),
  );
}

/** A bash script that adds the permissions to an app registration and consents to them, with the Azure CLI. */
export function azScript(permissions: readonly Permission[]): string {
  return `#!/usr/bin/env bash
# Gives an app registration the application permissions that Driftline needs, and consents to them for the tenant.
# Sign in first as a Privileged Role Administrator: az login --allow-no-subscriptions
set -euo pipefail
app_id="\${1:?usage: $0 <application (client) id>}"
for permission in ${permissions.map(({ permission }) => permission).join(' ')}; do
  role=$(az ad sp show --id ${graphAppId} --query "appRoles[?value=='$permission'].id | [0]" --output tsv)
  [ -n "$role" ] || { echo "Microsoft Graph has no application permission $permission in this cloud" >&2; exit 1; }
  az ad app permission add --id "$app_id" --api ${graphAppId} --api-permissions "$role=Role"
done
az ad app permission admin-consent --id "$app_id"
`;
}

/** The same by Graph calls with curl and jq; the token is read from GRAPH_TOKEN, the root from GRAPH_URL. */
export function graphScript(permissions: readonly Permission[]): string {
  return `#!/usr/bin/env bash
# Grants the application permissions that Driftline needs to an app's service principal, by Graph calls.
# GRAPH_TOKEN: a token with AppRoleAssignment.ReadWrite.All and Application.Read.All. GRAPH_URL: https://graph.microsoft.com or your cloud's.
set -euo pipefail
app_id="\${1:?usage: $0 <application (client) id>}"
root="\${GRAPH_URL:-https://graph.microsoft.com}/v1.0"
graph() { curl --fail --silent --show-error --header "Authorization: Bearer $GRAPH_TOKEN" --header 'Content-Type: application/json' "$@"; }
principal=$(graph "$root/servicePrincipals(appId='$app_id')?\\$select=id" | jq -r .id)
resource=$(graph "$root/servicePrincipals(appId='${graphAppId}')?\\$select=id,appRoles")
for permission in ${permissions.map(({ permission }) => permission).join(' ')}; do
  role=$(jq -r --arg value "$permission" '.appRoles[] | select(.value == $value) | .id' <<<"$resource")
  [ -n "$role" ] || { echo "Microsoft Graph has no application permission $permission in this cloud" >&2; exit 1; }
  graph --request POST "$root/servicePrincipals/$principal/appRoleAssignments" \\
    --data "$(jq -n --arg p "$principal" --arg r "$(jq -r .id <<<"$resource")" --arg a "$role" '{principalId: $p, resourceId: $r, appRoleId: $a}')" >/dev/null
done
`;
}
