/** What can be done with one message: quote it, copy it, copy its address; edit and delete one's own. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { iconButton } from '../lib/nodes.js';
import { messageAddress } from '../lib/route.js';

/** @param {import('../elements/types.js').Message} message its id is 0 while it waits @param {boolean} mine @param {import('./rows.js').RowTools} tools @returns {(Node|string|false)[]} */
export function actionsFor(message, mine, { app, timeline }) {
  const { id, message: text } = message;
  const composer = () => app.querySelector('chat-composer');
  const toOriginal = async () => (await import('./quoted-message.js')).showOriginal(message, timeline);
  const quote = id && timeline.list.querySelector(`[data-id="${id}"] .quote`);
  if (quote) Object.assign(quote, { onclick: toOriginal, title: t('message.original') });
  return [
    Boolean(quote) && iconButton('up', t('message.original'), { onclick: toOriginal }),
    text && iconButton('quote', t('message.quote'), { onclick: () => composer()?.quote(text) }),
    text && iconButton('copy', t('message.copy'), { onclick: () => copyText(text, app) }),
    Boolean(id && !app.isEmbedded) &&
      iconButton('link', t('message.link'), {
        onclick: () => copyText(messageAddress(timeline.conversationId, id), app),
      }),
    Boolean(id && mine) && iconButton('edit', t('message.edit'), { onclick: () => composer()?.edit(message) }),
    Boolean(id && mine) && iconButton('bin', t('message.delete'), { onclick: () => remove(message, app, timeline) }),
  ];
}

/** @param {string} text @param {import('../elements/types.js').App} app */
export async function copyText(text, app) {
  try {
    await navigator.clipboard.writeText(text);
    app.say(t('message.copied'));
  } catch {
    app.say(t('message.copyFailed'));
  }
}

/** @param {import('../elements/types.js').Message} message @param {import('../elements/types.js').App} app @param {import('../elements/chat-timeline.js').ChatTimeline} timeline */
async function remove(message, app, timeline) {
  const { confirmed } = await import('../dialogs/confirm.js');
  const words = { title: t('message.deleteTitle'), text: t('message.deleteText'), action: t('message.delete') };
  if (!(await confirmed(words, timeline))) return;
  try {
    app.store.changed(await app.api.remove(message.id));
    app.say(t('message.deletedNow'), { silent: true });
  } catch (error) {
    app.say(
      t('message.deleteFailed', {
        reason: /** @type {import('../client/api.js').ApiError} */ (error).detail || t('reason.network'),
      }),
      {
        urgent: true,
      },
    );
  }
  timeline.scroller.focus({ preventScroll: true });
}
