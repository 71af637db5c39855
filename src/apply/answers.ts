// Answers: what Graph said to a write, into what it means for the step.
import { isObject, type Json } from '../model/json.ts';
import type { GraphAnswer } from '../model/tenant.ts';

/**
 * `taken`: carried out. `already`: it was so before. `absent`: what it is about is not there. `fresh`: what it names was made so lately that
 * not every replica has it. `busy`: somebody else writes to the same object. `lost`: nobody knows. `refused`: no.
 */
export type Meaning = 'taken' | 'already' | 'absent' | 'fresh' | 'busy' | 'lost' | 'refused';

/** Texts of reference 1.8 (and 3.5, 3.4), by what they mean; Graph has no codes of its own for these. */
const texts: readonly (readonly [RegExp, Meaning])[] = [
  [/object references already exist|already exists? on the object|already exist/i, 'already'],
  [/conflicting object with one or more of the specified property values/i, 'already'],
  [/does not reference a valid application object|not a valid reference update/i, 'fresh'],
  [/backing application of the service principal being created must/i, 'fresh'],
  [/does not exist or one of its queried reference-property objects/i, 'fresh'],
];

/** What an answer means. */
export function meaningOf(answer: GraphAnswer): { readonly meaning: Meaning; readonly because: string } {
  if (answer.outcome === 'unknown') return { meaning: 'lost', because: answer.because };
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { meaning: 'taken', because: '' };
  const { code, message } = errorOf(body);
  const because = `Graph answered ${status}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}`;
  if (/ConcurrencyViolation/i.test(code) || status === 423) return { meaning: 'busy', because };
  if (status === 404) return { meaning: 'absent', because };
  const known = [400, 403, 409].includes(status) ? texts.find(([pattern]) => pattern.test(message)) : undefined;
  // A deleted permission that is still enabled, or a name that is taken, is a refusal however it is worded.
  if (known !== undefined && !/userPrincipalName|mailNickname|identifierUris/i.test(message))
    return { meaning: known[1], because };
  return { meaning: 'refused', because };
}

function errorOf(body: Json | undefined): { code: string; message: string } {
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  return {
    code: typeof error.code === 'string' ? error.code : '',
    message: typeof error.message === 'string' ? error.message.slice(0, 500) : '',
  };
}
