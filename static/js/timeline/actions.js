/** What can be done with one message: quote it, copy it, copy its address; edit and delete one's own. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { messageAddress } from '../lib/route.js';
import '../lib/more-icons.js';

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
    // By plain http a page has no clipboard.
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copySelected(text);
    app.say(t('message.copied'));
  } catch {
    app.say(t('message.copyFailed'));
  }
}

/** @param {string} text */
function copySelected(text) {
  const from = /** @type {HTMLElement|null} */ (document.activeElement);
  const field = el('textarea', { class: 'visually-hidden', readonly: true, 'aria-hidden': 'true' });
  field.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  from?.focus({ preventScroll: true });
  if (!isCopied) throw new Error('refused');
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
        reason: reasonOf(/** @type {import('../client/api.js').ApiError} */ (error)),
      }),
      {
        urgent: true,
      },
    );
  }
  timeline.scroller.focus({ preventScroll: true });
}
