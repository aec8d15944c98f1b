/** One conversation: who it is with, what was said, what to say. Or, with none chosen, what to do next. */
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, iconButton, nameOf } from '../lib/nodes.js';
import { prefs, setPrefs } from '../lib/prefs.js';

export class ChatConversation extends HTMLElement {
  /** @type {any} */ app;
  /** @type {number|null} */ #userId = null;
  #life = new AbortController();
  #visit = new AbortController();
  /** @type {number|undefined} */ #timer;

  connectedCallback() {
    const { signal } = this.#life;
    this.app.store.addEventListener('change', (/** @type {any} */ event) => this.#changed(event.detail), { signal });
    // A typing note that is never taken back runs out by itself.
    this.#timer = setInterval(() => this.#drawTyping(), 1000);
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#visit.abort();
    clearInterval(this.#timer);
  }

  /** @param {{userId: number, messageId: number|null}|null} route */
  async enter(route) {
    const timeline = /** @type {any} */ (this.querySelector('chat-timeline'));
    if (route?.userId !== this.#userId) timeline?.leave();
    if (!route) return this.#drawNone();
    if (this.#userId === route.userId && timeline) {
      if (route.messageId) timeline.show(route.messageId);
      return;
    }
    this.#visit.abort();
    this.#visit = new AbortController();
    this.#userId = route.userId;
    const person = this.app.store.people.get(route.userId) ?? { id: route.userId, username: '', full_name: '' };
    this.#draw(person, route);
  }

  #drawNone() {
    this.#visit.abort();
    this.#userId = null;
    fill(
      this,
      el(
        'main',
        { class: 'room-view room-view--none', id: 'content', tabindex: '-1' },
        el(
          'div',
          { class: 'empty' },
          icon('chat'),
          el('h2', null, t('room.pick')),
          el('p', null, t('room.pickHelp', { keys: 'Ctrl+K' })),
          el('p', { class: 'muted' }, t('rooms.emptyHelp')),
          el('a', { class: 'button', href: './#sign-up', target: '_blank', rel: 'noopener' }, t('rooms.openSecond')),
        ),
      ),
    );
  }

  /** @param {any} person @param {{userId: number, messageId: number|null}} route */
  #draw(person, route) {
    const name = nameOf(person);
    const composer = el('chat-composer', { '.app': this.app, '.userId': person.id, part: 'composer' });
    const timeline = el('chat-timeline', {
      '.app': this.app,
      '.userId': person.id,
      '.wantedId': route.messageId,
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
      composer,
      el(
        'div',
        { class: 'drop-zone', hidden: true, 'aria-hidden': 'true' },
        icon('attach'),
        el('p', null, t('room.drop', { name })),
      ),
    );
    fill(this, view);
    this.#drawHead();
    this.#drawTyping();
    const { signal } = this.#visit;
    import('./drop.js').then(({ listenForFiles }) =>
      listenForFiles(view, (files) => composer.addFiles(files), { signal, guardsPage: !isEmbedded }),
    );
    if (!isEmbedded && matchMedia('(min-width: 45rem)').matches) composer.focusText();
  }

  #drawHead() {
    const head = this.querySelector('.room-view__head');
    const userId = this.#userId;
    if (!head || userId === null) return;
    const { isEmbedded } = this.app;
    const person = this.app.store.people.get(userId) ?? { id: userId };
    const isMuted = prefs().muted.includes(userId);
    const shown = JSON.stringify([nameOf(person), person.is_online, isMuted]);
    if (/** @type {HTMLElement} */ (head).dataset.shown === shown) return;
    /** @type {HTMLElement} */ (head).dataset.shown = shown;
    /** @type {any} */ (this.querySelector('chat-composer')).address(nameOf(person));
    fill(
      head,
      !isEmbedded &&
        el(
          'a',
          { class: 'icon-button room-view__back', href: '#/', 'aria-label': t('room.back'), title: t('room.back') },
          icon('back'),
        ),
      avatar(person),
      el(
        'div',
        { class: 'room-view__who' },
        el(isEmbedded ? 'h2' : 'h1', { class: 'room-view__name' }, el('bdi', null, nameOf(person))),
        el(
          'p',
          { class: 'room-view__state', title: t('rooms.onlineHelp') },
          person.is_online && el('span', { class: 'dot dot--inline', 'aria-hidden': 'true' }),
          t(person.is_online ? 'rooms.online' : 'rooms.offline'),
        ),
      ),
      iconButton('search', t('room.find'), { onclick: () => this.#find() }),
      isEmbedded
        ? this.app.headTools()
        : iconButton(isMuted ? 'mute' : 'bell', t(isMuted ? 'room.unmute' : 'room.mute'), {
            'aria-pressed': String(isMuted),
            onclick: () => this.#mute(),
          }),
    );
  }

  #drawTyping() {
    const line = this.querySelector('.typing');
    if (!line || this.#userId === null || !this.app.chat) return;
    const text = this.app.store.isTyping(this.#userId)
      ? t('room.typing', { name: nameOf(this.app.store.people.get(this.#userId)) })
      : '';
    if (line.textContent === text) return;
    fill(line, text && el('span', { class: 'typing__dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), text);
  }

  async #find() {
    const { openFind } = await import('./find-bar.js');
    openFind(this.querySelector('.room-view__find'), this.querySelector('chat-timeline'));
  }

  #mute() {
    const { muted } = prefs();
    const userId = /** @type {number} */ (this.#userId);
    setPrefs({ muted: muted.includes(userId) ? muted.filter((id) => id !== userId) : [...muted, userId] });
    this.#drawHead();
    /** @type {HTMLElement|null} */ (this.querySelector('.room-view__head [aria-pressed]'))?.focus();
    this.app.dispatchEvent(new Event('prefs'));
  }

  /** @param {any} change */
  #changed({ kind, userId }) {
    if (kind === 'loaded' || (kind === 'people' && userId === this.#userId)) this.#drawHead();
    if (kind === 'typing' || kind === 'message') this.#drawTyping();
  }
}

customElements.define('chat-conversation', ChatConversation);
