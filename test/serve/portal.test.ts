// The portal in a real browser: the seed story seen, inspected, recovered one by one and as a whole, and undone; by mouse, by keyboard, by whoever may.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, launch, noBrowser, overflows, shot, type Watched, watchedPage } from './browser.ts';
import { type Loose, type Place, seedStory, servePlace, storyPolicy } from './place.ts';

const say = (name: string) => (noBrowser === undefined ? name : `${name} (${noBrowser})`);

describe.skipIf(noBrowser !== undefined)(say('the portal'), () => {
  let place: Place;
  let browser: Browser;
  let watched: Watched;
  let story: Awaited<ReturnType<typeof seedStory>>;
  const go = (path: string) => watched.page.goto(`${place.server.origin}${path}`);
  const policyNow = async () =>
    (await place.graph('GET', `/identity/conditionalAccess/policies/${story.policy}`)).grantControls.builtInControls;
  const groupName = async (): Promise<string> => (await place.graph('GET', `/groups/${story.group}`)).displayName;
  const isMember = async () =>
    (await place.graph('GET', `/groups/${story.group}/members`)).value.some(({ id }: Loose) => id === story.member);

  beforeAll(async () => {
    place = await servePlace({ allowRecover: true });
    browser = await launch();
    watched = await watchedPage(browser);
    story = await seedStory(place);
  });
  afterAll(async () => {
    await browser?.close();
    await place?.close();
  });

  /** Confirms the plan on the page and waits for its end. */
  async function confirm(): Promise<void> {
    const { page } = watched;
    const digest = (await page.locator('.big').innerText()).trim();
    await page.getByLabel('Type these 8 characters').fill(digest);
    await page.getByRole('button', { name: 'Start the recovery' }).click();
    await page.getByRole('heading', { name: 'Done, and looked at again' }).waitFor();
  }

  it('opens by the link, once', async () => {
    const { page } = watched;
    await page.goto(`${place.server.origin}/`);
    await page.getByRole('heading', { name: 'Open the link' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await shot(page, 'sign-in');
    const link = place.server.link()!;
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
    expect(page.url()).not.toContain('link=');
    await shot(page, 'timeline');
    const other = await watchedPage(browser);
    await other.page.goto(link);
    await other.page.getByText('The link was used already').waitFor();
    await other.context.close();
  });

  it('shows what changed, object by object, before and after', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'What changed since the newest snapshot?' }).click();
    await page.getByRole('heading', { name: 'Changes' }).waitFor();
    await shot(page, 'report');
    expect(await page.locator('table.stack tbody tr').count()).toBe(2);
    await page.getByRole('link', { name: storyPolicy.displayName }).click();
    await page.getByText('compliantApplication').waitFor();
    expect(await page.locator('.side.before').innerText()).toContain('compliantApplication');
    expect(await page.locator('.side.after').innerText()).toContain('mfa');
    await shot(page, 'change-policy');
    await page
      .getByRole('link', { name: 'Previous change' })
      .or(page.getByRole('link', { name: 'Next change' }))
      .first()
      .click();
    expect(await page.locator('.side.before').innerText()).toContain(story.memberName);
    await shot(page, 'change-group');
  });

  it('says who changed it, when it is asked', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'The report' }).click();
    await page.getByRole('button', { name: 'Who made the changes?' }).click();
    await page.getByRole('heading', { name: 'Who made the changes' }).waitFor();
    expect(await page.locator('table.stack tbody').innerText()).toContain('Update conditional access policy');
    expect(await accessibilityFaults(page)).toEqual([]);
    await shot(page, 'report-actors');
    await page.getByRole('link', { name: storyPolicy.displayName }).click();
    await page.getByRole('heading', { name: 'Who made it' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.goBack();
    await page
      .getByRole('link', { name: await groupName() })
      .first()
      .click();
  });

  it('recovers one object, after its digest was typed', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Recover this object' }).click();
    await page.getByRole('heading', { name: 'Recover', exact: true }).waitFor();
    await page.getByLabel('Why').fill('the member was taken out by mistake');
    await shot(page, 'recover');
    await page.getByRole('button', { name: 'Make the plan' }).click();
    await page.getByRole('heading', { name: 'Start it' }).waitFor();
    await page.getByText('Step by step: 1 step').click();
    await page
      .getByText(`link ${await page.locator('tbody th a').first().innerText()}: members ${story.memberName}`)
      .waitFor();
    await shot(page, 'plan');
    await page.getByLabel('Type these 8 characters').fill('00000000');
    await page.getByRole('button', { name: 'Start the recovery' }).click();
    await page.getByText('The plan was not confirmed').waitFor();
    expect(await isMember()).toBe(false);
    await confirm();
    expect(await isMember()).toBe(true);
    expect(await policyNow()).toEqual(['mfa']);
    await shot(page, 'recovered');
  });

  it('takes nothing selected for nothing, and never for everything', async () => {
    const { page } = watched;
    const report = await place.job('/api/previews', { from: 'HEAD' });
    await go(`/jobs/${report.id}`);
    const button = page.getByRole('button', { name: 'Recover the selected objects' });
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel('Select all on this page').check();
    expect(await button.isDisabled()).toBe(false);
    // Where there is no script the button is no help: the page that it leads to says so.
    await go('/recover?goal=HEAD&selected=yes');
    await page.getByRole('heading', { name: 'Nothing is selected' }).waitFor();
    expect(await page.getByRole('button', { name: 'Make the plan' }).count()).toBe(0);
  });

  it('leads on from a plan that cannot be started, in the words of its own boxes', async () => {
    const { page } = watched;
    const plan = await place.job('/api/plans', {
      goal: 'HEAD',
      ids: [`conditionalAccessPolicies/${story.policy}`],
      reason: 'tried at night',
    });
    await go(`/jobs/${plan.id}`);
    await page.getByText('Cannot be started').first().waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toContain('To let it through: “Write to Conditional Access without an emergency account”.');
    expect(text).not.toContain('--');
    expect(await page.getByRole('button', { name: 'Start the recovery' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Plan it again' }).click();
    expect(await page.getByLabel('Why').inputValue()).toBe('tried at night');
    await page.getByLabel('Write to Conditional Access without an emergency account').check();
    await page.getByRole('button', { name: 'Make the plan' }).click();
    await page.getByRole('heading', { name: 'Start it' }).waitFor();
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByText('Canceled').first().waitFor();
  });

  it('recovers the whole scope, with the keyboard alone', async () => {
    const { page } = watched;
    await place.graph('DELETE', `/groups/${story.group}/members/${story.member}/$ref`);
    await go('/recover');
    const press = async (label: string, key: string) => {
      await page.getByLabel(label).focus();
      await page.keyboard.press(key);
    };
    await page.getByLabel('Make the tenant as it was in').focus();
    const first = await page.evaluate("[...document.querySelectorAll('select[name=goal] option')].at(-1).index");
    for (let at = 0; at < Number(first); at += 1) await page.keyboard.press('ArrowDown');
    await press('Write to Conditional Access without an emergency account', 'Space');
    await page.getByRole('button', { name: 'Make the plan' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Start it' }).waitFor();
    const digest = (await page.locator('.big').innerText()).trim();
    await page.getByLabel('Type these 8 characters').focus();
    await page.keyboard.type(digest);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Done, and looked at again' }).waitFor();
    expect(await isMember()).toBe(true);
    expect(await policyNow()).toEqual(['compliantApplication']);
  });

  it('undoes it', async () => {
    const { page } = watched;
    await page.getByText('How far the undo may go').click();
    await page.getByLabel('Write to Conditional Access without an emergency account').check();
    await page.getByRole('button', { name: 'Plan to undo it' }).click();
    await page.getByRole('heading', { name: 'Start it' }).waitFor();
    await confirm();
    expect(await policyNow()).toEqual(['mfa']);
    expect(await isMember()).toBe(false);
    expect(watched.troubles).toEqual([]);
  });

  it('has no page that axe-core finds fault with, in light, in dark, or on a phone', async () => {
    await place.snapshot();
    const { body: jobs } = await place.call('GET', '/api/jobs');
    const { body: runs } = await place.call('GET', '/api/runs');
    const [newest] = (await place.call('GET', '/api/snapshots')).body.value;
    const preview = jobs.value.find(({ type }: Loose) => type === 'preview').id;
    const paths: Record<string, string> = {
      timeline: '/',
      snapshot: `/snapshots/${newest.id}`,
      compare: '/compare',
      comparison: `/compare?from=${newest.parents[0]}&to=${newest.id}`,
      report: `/jobs/${preview}`,
      change: `/jobs/${preview}/changes?ref=conditionalAccessPolicies/${story.policy}`,
      objects: '/objects?q=a',
      object: `/objects/groups/${story.group}`,
      recover: `/recover?goal=${newest.id}&ref=groups/${story.group}`,
      recovery: `/jobs/${jobs.value.find(({ type }: Loose) => type === 'recovery').id}`,
      jobs: '/jobs',
      runs: '/runs',
      run: `/runs/${runs.value[0].id}`,
      coverage: '/coverage',
      settings: '/settings',
      missing: '/nowhere',
    };
    const cookies = await watched.context.cookies();
    const dark = await watchedPage(browser, { colorScheme: 'dark', viewport: { width: 390, height: 800 } });
    await dark.context.addCookies(cookies);
    const faults: string[] = [];
    const look = async ({ page }: Watched, name: string, path: string, mode: string) => {
      await page.goto(`${place.server.origin}${path}`);
      // A page that watches a job loads itself anew when that has ended.
      await page.locator('[data-watch]:not([data-status=initialized])').first().waitFor({ state: 'detached' });
      // What colours and narrowness can break; the rest is the same page.
      const rules = mode === 'light' ? undefined : ['color-contrast', 'scrollable-region-focusable', 'target-size'];
      for (const fault of await accessibilityFaults(page, rules)) faults.push(`${name}, ${mode}: ${fault}`);
      if (await overflows(page)) faults.push(`${name}, ${mode}: it must be scrolled sideways`);
      await shot(page, `${name}-${mode}`);
    };
    const all = async (one: Watched, mode: string) => {
      for (const [name, path] of Object.entries(paths)) await look(one, name, path, mode);
    };
    await Promise.all([all(watched, 'light'), all(dark, 'dark phone')]);
    await dark.context.close();
    expect(faults).toEqual([]);
  });
});
