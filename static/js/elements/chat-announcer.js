/** What assistive technology hears: new messages in one polite log, states in one status, failures in an alert. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';

const BATCH_MS = 700;
const TOAST_MS = 5000;
const KEPT_LINES = 8;

export class ChatAnnouncer extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  /** @type {string[]} */ #waiting = [];
  /** @type {number|undefined} */ #batch;
  /** @type {number|undefined} */ #toast;
  /** Ids of the notices that were shown. @type {Set<number>} */ #noticed = new Set();
  #life = new AbortController();

  connectedCallback() {
    fill(
      this,
      el('div', {
        class: 'visually-hidden announcer__log',
        role: 'log',
        'aria-live': 'polite',
        'aria-relevant': 'additions',
        'aria-label': t('room.new'),
      }),
      el('div', { class: 'toast', role: 'status', hidden: true }),
      el('div', { class: 'toast toast--urgent', role: 'alert', hidden: true }),
    );
    this.app.store.onChange((change) => this.#changed(change), this.#life.signal);
    for (const name of ['events', 'resync'])
      this.app.chat.addEventListener(name, () => this.#showNotices(), { signal: this.#life.signal });
    this.#showNotices(); // What was owed came before this element.
  }

  disconnectedCallback() {
    this.#life.abort();
    clearTimeout(this.#batch);
    clearTimeout(this.#toast);
  }

  /** @param {string} text @param {{urgent?: boolean, silent?: boolean}} [options] silent: heard, not seen */
  say(text, { urgent = false, silent = false } = {}) {
    for (const node of this.querySelectorAll('.toast')) /** @type {HTMLElement} */ (node).hidden = true;
    const box = /** @type {HTMLElement} */ (this.querySelector(urgent ? '.toast--urgent' : '.toast'));
    box.hidden = false;
    box.classList.toggle('visually-hidden', silent);
    fill(box, text);
    clearTimeout(this.#toast);
    this.#toast = setTimeout(() => (box.hidden = true), TOAST_MS);
  }

  /** Each once, whether an event told it or a snapshot. Of many the newest: a screen has no room for all. */
  #showNotices() {
    const fresh = this.app.chat.notices.splice(0).filter(({ id }) => !this.#noticed.has(id));
    for (const { id } of fresh) this.#noticed.add(id);
    const lines = fresh.slice(-KEPT_LINES).map(({ title, message }) => `${title}: ${message}`);
    if (lines.length) this.say(lines.join('\n'));
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, conversationId, messages, isNew, mine }) {
    if (kind !== 'message' || mine || !isNew) return;
    const { store } = this.app;
    const face = nameOf(store.face(conversationId));
    for (const message of messages) {
      if (message.kind === 'system') continue;
      const name = store.group(conversationId) ? t('message.in', { name: message.sender_name, group: face }) : face;
      const text = message.message || t('message.file', { name: message.attachment_name ?? '' });
      this.#waiting.push(t('message.incoming', { name, text }));
    }
    clearTimeout(this.#batch);
    this.#batch = setTimeout(() => this.#speak(), BATCH_MS);
  }

  #speak() {
    const log = /** @type {Element} */ (this.querySelector('.announcer__log'));
    log.append(...this.#waiting.splice(0).map((line) => el('p', null, line)));
    while (log.childElementCount > KEPT_LINES) log.firstElementChild?.remove();
  }
}

customElements.define('chat-announcer', ChatAnnouncer);
