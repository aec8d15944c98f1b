/** What can be done with one message: quote it, copy it, copy its address, change it. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';
import { messageAddress } from '../lib/route.js';
import '../lib/more-icons.js';
import { changesFor, mayWrite } from './changes.js';

/** Buttons beside the message. @param {import('../elements/types.js').Message} message its id is 0 while it waits @param {boolean} mine @param {import('./rows.js').RowTools} tools */
export function actionsFor(message, mine, tools) {
  return choicesFor(message, mine, tools).map(({ icon = 'more', label, act }) =>
    iconButton(icon, label, { onclick: act }),
  );
}

/** @param {import('../elements/types.js').Message} message @param {boolean} mine @param {Pick<import('./rows.js').RowTools, 'app'|'timeline'>} tools @returns {import('../lib/menu.js').Choice[]} */
export function choicesFor(message, mine, { app, timeline }) {
  const { id, message: text } = message;
  const composer = () => app.querySelector('chat-composer');
  const toOriginal = async () => (await import('./quoted-message.js')).showOriginal(message, timeline);
  const quote = id && timeline.list.querySelector(`[data-id="${id}"] .quote`);
  if (quote) Object.assign(quote, { onclick: toOriginal, title: t('message.original') });
  const say = mayWrite(app, timeline);
  /** @type {(import('../lib/menu.js').Choice|false)[]} */
  const choices = [
    Boolean(quote) && { icon: 'up', label: t('message.original'), act: toOriginal },
    Boolean(text) && say && { icon: 'quote', label: t('message.quote'), act: () => composer()?.quote(text) },
    Boolean(text) && { icon: 'copy', label: t('message.copy'), act: () => copyText(text, app) },
    Boolean(id && !app.isEmbedded) && {
      icon: 'link',
      label: t('message.link'),
      act: () => copyText(messageAddress(timeline.conversationId, id), app),
    },
    ...(id ? changesFor(message, mine, { app, timeline }) : []),
  ];
  return choices.filter((choice) => choice !== false);
}

/** @param {string} text @param {import('../elements/types.js').App} app */
export async function copyText(text, app) {
  try {
    // By plain http a page has no clipboard, and in a frame of another site it may be refused.
    const isDone = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    if (!isDone) copySelected(text);
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
