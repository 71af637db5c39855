// Coverage: why a kind could not be read, as NotComplete: forbidden with the permission that is missing, unlicensed, or failed.
import { NotComplete } from '../model/coverage.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { isLicence, statusText } from './answer.ts';
import { isFatal, Refused, Withheld } from './problems.ts';

/**
 * An error of reading a kind as NotComplete; what ends the whole run (a hostile answer, no token, an interruption) is returned as it is.
 * `granted`: the application permissions in the token, undefined where it does not say.
 */
export function toNotComplete(kind: Kind, error: unknown, granted: readonly string[] | undefined): Problem {
  if (error instanceof NotComplete || (error instanceof Problem && isFatal(error))) return error;
  if (error instanceof Withheld) return new NotComplete('partial', kind.name, error.detail, error);
  if (error instanceof Refused) return refusal(kind, error, granted);
  if (error instanceof Problem)
    return new NotComplete('failed', kind.name, `${error.detail} (${error.subject ?? kind.path})`, error);
  throw error;
}

function refusal(
  kind: Kind,
  { answer, object, subject }: Refused,
  granted: readonly string[] | undefined,
): NotComplete {
  const said = `Graph answers ${statusText(answer)} to ${subject ?? kind.path}`;
  if (isLicence(answer))
    return new NotComplete(
      'unlicensed',
      kind.name,
      `The tenant has no licence for this: ${said}. Without one there is nothing to snapshot; leave the kind out with --kind or in driftline.yaml.`,
    );
  if (answer.status !== 403) return new NotComplete(object === undefined ? 'failed' : 'partial', kind.name, `${said}.`);
  const grant = permissionAdvice(kind, granted);
  return new NotComplete(object === undefined ? 'forbidden' : 'partial', kind.name, `${said}. ${grant}`);
}

function permissionAdvice(kind: Kind, granted: readonly string[] | undefined): string {
  const needed = neededPermissions(kind);
  if (granted === undefined) return `Reading it needs ${needed.join(', ')}.`;
  const missing = missingPermissions(kind, granted);
  return missing.length > 0
    ? `The token lacks ${missing.join(', ')}. Grant it to the app registration and give admin consent (driftline permissions prints how).`
    : `The token bears ${needed.join(', ')}; the object may need a directory role or a further permission.`;
}

/** Application permissions that reading a kind with all its links needs. */
function neededPermissions(kind: Kind): string[] {
  const links = Object.values(kind.links).flatMap(({ permissions }) => permissions?.read ?? []);
  return [...new Set([...kind.permissions.read, ...links])];
}

/** Those that the token has not. A `ReadWrite` permission reads, too. */
function missingPermissions(kind: Kind, granted: readonly string[]): string[] {
  const has = (permission: string) =>
    granted.includes(permission) || granted.includes(permission.replace('.Read.', '.ReadWrite.'));
  return neededPermissions(kind).filter((permission) => !has(permission));
}
