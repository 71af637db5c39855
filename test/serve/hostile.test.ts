// What a Reader sees and may not do in the portal, and names that somebody chose to harm who reads them, in a real browser.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, noBrowser, shot, watchedPage } from './browser.ts';
import { type Place, seedStory, servePlace } from './place.ts';

const names = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "'; alert(3); //",
  '</td></tr></table><h1>Injected</h1>',
  'javascript:alert(4)',
  '$\u007balert(5)}{{7*7}}',
  '\u202eevil\u202c \u200bhidden\u2066',
  'Glоbal Administrator',
  '&lt;b&gt;bold&lt;/b&gt; &#60;',
  `${'long '.repeat(45)}`,
];

describe.skipIf(noBrowser !== undefined)(
  `the portal for a Reader${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let place: Place;
    let browser: Browser;
    beforeAll(async () => {
      place = await servePlace();
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await place?.close();
    });

    it('shows hostile names as texts, and obeys none of them', async () => {
      const groups = [];
      for (const [at, displayName] of names.entries())
        groups.push(
          await place.graph('POST', '/groups', {
            displayName,
            description: displayName,
            mailNickname: `hostile-${at}`,
            mailEnabled: false,
            securityEnabled: true,
          }),
        );
      const report = await place.job('/api/previews', { from: 'HEAD' });
      await place.snapshot();
      const { page, context, troubles } = await watchedPage(browser);
      await page.goto(place.server.link()!);
      await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
      const hostile = groups[0].id;
      for (const path of [
        `/jobs/${report.id}`,
        `/jobs/${report.id}/changes?ref=groups/${hostile}`,
        `/jobs/${report.id}/changes?ref=groups/${groups[6].id}`,
        '/objects?q=alert',
        `/objects/groups/${hostile}`,
        `/recover?goal=HEAD&${groups.map(({ id }) => `ref=groups/${id}`).join('&')}`,
        `/objects?q=${encodeURIComponent(names[1]!)}`,
        `/compare?from=${encodeURIComponent(names[0]!)}&to=live`,
        `/jobs/${report.id}?name=${encodeURIComponent(names[3]!)}`,
        `/snapshots/${encodeURIComponent(names[0]!)}`,
      ]) {
        await page.goto(`${place.server.origin}${path}`);
        expect(
          await page.locator('main img, main script, main h1:has-text("Injected") >> visible=true').count(),
          path,
        ).toBe(0);
        expect(await page.locator('a[href^="javascript"]').count(), path).toBe(0);
      }
      await page.goto(`${place.server.origin}/jobs/${report.id}`);
      const text = await page.locator('table.stack').innerText();
      expect(text).toContain(names[0]);
      expect(text).toContain('\\u{202e}evil\\u{202c}');
      expect(text).toContain('mixed scripts');
      expect(text).not.toContain('\u202e');
      await shot(page, 'hostile');
      expect(troubles).toEqual([]);
      await context.close();
    });

    it('offers a Reader no way to write, and refuses the ways that are made up', async () => {
      await seedStory(place);
      const { page, context, troubles } = await watchedPage(browser);
      await page.goto(place.server.link()!);
      await page.getByText('Backup Reader').waitFor();
      await page.getByRole('button', { name: 'What changed since the newest snapshot?' }).click();
      await page.getByRole('link', { name: 'Recover the whole scope' }).click();
      await page.getByRole('heading', { name: 'You are a Backup Reader' }).waitFor();
      expect(await page.getByRole('button', { name: 'Make the plan' }).isDisabled()).toBe(true);
      await shot(page, 'recover-reader');
      const before = place.sandbox.requests.filter(({ wrote }) => wrote).length;
      const status = await page.evaluate(async () => {
        const answer = await fetch('/api/plans', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-driftline': '1' },
          body: '{"goal":"HEAD"}',
        });
        return answer.status;
      });
      expect(status).toBe(403);
      expect(place.sandbox.requests.filter(({ wrote }) => wrote).length).toBe(before);
      expect(troubles).toEqual([]);
      await context.close();
    });

    it('lets no page of another origin ask for anything', async () => {
      const { page, context } = await watchedPage(browser);
      await page.goto(place.server.link()!);
      await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
      const jobs = place.server.jobs.store.all().length;
      const { createServer } = await import('node:http');
      const foreign = createServer((_request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(
          `<form method="post" action="${place.server.origin}/api/previews" enctype="text/plain"><input name='{"from":"HEAD","x":"' value='"}'><button>Win</button></form>`,
        );
      });
      await new Promise<void>((done) => foreign.listen(0, '127.0.0.1', done));
      await page.goto(`http://localhost:${(foreign.address() as { port: number }).port}/`);
      const read = await page.evaluate(
        (origin) =>
          fetch(`${origin}/api/me`, { credentials: 'include' }).then(
            (answer) => answer.status,
            () => 'refused by the browser',
          ),
        place.server.origin,
      );
      expect(read).toBe('refused by the browser');
      await page.getByRole('button', { name: 'Win' }).click();
      await page.waitForLoadState();
      expect(place.server.jobs.store.all().length).toBe(jobs);
      await new Promise((done) => {
        foreign.close(done);
        foreign.closeAllConnections();
      });
      await context.close();
    });
  },
);
