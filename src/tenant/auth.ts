// Signing in: credentials and the environment into a source of access tokens that renews them and refuses those of another tenant.
import type { TokenCredential } from '@azure/identity';
import type { Credentials } from '../model/config.ts';
import { Problem } from '../model/problem.ts';
import { isGuid } from '../model/ref.ts';
import type { Cloud } from './clouds.ts';
import { AssertionRefused, openCredential } from './credentials.ts';
import { authenticationProblem } from './problems.ts';
import type { Time } from './time.ts';
import { printable, Token } from './token.ts';

/** Renew this long before the end: a request may wait in its lane for a while before it is sent. */
const margin = 300_000;
/** A clock that is wrong makes every token look old; then one a minute is enough. */
const pace = 60_000;

export interface Tokens {
  /** A token that is good for now. Problem `authentication` where there is none to be had. */
  get(): Promise<Token>;
  /** Another token than this one, which Graph refused; `claims` is what it asks for in exchange. */
  renew(refused: Token, claims?: string): Promise<Token>;
}

export interface SignInOptions {
  readonly cloud: Cloud;
  readonly credentials: Credentials;
  readonly accessToken?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly time: Time;
  readonly fetch: typeof globalThis.fetch;
  /** Told what a person must do to sign in with a device code. */
  readonly prompt: (text: string) => void;
}

/** The source of tokens that these options describe. Nothing is asked of the network before the first token is needed. */
export function openTokens(options: SignInOptions): Tokens {
  const { tenantId } = options.credentials;
  const tenant = new TenantGuard(tenantId?.toLowerCase());
  const given = options.accessToken?.trim() ?? '';
  return given === '' ? new RenewedTokens(options, tenant) : new GivenToken(given.replace(/^Bearer\s+/i, ''), tenant);
}

/** Remembers whose tenant the tokens are of; one of another tenant is never used (trust.md row 29). */
class TenantGuard {
  #tenantId: string | undefined;

  constructor(configured: string | undefined) {
    this.#tenantId = configured !== undefined && isGuid(configured) ? configured : undefined;
  }

  check(token: Token): Token {
    const { tenantId } = token.claims;
    if (tenantId === undefined) return token;
    this.#tenantId ??= tenantId;
    if (tenantId === this.#tenantId) return token;
    throw authenticationProblem(
      `The token is of tenant ${printable(tenantId)}, and this run is about tenant ${this.#tenantId}. It was not used. Sign in to the right tenant, or correct the tenant id in driftline.yaml.`,
    );
  }
}

class GivenToken implements Tokens {
  readonly #token: Token;
  readonly #tenant: TenantGuard;

  constructor(text: string, tenant: TenantGuard) {
    this.#token = new Token(text);
    this.#tenant = tenant;
  }

  async get(): Promise<Token> {
    return this.#tenant.check(this.#token);
  }

  async renew(): Promise<Token> {
    throw authenticationProblem(
      'Graph refuses the access token that was handed in; it may have run out (they last about an hour), or be of another cloud. Get a new one and set DRIFTLINE_ACCESS_TOKEN, or configure credentials, which renew themselves.',
      'DRIFTLINE_ACCESS_TOKEN',
    );
  }
}

class RenewedTokens implements Tokens {
  readonly #options: SignInOptions;
  readonly #tenant: TenantGuard;
  #credential: Promise<TokenCredential> | undefined;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  #gotAt = 0;

  constructor(options: SignInOptions, tenant: TenantGuard) {
    this.#options = options;
    this.#tenant = tenant;
  }

  async get(): Promise<Token> {
    const token = this.#token;
    if (token === undefined) return this.#acquire();
    const now = this.#options.time.now();
    const soonOver = token.expiresAt !== undefined && token.expiresAt - margin < now && now - this.#gotAt >= pace;
    return soonOver ? this.#acquire() : token;
  }

  async renew(refused: Token, claims?: string): Promise<Token> {
    // Of several requests that were refused together, the first renews and the others take what it got.
    if (this.#token !== refused && this.#token !== undefined) return this.#token;
    // The credential keeps its tokens; a new one has none and must fetch.
    if (claims === undefined && this.#pending === undefined) this.#credential = undefined;
    return this.#acquire(claims);
  }

  #acquire(claims?: string): Promise<Token> {
    this.#pending ??= this.#fetch(claims).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(claims?: string): Promise<Token> {
    const { cloud, time } = this.#options;
    try {
      this.#credential ??= openCredential(this.#options);
      const credential = await this.#credential;
      const got = await credential.getToken(
        `${cloud.graph.origin}/.default`,
        claims === undefined ? {} : { claims, enableCae: true },
      );
      if (got === null) throw new Error('the credential gave no token');
      const token = this.#tenant.check(new Token(got.token, got.expiresOnTimestamp));
      this.#token = token;
      this.#gotAt = time.now();
      return token;
    } catch (error) {
      this.#credential = undefined;
      throw error instanceof Problem ? error : signInProblem(error, this.#options);
    }
  }
}

/** What the commonest errors of Entra ID's token endpoint mean for the person who must mend them (reference 5.1). */
const meanings: Readonly<Record<string, string>> = {
  '90002': 'there is no such tenant in this cloud; check the tenant id and --cloud',
  '700016': 'the tenant has no application with this client id; check the client id and the tenant id',
  '7000215': 'the client secret is wrong (its value is needed, not its id)',
  '7000222': 'the client secret has run out; make a new one, or change over to federated credentials',
  '700027': "the certificate is not one of the application's; upload its public part to the app registration",
  '70021':
    'no federated credential of the application matches the token of the CI job; compare issuer, subject and audience',
  '700211': "no federated credential of the application matches the issuer of the CI job's token",
  '700212': "no federated credential of the application matches the audience of the CI job's token",
  '700213':
    "no federated credential of the application matches the subject of the CI job's token; repositories created or renamed since 2026-07-15 have the form repo:owner@id/name@id",
  '700024': "the CI job's token was out of its time range; check this machine's clock",
  '1002012': 'the scope is not valid for an application; check --graph-url',
  '500011': 'the tenant does not know this Graph; check --cloud and --graph-url',
  '53003': 'a Conditional Access policy of the tenant blocks this sign-in',
};

/** A failed sign-in as a Problem: the code of Entra ID and our own words, never what the credential was. */
function signInProblem(error: unknown, options: SignInOptions): Problem {
  const text = error instanceof Error ? error.message : String(error);
  const code = /AADSTS(\d+)/.exec(text)?.[1];
  if (code !== undefined) {
    const subject =
      /^70021/.test(code) && error instanceof AssertionRefused
        ? ` This job's subject is ${error.subject.replace(/[^\x21-\x7e]/g, '?').slice(0, 400)}: the credential must name exactly that, and it may take a minute to be known.`
        : '';
    return authenticationProblem(
      `Entra ID refuses the sign-in: AADSTS${code}${meanings[code] === undefined ? `, ${firstSentence(text)}` : `: ${meanings[code]}`}.${subject}`,
      `AADSTS${code}`,
      undefined,
    );
  }
  return authenticationProblem(`No token could be got: ${firstSentence(text)}. ${wayIn(options)}`);
}

/** What to do where no way to sign in was found: in a job of GitHub Actions something else is missing than at a terminal. */
function wayIn({ credentials, environment }: SignInOptions): string {
  if (environment.GITHUB_ACTIONS !== 'true')
    return 'Set credentials in driftline.yaml (docs/setup.md), sign in with az login, or set DRIFTLINE_ACCESS_TOKEN.';
  const [tenantId, clientId] = [
    credentials.tenantId ?? environment.AZURE_TENANT_ID,
    credentials.clientId ?? environment.AZURE_CLIENT_ID,
  ];
  return tenantId === undefined || clientId === undefined
    ? 'The job names no application: tenant-id and client-id are empty. Set the variables that the workflow takes them from (docs/setup-github.md, step 4; gh variable list shows them).'
    : 'The job may not ask for an OIDC token: give it the permission id-token: write. A pull request from a fork never has it.';
}

function firstSentence(text: string): string {
  return printable(text.replace(/^.*?AADSTS\d+: /s, '').split(/\. |\n|Trace ID/)[0] ?? '').replace(/\.$/, '');
}
