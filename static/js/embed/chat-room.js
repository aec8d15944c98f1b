/**
 * One conversation in somebody else's page.
 *
 *     <script type="module" src="https://chat.example.org/embed.js"></script>
 *     <chat-room src="https://chat.example.org" room="support" token="…" launcher></chat-room>
 *     <chat-room src="https://chat.example.org" conversation="17" token="…"></chat-room>
 *
 * Everything stands in a shadow root. Events: `message`, `unreadchange`, `error`. Methods: `open()`, `close()`,
 * `focus()`. Property: `getToken`. With `guest` whoever brings no token comes in as somebody new.
 */
import '../elements/chat-announcer.js';
import '../elements/chat-composer.js';
import '../elements/chat-conversation.js';
import '../elements/chat-status.js';
import '../elements/chat-timeline.js';
import { recalled, remember } from '../client/accounts.js';
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { keepByConversation } from '../lib/conversation-prefs.js';
import { listenForLifecycle } from '../lib/page-lifecycle.js';
import { iconButton, nameOf } from '../lib/nodes.js';
import { Connection } from './connection.js';
import { drawLauncher } from './launcher.js';
import { RoomApp } from './room-app.js';
import { buildShell, notice, pageLoaded } from './shell.js';
import { keptGuest } from './sign-in.js';
import { tellRoomEvents } from './room-events.js';

const HOME = new URL(import.meta.url).origin;

export class ChatRoom extends HTMLElement {
  static observedAttributes = ['src', 'room', 'conversation', 'token', 'guest', 'launcher'];
  /** @type {Connection|null} */ #connection = null;
  /** @type {RoomApp|null} */ #app = null;
  /** @type {import('../client/api.js').ApiError|null} */ #error = null;
  /** @type {HTMLElement|null} */ #launcher = null;
  /** @type {(() => Promise<string>|string)|undefined} */ #getToken;
  #life = new AbortController();
  #conversationId = 0;
  #isOpen = false;
  #unread = 0;
  #restarts = 0;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' });
    const early = Object.getOwnPropertyDescriptor(this, 'getToken');
    if (early && Reflect.deleteProperty(this, 'getToken')) this.#getToken = early.value;
    this.#restart();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.shadowRoot) this.#restart();
  }

  /** Messages that the person has not seen. */
  get unread() {
    return this.#unread;
  }

  /** Gives a token whenever one is needed. May be set before this file is here, or at any time after. */
  get getToken() {
    return this.#getToken;
  }

  set getToken(ask) {
    this.#getToken = ask;
    this.attributeChangedCallback();
  }

  open() {
    if (!this.#isOpen) this.#turn(true);
    this.focus();
  }

  close() {
    if (!this.hasAttribute('launcher') || !this.#isOpen) return;
    this.#turn(false);
    this.#launcher?.focus();
  }

  focus() {
    const inside =
      this.shadowRoot?.querySelector('textarea') ?? this.shadowRoot?.querySelector('.embed button, .launcher');
    /** @type {HTMLElement|null|undefined} */ (inside)?.focus();
  }

  get #origin() {
    return new URL(this.getAttribute('src') || HOME, location.href).origin;
  }

  get #openKey() {
    return `chat.open:${this.#origin}:${this.getAttribute('room') ?? this.getAttribute('conversation')}`;
  }

  /** Several attributes may change at once. @param {string|null} [session] */
  async #restart(session = null) {
    this.#restarts += 1;
    const turn = this.#restarts;
    await null;
    if (turn !== this.#restarts || !this.isConnected) return;
    this.#stop();
    this.#life = new AbortController();
    const { signal } = this.#life;
    listenForLifecycle(
      () => this.#connection,
      () => this.#restart(this.#connection?.session),
      signal,
    );
    if (!(await buildShell(this, () => this.close(), signal))) return;
    this.#isOpen = !this.hasAttribute('launcher') || recalled(this.#openKey) === 'yes';
    this.#draw();
    const isKnown = () => this.hasAttribute('token') || this.#getToken || keptGuest(this.#origin);
    // The host's scripts may still be on their way.
    if (!isKnown() && !this.hasAttribute('guest')) await pageLoaded();
    // A passer-by who never opens the room needs no guest's account.
    if (!signal.aborted && (this.#isOpen || isKnown())) this.#connect(session);
  }

  #stop() {
    this.#life.abort();
    this.#connection?.close();
    this.#connection = this.#app = this.#error = null;
  }

  #connect(/** @type {string|null} */ session = null) {
    const wishes = {
      origin: this.#origin,
      room: this.getAttribute('room') ?? '',
      conversation: this.getAttribute('conversation') ?? '',
      token: this.getAttribute('token'),
      session,
      name: this.getAttribute('name'),
      isGuest: this.hasAttribute('guest'),
      getToken: this.#getToken,
    };
    this.#error = null;
    this.#connection?.close();
    this.#connection = new Connection(wishes, {
      onReady: (chat, conversationId) => this.#ready(chat, conversationId),
      onFailed: (error) => this.#failed(error),
    });
    this.#connection.open();
  }

  /** @param {import('../client/chat.js').ChatClient} chat @param {number} conversationId */
  #ready(chat, conversationId) {
    const { signal } = this.#life;
    this.#error = null;
    this.#conversationId = conversationId;
    keepByConversation(chat.store);
    chat.store.onChange((change) => this.#changed(change), signal);
    this.#app = new RoomApp(/** @type {ShadowRoot} */ (this.shadowRoot), chat, () => this.#headTools());
    this.#app.learnLimits();
    const app = /** @type {import('../elements/types.js').App} */ (/** @type {unknown} */ (this.#app));
    import('../lib/kept-drafts.js').then(({ listenForDrafts }) => !signal.aborted && listenForDrafts(app, signal));
    const hadFocus = /** @type {Document} */ (this.getRootNode()).activeElement === this;
    this.#draw();
    if (hadFocus) this.focus();
    tellRoomEvents(chat, conversationId, this, (unread) => this.#counted(unread), signal);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, was, conversationId }) {
    if (kind === 'begun' && was === this.#conversationId) this.#conversationId = conversationId;
  }

  /** @param {import('../client/api.js').ApiError} error */
  #failed(error) {
    this.#app = null;
    this.#error = error;
    this.#draw();
    this.dispatchEvent(
      new CustomEvent('error', { detail: { code: error.code, message: error.detail, isTemporary: error.isTemporary } }),
    );
  }

  /** @param {number} unread */
  #counted(unread) {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#drawLauncher();
    this.dispatchEvent(new CustomEvent('unreadchange', { bubbles: true, composed: true, detail: { unread } }));
  }

  #turn(/** @type {boolean} */ isOpen) {
    this.#isOpen = isOpen;
    remember(this.#openKey, isOpen ? 'yes' : 'no');
    if (isOpen && !this.#connection) this.#connect();
    this.#draw();
  }

  /** A closed room stands nowhere, so nothing in it counts as read. */
  #draw() {
    const panel = /** @type {HTMLElement|null} */ (this.shadowRoot?.querySelector('.embed') ?? null);
    if (!panel) return;
    panel.hidden = !this.#isOpen;
    if (!this.#isOpen) fill(panel);
    else if (this.#app) {
      const room = el('chat-conversation', { '.app': this.#app });
      fill(panel, el('chat-status', { '.app': this.#app }), room, el('chat-announcer', { '.app': this.#app }));
      room.enter({ conversationId: this.#conversationId, messageId: null });
    } else
      fill(
        panel,
        notice(this.#error, () => this.#again(), this.#headTools(), this.hasAttribute('conversation')),
      );
    if (this.hasAttribute('launcher')) {
      panel.setAttribute('role', 'dialog');
      panel.setAttribute('aria-label', this.#label);
      this.#drawLauncher();
    }
  }

  #again() {
    this.#connect();
    this.#draw();
  }

  get #label() {
    return this.getAttribute('label') || nameOf(this.#app?.store.face(this.#conversationId)) || t('app.name');
  }

  #headTools() {
    return this.hasAttribute('launcher') ? [iconButton('close', t('room.close'), { onclick: () => this.close() })] : [];
  }

  #drawLauncher() {
    if (!this.hasAttribute('launcher')) return;
    this.#launcher = drawLauncher(this.shadowRoot, {
      label: this.#label,
      unread: this.#unread,
      isOpen: this.#isOpen,
      toggle: () => (this.#isOpen ? this.close() : this.open()),
    });
  }
}

if (!customElements.get('chat-room')) customElements.define('chat-room', ChatRoom);
