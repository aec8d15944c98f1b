/** Where one message in a while is the most: Send counts down to when the next may go. What is being written stays. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';

export class SlowMode {
  /** When one's last message was accepted, by this clock; epoch milliseconds. */ #lastAt = 0;

  /** @param {import('./group-room.js').GroupRoom} room @param {HTMLElement} button that sends @param {AbortSignal} signal of the composer */
  constructor(room, button, signal) {
    this.room = room;
    this.button = button;
    const { store, me } = room.app;
    const own = store.thread(room.id).messages.findLast(({ sender_id }) => sender_id === me.id);
    if (own) this.#lastAt = Math.min(Date.now(), Date.parse(own.timestamp));
    store.onChange((change) => {
      if (change.conversationId !== room.id) return;
      if (change.kind === 'message' && change.mine && change.isNew) this.#lastAt = Date.now();
      this.#draw();
    }, signal);
    const timer = setInterval(() => this.#draw(), 1000);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.#draw();
  }

  /** Until the next message; 0 where one need not wait. */
  get leftSecs() {
    const { room } = this;
    const { slow_secs: secs } = room.group;
    // Whoever may set it is not held by it.
    if (!secs || room.can('slow_mode')) return 0;
    const isOnItsWay = room.app.chat.outbox.items.some(
      (item) => item.conversation_id === room.id && item.state === 'pending',
    );
    if (isOnItsWay) return secs;
    return Math.max(0, Math.ceil((this.#lastAt + secs * 1000 - Date.now()) / 1000));
  }

  /** Whether it is too early, which is said. */
  refuses() {
    const count = this.leftSecs;
    if (count) this.room.app.say(wordsOf(count), { urgent: true });
    return count > 0;
  }

  #draw() {
    const count = this.leftSecs;
    const shown = String(count || '');
    if ((this.button.dataset.wait ?? '') === shown) return;
    this.button.dataset.wait = shown;
    const label = count ? wordsOf(count) : t('composer.send');
    this.button.setAttribute('aria-label', label);
    this.button.title = label;
    fill(this.button, count ? clockOf(count) : icon('send'));
  }
}

/** @param {number} count */
function wordsOf(count) {
  return count < 60 ? t('slow.wait', { count }) : t('slow.waitLong', { time: clockOf(count) });
}

/** @param {number} secs */
function clockOf(secs) {
  return secs < 60 ? secs : `${Math.floor(secs / 60)}:${String(secs % 60).padStart(2, '0')}`;
}
