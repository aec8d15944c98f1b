/** One calm banner: the connection is lost, when the next try is, that it is back, or that a new version waits. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el, fill } from '../lib/dom.js';

const QUIET_MS = 3000;
const BACK_MS = 2500;

export class ChatStatus extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  #lostAt = 0;
  #shown = false;
  /** @type {number|undefined} */ #timer;
  /** @type {number|undefined} */ #gone;
  #life = new AbortController();

  connectedCallback() {
    this.hidden = true;
    fill(
      this,
      el('p', { class: 'banner__text', role: 'status' }),
      el('span', { class: 'banner__count', 'aria-hidden': 'true' }),
      el('span', { class: 'banner__actions' }),
    );
    const { signal } = this.#life;
    this.app.chat.addEventListener('status', () => this.#changed(), { signal });
    addEventListener('offline', () => this.#changed(), { signal });
    addEventListener('online', () => this.#changed(), { signal });
    this.#changed();
  }

  disconnectedCallback() {
    this.#life.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#gone);
  }

  #changed() {
    const { state, attempt = 0 } = this.app.chat?.status ?? {};
    if (state === 'online' && navigator.onLine) return this.#back();
    if (state === 'waiting' || attempt > 0 || !navigator.onLine) {
      this.#lostAt ||= Date.now();
      this.#timer ??= setInterval(() => this.#tick(), 500);
      this.#tick();
    }
  }

  #tick() {
    if (Date.now() - this.#lostAt < QUIET_MS) return;
    const { state, retryAt } = this.app.chat.status;
    const secs = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
    if (!this.#shown) {
      this.#shown = true;
      this.#show(this.#trouble, 'lost', [
        el(
          'button',
          { class: 'button button--small', type: 'button', onclick: () => this.app.chat.nudge() },
          t('status.retry'),
        ),
      ]);
    }
    fill(
      this.#part('.banner__count'),
      state === 'waiting' && secs > 0 ? t('status.next', { count: secs }) : t('status.trying'),
    );
  }

  get #trouble() {
    if (!navigator.onLine) return t('status.offline');
    // Networks that want a sign-in, and proxies, answer in the server's place.
    const { code = '' } = this.app.chat.status;
    return [t('status.lost'), /^http_(?:4|511)/u.test(code) && reasonOf({ code })].filter(Boolean).join(' ');
  }

  #back() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.#lostAt) return;
    this.#lostAt = 0;
    this.#lookForNewVersion();
    if (!this.#shown) return;
    this.#shown = false;
    this.#show(t('status.back'), 'back', []);
    this.#gone = setTimeout(() => (this.hidden = true), BACK_MS);
  }

  /** A server that was away may have come back newer than this page. */
  async #lookForNewVersion() {
    const server = await this.app.api.server().catch(() => null);
    const ours = document.documentElement.dataset.version;
    if (!server?.version || !ours || server.version === ours) return;
    this.#show(t('status.update'), 'update', [
      el(
        'button',
        { class: 'button button--small', type: 'button', onclick: () => location.reload() },
        t('status.reload'),
      ),
      el(
        'button',
        { class: 'button button--small button--quiet', type: 'button', onclick: () => (this.hidden = true) },
        t('status.dismiss'),
      ),
    ]);
  }

  /** @param {string} text @param {string} kind @param {Node[]} actions */
  #show(text, kind, actions) {
    clearTimeout(this.#gone);
    this.hidden = false;
    this.dataset.kind = kind;
    fill(this.#part('.banner__text'), text);
    fill(this.#part('.banner__count'));
    fill(this.#part('.banner__actions'), actions);
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {Element} */ (this.querySelector(selector));
  }
}

customElements.define('chat-status', ChatStatus);
