/** What has been done to a message since it was sent: how that looks, and what one may do. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { reasonOf } from '../lib/reasons.js';
import { exact } from '../lib/time.js';

/** @typedef {import('../elements/types.js').App} App */
/** @typedef {import('../elements/chat-timeline.js').ChatTimeline} Timeline */

/** Draws beside its time what there is to note of a message. @param {Element} row @param {import('../elements/types.js').Shown} message @param {{timeline: Timeline}} tools @returns {string[]} the same in words */
export function noted(row, message, { timeline }) {
  const notes = notesOf(message);
  const nodes = notes.map(({ text, title }) => el('span', { class: 'message__note', title }, text));
  timeline.position.keep(() => fill(/** @type {Element} */ (row.querySelector('.message__notes')), nodes));
  return notes.map(({ text }) => text);
}

/** @param {import('../elements/types.js').Shown} message @returns {{text: string, title: string}[]} */
function notesOf({ edited_at, is_active }) {
  return edited_at && is_active !== false ? [{ text: t('message.edited'), title: exact(edited_at) }] : [];
}

/** Those that are not offered are false. @param {import('../elements/types.js').Message} message @param {boolean} mine @param {{app: App, timeline: Timeline}} tools @returns {(import('../lib/menu.js').Choice|false)[]} */
export function changesFor(message, mine, { app, timeline }) {
  const edit = () => app.querySelector('chat-composer')?.edit(message);
  const bin = () => remove(message, app, timeline);
  const mayDelete = mine || (isGroup(app, timeline) && may('delete_others', app, timeline));
  return [
    mine && mayWrite(app, timeline) && { icon: 'edit', label: t('message.edit'), act: edit },
    mayDelete && { icon: 'bin', label: t('message.delete'), isDanger: true, act: bin },
  ];
}

/** In a group it is a permission. @param {App} app @param {Timeline} timeline */
export function mayWrite(app, timeline) {
  return !isGroup(app, timeline) || may('send', app, timeline);
}

/** @param {App} app @param {Timeline} timeline */
function isGroup(app, { conversationId }) {
  return Boolean(app.store.group(conversationId));
}

/** @param {string} action @param {App} app @param {Timeline} timeline */
function may(action, app, { conversationId }) {
  return Boolean(app.store.conversations.get(conversationId)?.my?.can.includes(action));
}

/** @param {import('../elements/types.js').Message} message @param {App} app @param {Timeline} timeline */
async function remove(message, app, timeline) {
  const { confirmed } = await import('../dialogs/confirm.js');
  const words = { title: t('message.deleteTitle'), text: t('message.deleteText'), action: t('message.delete') };
  if (!(await confirmed(words, timeline))) return;
  try {
    app.store.changed(await app.api.remove(message.id));
    app.say(t('message.deletedNow'), { silent: true });
  } catch (error) {
    const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (error));
    app.say(t('message.deleteFailed', { reason }), { urgent: true });
  }
  timeline.scroller.focus({ preventScroll: true });
}
