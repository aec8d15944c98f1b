/** One conversation: who it is with, what was said, what to say. Or, with none chosen, what to do next. */
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, iconButton, isGone, nameOf } from '../lib/nodes.js';

export class ChatConversation extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  /** @type {number|null} */ #conversationId = null;
  /** What there is only where several people are. @type {import('../groups/group-room.js').GroupRoom|null} */ group =
    null;
  /** What is told beside it. @type {import('../groups/panel.js').Panel|null} */ panel = null;
  #life = new AbortController();
  #visit = new AbortController();
  /** @type {number|undefined} */ #timer;

  connectedCallback() {
    const { signal } = this.#life;
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.addEventListener('unavailable', () => !this.app.isEmbedded && !this.group && this.#drawEmpty('notAvailable'));
    // A typing note that is never taken back runs out by itself.
    this.#timer = setInterval(() => this.#drawTyping(), 1000);
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#visit.abort();
    clearInterval(this.#timer);
  }

  /** @param {{conversationId: number, messageId: number|null, details?: boolean}|null} route @param {boolean} [isDiscover] what is public, where no conversation is chosen */
  async enter(route, isDiscover = false) {
    const timeline = this.querySelector('chat-timeline');
    if (route?.conversationId !== this.#conversationId) timeline?.leave();
    if (!route) return this.#drawNone(isDiscover);
    if (this.#conversationId === route.conversationId && timeline) {
      if (route.messageId) timeline.show(route.messageId);
      return this.#showDetails(route);
    }
    this.#visit.abort();
    this.#visit = new AbortController();
    this.panel = null;
    this.#conversationId = route.conversationId;
    const { signal } = this.#visit;
    const { store } = this.app;
    const isListed = () => Boolean(store.otherId(route.conversationId) || store.group(route.conversationId));
    if (!isListed()) await this.#look(route.conversationId, isListed);
    const isGroup = Boolean(store.group(route.conversationId));
    const loaded = isGroup && (await import('../groups/group-room.js'));
    if (signal.aborted) return;
    this.group = loaded ? new loaded.GroupRoom(this, route.conversationId, signal) : null;
    if (!isListed()) return this.#drawEmpty('notAvailable');
    this.#draw(route);
    this.#showDetails(route);
  }

  /** @param {{details?: boolean}} route */
  async #showDetails({ details = false }) {
    if (details || this.panel) (await this.#details())?.show(details);
  }

  async toggleDetails() {
    (await this.#details())?.toggle();
  }

  async #details() {
    const { signal } = this.#visit;
    const { Panel } = await import('../groups/panel.js');
    if (signal.aborted || this.#conversationId === null) return null;
    this.panel ??= new Panel(this, this.#conversationId, signal);
    return this.panel;
  }

  /** Behind the loaded part of the list. @param {number} id @param {() => boolean} isListed */
  async #look(id, isListed) {
    const { lookFor } = await import('../client/older.js');
    await lookFor(this.app.chat, id, isListed);
  }

  /** @param {boolean} isDiscover */
  async #drawNone(isDiscover) {
    this.#visit.abort();
    this.#conversationId = null;
    if (!isDiscover) return this.#drawEmpty('nothingChosen');
    this.#visit = new AbortController();
    const { signal } = this.#visit;
    const pane = this.#emptyPane();
    const { drawDiscover } = await import('../groups/discover.js');
    if (!signal.aborted) drawDiscover(/** @type {import('./types.js').PageApp} */ (this.app), pane, signal);
  }

  #emptyPane() {
    const pane = el('main', { class: 'room-view room-view--none', id: 'content', tabindex: '-1' });
    fill(this, pane);
    return pane;
  }

  /** @param {'nothingChosen'|'notAvailable'} why */
  async #drawEmpty(why) {
    const pane = this.#emptyPane();
    const words = await import('./empty-pane.js');
    fill(
      pane,
      el('div', { class: 'empty' }, icon('chat'), words[why](/** @type {import('./types.js').PageApp} */ (this.app))),
    );
  }

  /** @param {{conversationId: number, messageId: number|null}} route */
  #draw({ conversationId, messageId }) {
    const name = nameOf(this.app.store.face(conversationId));
    const forComposer = el('div', { class: 'composer-slot' });
    const timeline = el('chat-timeline', {
      '.app': this.app,
      '.conversationId': conversationId,
      '.wantedId': messageId,
      '.group': this.group,
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
    const bar = this.group?.bar();
    if (bar) return slot.replaceWith(bar);
    const composer = el('chat-composer', {
      '.app': this.app,
      '.conversationId': this.#conversationId,
      '.group': this.group,
      part: 'composer',
    });
    slot.replaceWith(composer);
    if (this.#startsInText) composer.focusText();
  }

  /** What may have changed: the head, and whether one may write. */
  redraw() {
    this.#drawHead();
    const composer = /** @type {HTMLElement|null} */ (this.querySelector('chat-composer, .no-composer'));
    const bar = this.group?.bar();
    if (!composer || !this.group || (!bar && composer.matches('chat-composer'))) return;
    if (bar) composer.replaceWith(bar);
    else this.#compose(composer);
  }

  #drawHead() {
    const head = /** @type {HTMLElement|null} */ (this.querySelector('.room-view__head'));
    const id = this.#conversationId;
    if (!head || id === null) return;
    const { isEmbedded, store } = this.app;
    const { group } = this;
    const face = store.face(id);
    const shown = JSON.stringify([nameOf(face), face?.avatar, group?.line ?? store.other(id)?.is_online]);
    if (head.dataset.shown === shown) return;
    head.dataset.shown = shown;
    this.querySelector('chat-composer')?.address(face);
    const hadFocus = head.querySelector('h1')?.contains(document.activeElement);
    const name = el('bdi', null, nameOf(face));
    const opener =
      (group || !isEmbedded) &&
      el(
        'button',
        {
          class: 'room-view__open',
          type: 'button',
          'aria-expanded': String(Boolean(this.panel?.isOpen)),
          onclick: () => this.toggleDetails(),
        },
        name,
      );
    fill(
      head,
      !isEmbedded &&
        el(
          'a',
          { class: 'icon-button room-view__back', href: '#/', 'aria-label': t('room.back'), title: t('room.back') },
          icon('back'),
        ),
      face && avatar(face),
      el(
        'div',
        { class: 'room-view__who' },
        el(isEmbedded ? 'h2' : 'h1', { class: 'room-view__name', tabindex: '-1' }, opener || name),
        group ? el('p', { class: 'room-view__state' }, group.line) : face && whereabouts(store.other(id)),
      ),
      iconButton('search', t('room.find'), { onclick: () => this.find() }),
      isEmbedded ? this.app.headTools?.() : id > 0 && this.#menuButton(id),
    );
    if (hadFocus) head.querySelector('h1')?.focus();
  }

  /** @param {number} id */
  #menuButton(id) {
    const open = async (/** @type {Event} */ { currentTarget }) => {
      const opener = /** @type {HTMLElement} */ (currentTarget);
      const { openMenu } = await import('../sidebar/row-menu.js');
      openMenu(/** @type {import('./types.js').PageApp} */ (this.app), id, opener);
    };
    const label = t('rooms.menu', { name: nameOf(this.app.store.face(id)) });
    return iconButton('more', label, { 'aria-haspopup': 'menu', onclick: open });
  }

  #drawTyping() {
    const line = this.querySelector('.typing');
    if (!line || this.#conversationId === null || !this.app.chat) return;
    const writers = this.app.store.writers(this.#conversationId);
    const text = this.group?.typing(writers) ?? (writers.length ? t('room.typing', { name: nameOf(writers[0]) }) : '');
    if (line.textContent === text) return;
    fill(
      line,
      text && el('span', { class: 'typing__dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')),
      text && el('span', { class: 'typing__words' }, text),
    );
  }

  async find() {
    const { openFind } = await import('./find-bar.js');
    const timeline = this.querySelector('chat-timeline');
    const place = /** @type {HTMLElement|null} */ (this.querySelector('.room-view__find'));
    if (place && timeline) openFind(place, timeline);
  }

  /** Everything open in the room stays as it is. @param {number} conversationId */
  #begun(conversationId) {
    this.#conversationId = conversationId;
    if (this.panel) this.panel.id = conversationId;
    const composer = this.querySelector('chat-composer');
    if (composer) composer.conversationId = conversationId;
    this.querySelector('chat-timeline')?.begun(conversationId);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, userId, was, conversationId }) {
    if (kind === 'begun' && was === this.#conversationId) {
      this.#begun(conversationId);
      this.#drawHead();
    }
    const isOther = userId === this.app.store.otherId(this.#conversationId ?? 0);
    if (kind === 'loaded' || (kind === 'people' && isOther)) this.redraw();
    if (kind === 'typing' || kind === 'message') this.#drawTyping();
  }
}

/** @param {import('../client/types.js').Person|undefined} person */
function whereabouts(person) {
  if (!person) return null;
  if (isGone(person)) return el('p', { class: 'room-view__state' }, t('room.gone'));
  return el(
    'p',
    { class: 'room-view__state', title: t('rooms.onlineHelp') },
    person.is_online && el('span', { class: 'dot dot--inline', 'aria-hidden': 'true' }),
    t(person.is_online ? 'rooms.online' : 'rooms.offline'),
  );
}

customElements.define('chat-conversation', ChatConversation);
