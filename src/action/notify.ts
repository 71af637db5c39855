// Notifications: an event in a few words of ours into the JSON of a generic webhook, a Teams card or a Slack message, sent where the workflow says.
import type { Inputs, NotifyEvent } from './inputs.ts';
import type { Site } from './site.ts';

export interface Notice {
  readonly event: NotifyEvent;
  /** Numbers and words of ours: a chat is no place for what a tenant says. */
  readonly text: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly link: string;
  readonly at: string;
}

const headings: Readonly<Record<NotifyEvent, string>> = {
  drift: 'Drift in the tenant',
  refusal: 'A change was refused',
  failure: 'A run failed',
  coverage: 'Not everything could be read',
};

/** The body that a receiver of this form takes. */
export function noticeBody(format: NonNullable<Inputs['notify']>['format'], notice: Notice): unknown {
  const heading = headings[notice.event];
  switch (format) {
    case 'generic':
      return { source: 'driftline', heading, ...notice };
    case 'slack':
      return {
        text: `${slackText(heading)}: ${slackText(notice.text)}`,
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: heading } },
          {
            type: 'section',
            text: {
              type: 'mrkdwn',
              text: `${slackText(notice.text)}\n<${slackText(notice.link)}|${slackText(notice.repository)}>`,
            },
          },
        ],
      };
    case 'teams':
      return {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                { type: 'TextBlock', size: 'Medium', weight: 'Bolder', text: heading, wrap: true },
                { type: 'TextBlock', text: cardText(notice.text), wrap: true },
                {
                  type: 'FactSet',
                  facts: [
                    { title: 'Repository', value: cardText(notice.repository) },
                    { title: 'At', value: notice.at },
                  ],
                },
              ],
              actions: [{ type: 'Action.OpenUrl', title: 'Open', url: notice.link }],
            },
          },
        ],
      };
  }
}

/** Slack's own three escapes (api.slack.com, "Escaping text"). */
function slackText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Text blocks take a part of Markdown: what could be a link or emphasis is escaped. */
function cardText(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!|<>]/g, '\\$&');
}

/** Tells the webhook, where the workflow names one and wants the event. A webhook that fails is a warning and changes nothing else. */
export async function notify(
  site: Pick<Site, 'inputs' | 'runner' | 'world' | 'name' | 'runPage'>,
  event: NotifyEvent,
  text: string,
): Promise<void> {
  const { inputs, runner, world } = site;
  const wanted = inputs.notify;
  if (wanted === undefined || !wanted.on.includes(event)) return;
  const notice = { event, text, repository: site.name, link: site.runPage, at: world.now().toISOString() };
  try {
    const url = new URL(wanted.url);
    const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
    if (url.protocol !== 'https:' && !loopback) throw new TypeError('its address is not https');
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'driftline' },
      body: JSON.stringify(noticeBody(wanted.format, notice)),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new TypeError(`it answered ${response.status}`);
  } catch (error) {
    // The address is a secret of its own, and some errors repeat it.
    const why =
      error instanceof TypeError && /^(its|it) /.test(error.message) ? error.message : 'it could not be reached';
    runner.annotate('warning', 'Notification', `The webhook was not told: ${why}.`);
  }
}
