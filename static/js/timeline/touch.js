/** Under a finger a message has no buttons beside it: a tap brings them up from below, with words. Fetched behind the first draw. */
import { t } from '../i18n/index.js';
import { showMenu } from '../lib/menu.js';
import { choicesFor } from './actions.js';

/** @param {import('../elements/chat-timeline.js').ChatTimeline} timeline @param {AbortSignal} signal */
export function listenForTaps(timeline, signal) {
  const isTouched = () => matchMedia('(hover: none)').matches;
  timeline.list.addEventListener(
    'click',
    (event) => {
      const at = /** @type {Element} */ (event.target);
      if (!isTouched() || at.closest('a, button, [title].quote') || String(getSelection())) return;
      open(at);
    },
    { signal },
  );
  timeline.list.addEventListener(
    'keydown',
    (event) => {
      const at = /** @type {Element} */ (event.target);
      if (event.key === 'Enter' && isTouched() && at.matches('article')) open(at);
    },
    { signal },
  );

  /** @param {Element} at */
  function open(at) {
    const row = /** @type {HTMLElement|null} */ (at.closest('.message__article')?.closest('li'));
    const message = timeline.history.thread.get(Number(row?.dataset.id));
    const article = row?.querySelector('article');
    if (!message || !article || message.is_active === false) return;
    const mine = message.sender_id === timeline.app.me.id;
    showMenu(article, t('message.actions'), choicesFor(message, mine, { app: timeline.app, timeline }));
  }
}
