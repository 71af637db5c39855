// A handler of requests in, the same as a handler of Fetch requests or on a port of this machine out.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Incoming, Reply } from './request.ts';

export type Handler = (request: Incoming) => Promise<Reply>;

export interface Port {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves Fetch requests without a port. */
export function fetchHandler(handler: Handler): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, headers, signal } = request;
    // Whoever holds what the handler gets holds the request by `text`, without which its signal would not abort.
    const reply = await handler({ method, url: new URL(request.url), headers, signal, text: () => request.text() });
    // As bytes: a text would bring a content type of its own.
    const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : (reply.body ?? null);
    return new Response(body, { status: reply.status, headers: { ...reply.headers } });
  };
}

/** Serves on 127.0.0.1; port 0 takes any free one. A handler that throws resets the connection. */
export async function serve(handler: Handler, port = 0): Promise<Port> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => {
      // After half an answer a reset could overtake it: the stream just ends, without its last chunk.
      if (outgoing.headersSent) incoming.socket.end();
      else incoming.socket.resetAndDestroy();
    });
  });
  // Long fault waits and slow clients are the business of tests, not of the port.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', done);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** What a handler looks at of a request on the port; without Fetch's own classes, which cost more than most answers. */
class PortRequest implements Incoming {
  readonly method: string;
  readonly url: URL;
  private readonly incoming: IncomingMessage;
  private readonly outgoing: ServerResponse;
  private gone: AbortController | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.method = incoming.method ?? 'GET';
    this.url = new URL(`http://${incoming.headers.host}${incoming.url}`);
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  get headers(): this {
    return this;
  }

  get(name: string): string | null {
    const value = this.incoming.headers[name.toLowerCase()];
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
  }

  /** Aborted once the client has gone away. */
  get signal(): AbortSignal {
    if (!this.gone) {
      const gone = new AbortController();
      this.gone = gone;
      if (this.outgoing.destroyed) gone.abort();
      else this.outgoing.once('close', () => gone.abort());
    }
    return this.gone.signal;
  }

  text(): Promise<string> {
    return new Promise((done, fail) => {
      const parts: Buffer[] = [];
      this.incoming.on('data', (part: Buffer) => parts.push(part));
      this.incoming.once('end', () => done(Buffer.concat(parts).toString()));
      this.incoming.once('error', fail);
    });
  }
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request = new PortRequest(incoming, outgoing);
  const { status, headers, body } = await handler(request);
  outgoing.writeHead(status, headers);
  if (body === undefined || typeof body === 'string') {
    outgoing.end(body);
    return;
  }
  const { signal } = request;
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!outgoing.write(part.value)) await drained(outgoing, signal);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    outgoing.once('drain', done);
    gone.addEventListener('abort', () => fail(new Error('the client went away')), { once: true });
  });
}
