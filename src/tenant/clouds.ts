// The clouds: a name, or URLs of one's own, into the Graph origin and the authority that requests and tokens go to (reference 1.1).
import { Problem } from '../model/problem.ts';

export interface Cloud {
  readonly name: string;
  /** Origin of Graph, without a path: the only place that a token is sent to. */
  readonly graph: URL;
  /** The authority's root, without tenant. */
  readonly authority: URL;
  /** The audience that Entra ID expects in a federated assertion (reference 5.1). */
  readonly assertionAudience: string;
}

const clouds: Readonly<Record<string, { graph: string; authority: string; assertionAudience: string }>> = {
  global: {
    graph: 'https://graph.microsoft.com',
    authority: 'https://login.microsoftonline.com',
    assertionAudience: 'api://AzureADTokenExchange',
  },
  usgov: {
    graph: 'https://graph.microsoft.us',
    authority: 'https://login.microsoftonline.us',
    assertionAudience: 'api://AzureADTokenExchangeUSGov',
  },
  usgovdod: {
    graph: 'https://dod-graph.microsoft.us',
    authority: 'https://login.microsoftonline.us',
    assertionAudience: 'api://AzureADTokenExchangeUSGov',
  },
  china: {
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    authority: 'https://login.chinacloudapi.cn',
    assertionAudience: 'api://AzureADTokenExchangeChina',
  },
};

/**
 * The cloud of that name, with its URLs replaced by those given. Problem `usage` for an unknown name, for a URL that is no plain origin,
 * and for `http:` anywhere but on loopback.
 */
export function resolveCloud(name: string, graphUrl?: string, authorityUrl?: string): Cloud {
  const known = clouds[name];
  if (known === undefined)
    throw new Problem({
      kind: 'usage',
      summary: 'Unknown cloud',
      detail: `There is no cloud ${JSON.stringify(name)}; the clouds are ${Object.keys(clouds).join(', ')}. For another server give --graph-url and --authority-url.`,
      subject: name.slice(0, 60),
    });
  return {
    name,
    graph: originOf(graphUrl ?? known.graph, '--graph-url'),
    authority: originOf(authorityUrl ?? known.authority, '--authority-url'),
    assertionAudience: known.assertionAudience,
  };
}

/** Is this host the machine itself? Only there may a token travel unencrypted. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}

function originOf(text: string, subject: string): URL {
  const refuse = (why: string) =>
    new Problem({
      kind: 'usage',
      summary: 'The address of the server is not valid',
      detail: `${why} Write an origin such as https://graph.microsoft.com, without a path.`,
      subject,
    });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse('It is not a URL.');
  }
  if (url.username !== '' || url.password !== '') throw refuse('It holds a user name or a password.');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    throw refuse(
      'Only https is safe for a token; http is accepted for this machine alone (localhost, 127.0.0.1, [::1]).',
    );
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refuse('It has a path, and Driftline adds the version (v1.0 or beta) itself.');
  return url;
}
