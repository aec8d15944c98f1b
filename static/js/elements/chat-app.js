/** The whole page: decides between signing in and chatting, holds the panes, follows the address. */
import { Accounts } from '../client/accounts.js';
import { Api, ApiError } from '../client/api.js';
import { backoffMs, pause } from '../client/backoff.js';
import { ChatClient } from '../client/chat.js';
import { newClientId } from '../client/outbox.js';
import { openStorage } from '../client/outbox-storage.js';
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { browserName } from '../lib/prefs.js';
import { keepByConversation } from '../lib/conversation-prefs.js';
import { parseRoute, roomHash } from '../lib/route.js';
import { leaveToInputMethods } from './input-methods.js';

const LIMITS = { message_chars: 4000, attachment_bytes: 10 * 1024 * 1024 };

export class ChatApp extends HTMLElement {
  accounts = new Accounts();
  /** @type {ChatClient} there is none before the first sign-in */ chat;
  limits = LIMITS;
  isEmbedded = false;
  /** @type {{conversationId: number, messageId: number|null, details: boolean}|null} */ route = null;
  /** @type {AbortController|null} */ #life = null;

  start() {
    leaveToInputMethods(window);
    const route = parseRoute(location.hash);
    if (route?.name === 'sign-up') this.accounts.leave();
    const account = this.accounts.current();
    if (account) this.enter(account);
    else this.signIn({ mode: route?.name === 'sign-up' || this.accounts.list().length === 0 ? 'up' : 'in' });
  }

  get api() {
    return this.chat.api;
  }

  get store() {
    return this.chat.store;
  }

  get me() {
    return /** @type {import('../client/types.js').Person} */ (this.store.me);
  }

  /** @param {{mode?: 'up'|'in', notice?: 'gone'|'else'|'expired', username?: string}} options */
  async signIn(options = {}) {
    const { signal } = this.#begin();
    const loaded = await import('./chat-sign-in.js').catch(() => null);
    if (signal.aborted) return; // something else was to be shown meanwhile
    // Whoever signed out must not leave everything on the screen.
    if (!loaded)
      return splash(
        this,
        t('sign.offline'),
        el('button', { class: 'button', type: 'button', onclick: () => location.reload() }, t('status.reload')),
      );
    this.dataset.pane = 'sign-in';
    document.title = t('app.name');
    fill(this, el('chat-sign-in', { '.app': this, '.options': options }));
  }

  /** @param {import('../client/accounts.js').Account} account */
  async enter(account) {
    const life = this.#begin();
    fill(this, el('main', { class: 'splash', 'aria-busy': 'true' }, el('p', null, t('app.loading'))));
    const api = new Api({ token: account.token });
    const storage = await openStorage();
    const chat = new ChatClient({
      token: account.token,
      userId: account.user.id,
      api,
      storage,
      clientName: browserName(newClientId),
    });
    this.chat = chat;
    chat.addEventListener('status', () => this.#statusChanged(account), { signal: life.signal });
    if (!(await this.#open(chat, account, life.signal))) return;
    this.accounts.keep({ token: account.token, user: this.me });
    keepByConversation(this.store);
    this.#show(account, life.signal);
    this.#learnLimits();
  }

  /** @param {ChatClient} chat @param {import('../client/accounts.js').Account} account @param {AbortSignal} signal */
  async #open(chat, account, signal) {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await chat.open();
        return !signal.aborted;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
          this.#expired(account);
          return false;
        }
        splash(this, t('sign.offline'));
        await pause(backoffMs(attempt), signal);
      }
    }
    return false;
  }

  /** @param {import('../client/accounts.js').Account} account @param {AbortSignal} signal */
  #show(account, signal) {
    fill(
      this,
      el(
        'a',
        { class: 'skip-link', href: '#content', onclick: (/** @type {Event} */ event) => this.#skip(event) },
        t('app.skip'),
      ),
      el('chat-sidebar', { '.app': this }),
      el('chat-conversation', { '.app': this }),
    );
    addEventListener('hashchange', () => this.follow(), { signal });
    this.store.onChange((change) => this.#changed(change), signal);
    import('./keys.js').then(({ listenForKeys }) => !signal.aborted && listenForKeys(this, signal));
    import('../client/all-conversations.js').then(({ listenForConversations }) =>
      listenForConversations(this.chat, signal),
    );
    import('../lib/page-lifecycle.js').then(({ listenForLifecycle }) =>
      listenForLifecycle(
        () => this.chat,
        () => this.enter(account),
        signal,
      ),
    );
    // Nothing on screen waits for these; the switcher must be there when someone types on after Ctrl+K.
    for (const name of /** @type {const} */ (['chat-status', 'chat-announcer']))
      import(`./${name}.js`).then(
        () => !signal.aborted && this.querySelector('chat-sidebar')?.before(el(name, { '.app': this })),
      );
    import('./behind.js').then(({ startBehind }) => !signal.aborted && startBehind(this, signal));
    if (parseRoute(location.hash)?.name === 'sign-up') history.replaceState(null, '', location.pathname);
    this.follow();
  }

  /** Shows what the address names. */
  follow() {
    const route = parseRoute(location.hash);
    this.route = route?.name === 'room' ? this.#room(route) : null;
    const isDiscover = route?.name === 'discover';
    this.dataset.pane = this.route || isDiscover ? 'room' : 'list';
    this.querySelector('chat-conversation')?.enter(this.route, isDiscover);
    this.querySelector('chat-sidebar')?.mark(this.route?.conversationId ?? null);
    this.dispatchEvent(new Event('route'));
  }

  /** @param {{isPerson: boolean, id: number, messageId: number|null, details: boolean}} address */
  #room({ isPerson, id, messageId, details }) {
    const conversationId = isPerson ? this.store.directWith(id) : id;
    if (isPerson) this.#readdress(conversationId, messageId);
    return { conversationId, messageId, details };
  }

  /** Each conversation has one address. @param {number} conversationId @param {number|null} messageId */
  #readdress(conversationId, messageId) {
    history.replaceState(null, '', location.pathname + roomHash(conversationId, messageId));
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, was, conversationId }) {
    const { route } = this;
    if (kind !== 'begun' || route?.conversationId !== was) return;
    route.conversationId = conversationId;
    this.#readdress(conversationId, route.messageId);
  }

  /** @param {number} conversationId */
  open(conversationId) {
    if (this.route?.conversationId === conversationId) this.querySelector('textarea')?.focus();
    location.hash = roomHash(conversationId);
  }

  /** Spoken to screen readers and shown for a moment. @param {string} text @param {{urgent?: boolean, silent?: boolean}} [options] */
  say(text, options) {
    this.querySelector('chat-announcer')?.say(text, options);
  }

  /** @param {import('../client/accounts.js').Account} account */
  #statusChanged(account) {
    if (this.chat?.status.state === 'signed-out') this.#expired(account);
  }

  /** @param {import('../client/accounts.js').Account} account */
  #expired(account) {
    const newer = this.accounts
      .list()
      .find(({ user, token }) => user.id === account.user.id && token !== account.token);
    if (newer) return void this.enter(newer);
    this.accounts.forget(account.user.id);
    this.signIn({ mode: 'in', notice: 'expired', username: account.user.username });
  }

  /** @param {Event} event */
  #skip(event) {
    event.preventDefault();
    /** @type {HTMLElement|null} */ (this.querySelector('.timeline__scroller') ?? this.querySelector('main'))?.focus();
  }

  async #learnLimits() {
    const server = await this.api.server().catch(() => null);
    if (server?.limits) this.limits = { ...LIMITS, ...server.limits };
    if (server?.timings?.typing_secs) this.store.typing.secs = server.timings.typing_secs;
    this.dispatchEvent(new Event('limits'));
  }

  /** What is shown next, until something else is. */
  #begin() {
    this.#leave();
    this.#life = new AbortController();
    return this.#life;
  }

  #leave() {
    this.#life?.abort();
    this.#life = null;
    // Closed but kept: what elements still do on their way out finds it.
    this.chat?.close();
  }
}

/** @param {ChatApp} app @param {string} trouble @param {Node} [cure] */
function splash(app, trouble, cure) {
  fill(app, el('main', { class: 'splash', role: 'alert' }, el('p', null, trouble), cure));
}

customElements.define('chat-app', ChatApp);
