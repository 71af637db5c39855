// Credentials: the configured way to sign in as a credential of @azure/identity, which is loaded only when one is needed.
import { readFile } from 'node:fs/promises';
import type { TokenCredential } from '@azure/identity';
import { Problem } from '../model/problem.ts';
import type { SignInOptions } from './auth.ts';
import { type Cloud, isLoopback } from './clouds.ts';
import { authenticationProblem } from './problems.ts';
import { payloadOf } from './token.ts';

type Identity = typeof import('@azure/identity');

/** The address that @azure/identity insists on: https, and one whose metadata it has built in, so that it asks nobody else. */
const builtIn = 'https://login.microsoftonline.com';

/**
 * Opens the credential. Without a method: a client secret, a certificate or GitHub's OIDC where the environment holds one, else
 * DefaultAzureCredential's own chain. Problem `usage` or `authentication` where something that the method needs is missing.
 */
export async function openCredential(options: SignInOptions): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  const { credentials, environment } = options;
  const shared = authority(options.cloud);
  const tenantId = credentials.tenantId ?? environment.AZURE_TENANT_ID ?? '';
  const clientId = credentials.clientId ?? environment.AZURE_CLIENT_ID ?? '';
  const need = (what: string, value: string) => {
    if (value === '') throw missing(what);
    return value;
  };
  switch (methodOf(options, tenantId !== '' && clientId !== '')) {
    case 'secret': {
      const secret = need('the client secret (AZURE_CLIENT_SECRET)', environment.AZURE_CLIENT_SECRET ?? '');
      return new identity.ClientSecretCredential(
        need('the tenant id', tenantId),
        need('the client id', clientId),
        secret,
        shared,
      );
    }
    case 'certificate':
      return certificate(identity, options, need('the tenant id', tenantId), need('the client id', clientId));
    case 'github':
      return gitHub(identity, options, need('the tenant id', tenantId), need('the client id', clientId));
    case 'cli':
      return new identity.AzureCliCredential(tenantId === '' ? {} : { tenantId });
    case 'device-code':
      return new identity.DeviceCodeCredential({
        ...shared,
        ...(tenantId === '' ? {} : { tenantId }),
        ...(clientId === '' ? {} : { clientId }),
        userPromptCallback: ({ message }) => options.prompt(message),
      });
    default:
      return new identity.DefaultAzureCredential({ ...shared, ...(tenantId === '' ? {} : { tenantId }) });
  }
}

function methodOf({ credentials, environment }: SignInOptions, application: boolean) {
  const { method = 'default' } = credentials;
  if (method !== 'default' || !application) return method;
  if (has(environment.AZURE_CLIENT_SECRET)) return 'secret';
  if (has(credentials.certificatePath) || has(environment.AZURE_CLIENT_CERTIFICATE_PATH)) return 'certificate';
  return has(environment.ACTIONS_ID_TOKEN_REQUEST_URL) ? 'github' : 'default';
}

function has(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

async function certificate(identity: Identity, options: SignInOptions, tenantId: string, clientId: string) {
  const path = options.credentials.certificatePath ?? options.environment.AZURE_CLIENT_CERTIFICATE_PATH ?? '';
  if (path === '') throw missing('the path of the certificate (credentials.certificatePath)');
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw authenticationProblem(`The certificate cannot be read (${(error as NodeJS.ErrnoException).code}).`, path);
  });
  return new identity.ClientCertificateCredential(tenantId, clientId, { certificate: pem }, authority(options.cloud));
}

/**
 * Sends sign-in requests to the cloud's authority. An authority that MSAL does not know is reached by rewriting the address of the built-in
 * one: MSAL refuses http, and for an unknown https host it would first ask Microsoft's public cloud (reference 5.1, engineering.md 1.4).
 */
function authority({ authority: host }: Cloud) {
  const known = /^login\.(microsoftonline\.(com|us)|chinacloudapi\.cn|partner\.microsoftonline\.cn)$/.test(host.host);
  if (known) return { authorityHost: host.origin };
  return {
    authorityHost: builtIn,
    disableInstanceDiscovery: true,
    additionalPolicies: [
      {
        position: 'perRetry' as const,
        policy: {
          name: 'driftlineAuthority',
          sendRequest<Sent extends { url: string; allowInsecureConnection?: boolean }, Got>(
            request: Sent,
            next: (request: Sent) => Promise<Got>,
          ): Promise<Got> {
            if (request.url.startsWith(`${builtIn}/`)) {
              request.url = `${host.origin}${request.url.slice(builtIn.length)}`;
              request.allowInsecureConnection = isLoopback(host);
            }
            return next(request);
          },
        },
      },
    ],
  };
}

/** Entra ID refused the token of a job: what it said, and whose token it was. */
export class AssertionRefused extends Error {
  /** The subject that a federated credential must name, to the letter. */
  readonly subject: string;

  constructor(subject: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.subject = subject;
  }
}

/** What went wrong with the assertion is told as it is: MSAL would wrap it into an error of its own. */
function gitHub(identity: Identity, options: SignInOptions, tenantId: string, clientId: string): TokenCredential {
  let problem: unknown;
  let subject: unknown;
  const assertion = async () => {
    try {
      const text = await gitHubAssertion(options);
      subject = payloadOf(text).sub;
      return text;
    } catch (error) {
      problem = error;
      throw error;
    }
  };
  const credential = new identity.ClientAssertionCredential(tenantId, clientId, assertion, authority(options.cloud));
  return {
    getToken: (scopes, asked) =>
      credential.getToken(scopes, asked).catch((error: unknown) => {
        throw problem ?? (typeof subject === 'string' ? new AssertionRefused(subject, error) : error);
      }),
  };
}

/** A fresh OIDC token of the running GitHub job for Entra ID's audience in this cloud (trust.md 2.7). */
async function gitHubAssertion({ cloud, environment, fetch }: SignInOptions): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  if (!has(address) || !has(token))
    throw authenticationProblem(
      'This is no GitHub job that may ask for an OIDC token. Give the job the permission id-token: write.',
      'ACTIONS_ID_TOKEN_REQUEST_URL',
    );
  const url = new URL(address!);
  if (url.protocol !== 'https:' && !isLoopback(url))
    throw authenticationProblem('The address for OIDC tokens is not https.', 'ACTIONS_ID_TOKEN_REQUEST_URL');
  url.searchParams.set('audience', cloud.assertionAudience);
  const response = await fetch(url, {
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    throw authenticationProblem(
      `GitHub's token service could not be reached (${(error as Error).name}).`,
      'GitHub OIDC',
    );
  });
  const answer = (await response.json().catch(() => ({}))) as { value?: unknown };
  if (!response.ok || typeof answer.value !== 'string')
    throw authenticationProblem(
      `GitHub's token service answered ${response.status} without a token. Give the job the permission id-token: write, and run it again.`,
      'GitHub OIDC',
    );
  return answer.value;
}

function missing(what: string): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'The credentials are not complete',
    detail: `To sign in this way, ${what} is needed. See docs/setup.md.`,
    subject: 'credentials',
  });
}
