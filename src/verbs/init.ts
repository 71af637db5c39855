// Init: the files that a tenant's repository begins with, and the steps that remain for its owner.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasTenants, tenantsFolder } from './tenants.ts';

export interface InitResult {
  readonly written: readonly string[];
  /** Files that were there already and were left as they are. */
  readonly kept: readonly string[];
}

/**
 * Writes driftline.yaml and .gitattributes into the folder, making it where it is not there; what is there already is kept. Where there
 * are several tenants, each has its own driftline.yaml, and none is written.
 */
export function init(root: string): InitResult {
  mkdirSync(root, { recursive: true });
  const files = hasTenants(root)
    ? { '.gitattributes': attributesText(`${tenantsFolder}/*/state`) }
    : { 'driftline.yaml': configurationText, '.gitattributes': attributesText('state') };
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    if (existsSync(path)) kept.push(name);
    else {
      writeFileSync(path, text, { flag: 'wx' });
      written.push(name);
    }
  }
  return { written, kept };
}

function attributesText(state: string): string {
  return `# The state is bytes that Driftline wrote: no line-end conversion on any machine.\n${state}/** -text\n`;
}

const configurationText = `# Driftline: Git history for a Microsoft Entra ID tenant. Every line may be left out; see docs/configuration.md.

# tenant:
#   id: 00000000-0000-0000-0000-000000000000   # a snapshot of another tenant is refused
#   cloud: global                              # global, usgov, usgovdod, china

# credentials:                                 # no secret ever stands here
#   clientId: 00000000-0000-0000-0000-000000000000
#   method: default                            # default, secret (AZURE_CLIENT_SECRET), certificate, github, cli, device-code
#   certificatePath: /path/to/certificate.pem

# branch: main                                 # where snapshots go
# state: state                                 # the folder of the YAML files
# remote: origin                               # push every snapshot there

# kinds: [users, groups, conditionalAccessPolicies]   # default: all

# Accounts that must always be able to sign in (object ids of users). A recovery that would lock all of them out is refused.
# emergencyAccounts:
#   - 00000000-0000-0000-0000-000000000000

# Objects that a recovery never writes.
# protect:
#   - groups/00000000-0000-0000-0000-000000000000

# Differences that are accepted: counted in reports, never written by a recovery. Each needs a reason.
# ignore:
#   - kind: users
#     attribute: jobTitle
#     reason: Written nightly by the HR system
#     until: 2027-06-30

# A recovery that touches more than this share of a kind with at least so many objects is refused.
# thresholds:
#   share: 0.3
#   minimum: 10
`;
