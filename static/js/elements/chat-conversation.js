/** One conversation: who it is with, what was said, what to say. Or, with none chosen, what to do next. */
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { isMuted, setMuted } from '../lib/conversation-prefs.js';
import { avatar, iconButton, isGone, nameOf } from '../lib/nodes.js';

export class ChatConversation extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  /** @type {number|null} */ #conversationId = null;
  #life = new AbortController();
  #visit = new AbortController();
  /** @type {number|undefined} */ #timer;

  connectedCallback() {
    const { signal } = this.#life;
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.addEventListener('unavailable', () => !this.app.isEmbedded && this.#drawEmpty('notAvailable'));
    // A typing note that is never taken back runs out by itself.
    this.#timer = setInterval(() => this.#drawTyping(), 1000);
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#visit.abort();
    clearInterval(this.#timer);
  }

  /** @param {{conversationId: number, messageId: number|null}|null} route */
  async enter(route) {
    const timeline = this.querySelector('chat-timeline');
    if (route?.conversationId !== this.#conversationId) timeline?.leave();
    if (!route) return this.#drawNone();
    if (this.#conversationId === route.conversationId && timeline) {
      if (route.messageId) timeline.show(route.messageId);
      return;
    }
    this.#visit.abort();
    this.#visit = new AbortController();
    this.#conversationId = route.conversationId;
    const { signal } = this.#visit;
    const isListed = () => this.app.store.otherId(route.conversationId) !== 0;
    if (!isListed() && this.app.store.next) await this.#lookFurther(isListed);
    if (signal.aborted) return;
    if (isListed()) this.#draw(route);
    else this.#drawEmpty('notAvailable');
  }

  /** @param {() => boolean} isListed */
  async #lookFurther(isListed) {
    const { olderUntil } = await import('../client/older.js');
    await olderUntil(this.app.chat, isListed);
  }

  #drawNone() {
    this.#visit.abort();
    this.#conversationId = null;
    this.#drawEmpty('nothingChosen');
  }

  /** @param {'nothingChosen'|'notAvailable'} why */
  async #drawEmpty(why) {
    const pane = el('main', { class: 'room-view room-view--none', id: 'content', tabindex: '-1' });
    fill(this, pane);
    const words = await import('./empty-pane.js');
    fill(
      pane,
      el('div', { class: 'empty' }, icon('chat'), words[why](/** @type {import('./types.js').PageApp} */ (this.app))),
    );
  }

  /** @param {{conversationId: number, messageId: number|null}} route */
  #draw({ conversationId, messageId }) {
    const name = nameOf(this.app.store.other(conversationId));
    const forComposer = el('div', { class: 'composer-slot' });
    const timeline = el('chat-timeline', {
      '.app': this.app,
      '.conversationId': conversationId,
      '.wantedId': messageId,
      part: 'timeline',
    });
    const { isEmbedded } = this.app;
    const view = el(
      isEmbedded ? 'section' : 'main',
      { class: 'room-view', id: 'content', tabindex: '-1', 'aria-label': name },
      el('header', { class: 'room-view__head', part: 'head' }),
      el('div', { class: 'room-view__find' }),
      timeline,
      el('p', { class: 'typing', 'aria-live': 'off' }),
      forComposer,
    );
    fill(this, view);
    this.#drawHead();
    this.#drawTyping();
    // Its code may still be on its way when the first conversation is drawn.
    if (customElements.get('chat-composer')) this.#compose(forComposer);
    else customElements.whenDefined('chat-composer').then(() => this.#compose(forComposer));
    if (!this.#startsInText) this.querySelector('h1')?.focus();
    const { signal } = this.#visit;
    import('../composer/file-drop.js').then(({ listenForFiles }) =>
      listenForFiles(view, (files) => this.querySelector('chat-composer')?.addFiles(files), {
        name,
        signal,
        guardsPage: !isEmbedded,
      }),
    );
  }

  /** A keyboard that comes up by itself covers what one came to read. */
  get #startsInText() {
    return !this.app.isEmbedded && matchMedia('(min-width: 45rem) and (hover: hover)').matches;
  }

  /** @param {HTMLElement} slot */
  #compose(slot) {
    if (!slot.isConnected) return;
    const composer = el('chat-composer', {
      '.app': this.app,
      '.conversationId': this.#conversationId,
      part: 'composer',
    });
    slot.replaceWith(composer);
    if (this.#startsInText) composer.focusText();
  }

  #drawHead() {
    const head = this.querySelector('.room-view__head');
    const id = this.#conversationId;
    if (!head || id === null) return;
    const { isEmbedded, me, store } = this.app;
    const person = store.other(id) ?? { id: store.otherId(id), username: '', full_name: '' };
    const isKnown = store.people.has(person.id);
    const isQuiet = isMuted(me.id, id);
    const shown = JSON.stringify([nameOf(person), person.is_online, isQuiet]);
    if (/** @type {HTMLElement} */ (head).dataset.shown === shown) return;
    /** @type {HTMLElement} */ (head).dataset.shown = shown;
    this.querySelector('chat-composer')?.address(person);
    const hadFocus = head.querySelector('h1')?.matches(':focus');
    fill(
      head,
      !isEmbedded &&
        el(
          'a',
          { class: 'icon-button room-view__back', href: '#/', 'aria-label': t('room.back'), title: t('room.back') },
          icon('back'),
        ),
      isKnown && avatar(person),
      el(
        'div',
        { class: 'room-view__who' },
        el(isEmbedded ? 'h2' : 'h1', { class: 'room-view__name', tabindex: '-1' }, el('bdi', null, nameOf(person))),
        isKnown && whereabouts(person),
      ),
      iconButton('search', t('room.find'), { onclick: () => this.#find() }),
      isEmbedded
        ? this.app.headTools?.()
        : iconButton(isQuiet ? 'mute' : 'bell', t(isQuiet ? 'room.unmute' : 'room.mute'), {
            'aria-pressed': String(isQuiet),
            onclick: () => this.#mute(!isQuiet),
          }),
    );
    if (hadFocus) head.querySelector('h1')?.focus();
  }

  #drawTyping() {
    const line = this.querySelector('.typing');
    if (!line || this.#conversationId === null || !this.app.chat) return;
    const { store } = this.app;
    const text = store.isTyping(this.#conversationId)
      ? t('room.typing', { name: nameOf(store.other(this.#conversationId)) })
      : '';
    if (line.textContent === text) return;
    fill(line, text && el('span', { class: 'typing__dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), text);
  }

  async #find() {
    const { openFind } = await import('./find-bar.js');
    const timeline = this.querySelector('chat-timeline');
    const place = /** @type {HTMLElement|null} */ (this.querySelector('.room-view__find'));
    if (place && timeline) openFind(place, timeline);
  }

  /** @param {boolean} wanted */
  #mute(wanted) {
    setMuted(this.app.me.id, /** @type {number} */ (this.#conversationId), wanted);
    this.#drawHead();
    /** @type {HTMLElement|null} */ (this.querySelector('.room-view__head [aria-pressed]'))?.focus();
    this.app.dispatchEvent(new Event('prefs'));
  }

  /** Everything open in the room stays as it is. @param {number} conversationId */
  #begun(conversationId) {
    this.#conversationId = conversationId;
    const composer = this.querySelector('chat-composer');
    if (composer) composer.conversationId = conversationId;
    this.querySelector('chat-timeline')?.begun(conversationId);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, userId, was, conversationId }) {
    if (kind === 'begun' && was === this.#conversationId) this.#begun(conversationId);
    const isOther = userId === this.app.store.otherId(this.#conversationId ?? 0);
    if (kind === 'loaded' || (kind === 'people' && isOther)) this.#drawHead();
    if (kind === 'typing' || kind === 'message') this.#drawTyping();
  }
}

/** @param {import('../client/types.js').Person} person */
function whereabouts(person) {
  if (isGone(person)) return el('p', { class: 'room-view__state' }, t('room.gone'));
  return el(
    'p',
    { class: 'room-view__state', title: t('rooms.onlineHelp') },
    person.is_online && el('span', { class: 'dot dot--inline', 'aria-hidden': 'true' }),
    t(person.is_online ? 'rooms.online' : 'rooms.offline'),
  );
}

customElements.define('chat-conversation', ChatConversation);
