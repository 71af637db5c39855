// Addresses: paths and links into URLs that are certain to stay on the configured Graph and in the version and entity set asked for.
import { Hostile } from './problems.ts';

export type Version = 'v1.0' | 'beta';

/** The URL of a path below a version root. The path's ids are percent-encoded already; a path that would leave the root is a RangeError. */
export function addressOf(graph: URL, version: Version, path: string): string {
  const url = new URL(`${graph.origin}/${version}${path.startsWith('/') ? '' : '/'}${path}`);
  const stays = url.origin === graph.origin && url.pathname.startsWith(`/${version}/`) && url.hash === '';
  if (!stays || /(^|\/)\.{1,2}(\/|$|\?)/.test(path))
    throw new RangeError(`not a path of Graph: ${JSON.stringify(path)}`);
  return url.href;
}

/**
 * A link that came in an answer (nextLink, deltaLink), re-serialized. Throws {@link Hostile} before anything is sent, where it leads to
 * another origin, version or entity set than the request that it answers (trust.md 2.8); links are followed verbatim otherwise.
 */
export function followed(graph: URL, link: string, request: string): string {
  const asked = new URL(request);
  const refuse = (why: string) =>
    new Hostile(
      `A link in the answer ${why}. It was not followed, and the token was not sent. Is this address really Graph?`,
      asked.pathname,
    );
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    throw refuse('is not an absolute URL');
  }
  if (url.username !== '' || url.password !== '') throw refuse('holds a user name');
  if (url.origin !== graph.origin) throw refuse(`leads to another server, ${url.host || url.protocol}`);
  if (url.hash !== '') throw refuse('has a fragment');
  if (entitySet(url) !== entitySet(asked)) throw refuse(`leads to another part of Graph, ${entitySet(url)}`);
  return url.href;
}

/** Version and first segment of a path, without its key: `v1.0/users`. */
function entitySet(url: URL): string {
  const [, version = '', first = ''] = url.pathname.split('/');
  return `${version}/${first.replace(/\(.*$/, '')}`.toLowerCase();
}
