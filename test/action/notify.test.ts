// Notifications: three forms of one message, told only where it is asked for, and never in the way of the work.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noticeBody } from '../../src/action/notify.ts';
import { type Journey, startJourney } from '../support/action-journey.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const notice = {
  event: 'drift' as const,
  text: '3 objects differ from the baseline: 2 changed, 1 added, 0 removed.',
  repository: 'acme/tenant',
  link: 'https://github.com/acme/tenant/actions/runs/77',
  at: '2026-11-23T12:00:00.000Z',
};

describe('a notice', () => {
  it('has the form of a generic webhook', () => {
    expect(noticeBody('generic', notice)).toEqual({ source: 'driftline', heading: 'Drift in the tenant', ...notice });
  });

  it('has the form of an Adaptive Card for Teams, with its text taken as text', () => {
    const body = noticeBody('teams', { ...notice, repository: 'acme/[x](http://evil.example)' }) as {
      attachments: { contentType: string; content: { type: string; actions: unknown[]; body: unknown[] } }[];
    };
    const [card] = body.attachments;
    expect(card).toMatchObject({
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: { type: 'AdaptiveCard', version: '1.4', actions: [{ type: 'Action.OpenUrl', url: notice.link }] },
    });
    expect(JSON.stringify(card!.content.body)).toContain('\\\\[x\\\\]\\\\(');
  });

  it('has the form of a Slack message, with its text taken as text', () => {
    const body = noticeBody('slack', { ...notice, text: '<!channel> & more' }) as { text: string; blocks: unknown[] };
    expect(body.text).toBe('Drift in the tenant: &lt;!channel&gt; &amp; more');
    expect(JSON.stringify(body.blocks)).not.toContain('<!channel>');
  });
});

describe('the webhook', () => {
  let stage: Journey;
  let told: { headers: IncomingHttpHeaders; body: { event: string; text: string } }[];
  let status: number;
  let hook: string;
  let stop: () => void;

  beforeEach(async () => {
    told = [];
    status = 200;
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (data) => (text += data));
      request.on('end', () => {
        told.push({ headers: request.headers, body: JSON.parse(text) });
        response.writeHead(status, status === 302 ? { Location: 'http://127.0.0.1:9/' } : {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
    stop = () => void server.close();
    stage = await startJourney({ 'driftline.yaml': 'kinds: [namedLocations, groups]\n' });
    await stage.run({ command: 'snapshot' });
  });

  afterEach(async () => {
    stop();
    await stage.end();
  });

  it('is told of new drift once, of coverage that is lost, of refusals and failures, and of nothing else', async () => {
    const drift = () => stage.run({ command: 'drift', 'notify-webhook': hook });
    await drift();
    expect(told).toEqual([]);
    await stage.graph('PATCH', '/groups/32b3a2b9-1f9c-4996-a1bb-ea9103833fa3', { displayName: 'Not for a chat' });
    await drift();
    await drift();
    expect(told.map(({ body }) => body.event)).toEqual(['drift']);
    stage.sandbox.faults.add({
      match: { path: /namedLocations/ },
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'status', status: 403, code: 'Authorization_RequestDenied', message: 'no' },
    });
    await drift();
    stage.server.isPublic = true;
    await drift();
    await stage.run({ command: 'plan', 'notify-webhook': hook });
    expect(told.map(({ body }) => body.event)).toEqual(['drift', 'coverage', 'refusal', 'failure']);
    expect(JSON.stringify(told)).not.toMatch(/Not for a chat|ghs_|eyJ/);
  });

  it('that fails, redirects or is not https is a warning that does not name it, and changes nothing', async () => {
    await stage.graph('PATCH', '/groups/32b3a2b9-1f9c-4996-a1bb-ea9103833fa3', { displayName: 'Other' });
    status = 302;
    const first = await stage.run({ command: 'drift', 'notify-webhook': hook });
    expect(first.status).toBe(0);
    expect(first.log).toContain('::warning title=Notification');
    for (const url of ['http://example.com/secret-path', 'not an address secret-path']) {
      const failed = await stage.run({ command: 'plan', 'notify-webhook': url });
      expect(failed.status).toBe(7);
      expect(failed.log).toContain('::warning title=Notification');
      expect(failed.log).not.toContain('secret-path');
    }
    expect(first.log).not.toContain('secret-path');
  });

  it('is told only of the events that it is for', async () => {
    await stage.run({ command: 'plan', 'notify-webhook': hook, 'notify-on': 'drift' });
    expect(told).toEqual([]);
  });
});
