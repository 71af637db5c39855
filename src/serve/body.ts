// Bodies: a request's bytes in, one JSON object out; what is too long, too deep or no JSON is refused before it is read further.
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badRequest, Failure } from './failure.ts';

const longest = 1_048_576;
const deepest = 32;

/** The object in a body; empty where there is none. Failure 413 beyond 1 MiB, 415 for another type, 400 for no object. */
export async function bodyOf(request: Request): Promise<JsonObject> {
  if (Number(request.headers.get('content-length') ?? 0) > longest) throw tooLong();
  const text = await textOf(request);
  if (text.trim() === '') return {};
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new Failure(415, 'UnsupportedMediaType', 'A body is application/json.');
  if (depthOf(text) > deepest) throw badRequest('The body is nested too deeply.');
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw badRequest('The body is not JSON.');
  }
  if (!isObject(value)) throw badRequest('The body must be a JSON object.');
  return value;
}

function tooLong(): Failure {
  return new Failure(413, 'RequestEntityTooLarge', `A body has at most ${longest} bytes.`);
}

async function textOf(request: Request): Promise<string> {
  if (request.body === null) return '';
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
    if (length > longest) {
      await reader.cancel();
      throw tooLong();
    }
    parts.push(part.value);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw badRequest('The body is not UTF-8.');
  }
}

/** The most brackets that are open at once, those in texts left out; found without reading the JSON. */
function depthOf(text: string): number {
  let [open, most] = [0, 0];
  for (const [found] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (found === '{' || found === '[') most = Math.max(most, ++open);
    else if (found === '}' || found === ']') open -= 1;
  }
  return most;
}
