/** From a quote to the message it was taken from. Quotes are text, so the text is what is looked for. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { quotedAndOwn } from '../lib/quotes.js';

const WORDS = 8;

/** @param {import('../elements/types.js').Message} message with a quote in it @param {import('../elements/chat-timeline.js').ChatTimeline} timeline */
export async function showOriginal(message, timeline) {
  const { app, history } = timeline;
  const { quoted } = quotedAndOwn(message.message);
  const isIt = (/** @type {import('../client/types.js').Message} */ other) =>
    other.id < message.id && quotedAndOwn(other.message).own === quoted;
  let found = history.thread.messages.findLast(isIt);
  if (!found) {
    const words = (quoted.match(/[\p{L}\p{N}_]{1,200}/gu) ?? []).slice(0, WORDS).join(' ');
    const page =
      words &&
      (await app.api.search(words, { user_id: history.userId, before_id: message.id, limit: 50 }).catch(() => null));
    found = page ? page.messages.find(isIt) : undefined;
  }
  if (found) await timeline.show(found.id);
  else app.say(t('message.originalGone'));
}
