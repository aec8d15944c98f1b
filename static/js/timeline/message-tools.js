/** What can be done with one message: copy it, quote it, copy its address. */
import { t } from '../i18n/index.js';
import { messageAddress } from '../lib/route.js';

/** @param {any} timeline */
export function messageTools(timeline) {
  const { app } = timeline;
  const copy = async (/** @type {string} */ text) => {
    try {
      await navigator.clipboard.writeText(text);
      app.say(t('message.copied'));
    } catch {
      app.say(t('message.copyFailed'));
    }
  };
  return {
    copy,
    quote: (/** @type {string} */ text) => timeline.parentElement.querySelector('chat-composer').quote(text),
    copyLink: (/** @type {number} */ id) => copy(messageAddress(timeline.userId, id)),
  };
}
