/** The list side: who I am, one search over conversations and people, and the rooms by last activity. */
import { t } from '../i18n/index.js';
import { arrange, el, fill } from '../lib/dom.js';
import { avatar, iconButton, nameOf } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { roomRow, personRow } from '../sidebar/room-row.js';

const SEARCH_AFTER_MS = 200;

export class ChatSidebar extends HTMLElement {
  /** @type {import('./types.js').PageApp} */ app;
  #life = new AbortController();
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();
  /** @type {import('../client/types.js').Person[]} */ #people = [];
  /** @type {number|undefined} */ #timer;
  #frame = 0;
  #search = '';
  /** Loaded when somebody searches. @type {typeof import('../lib/words.js').isCalled|null} */ #isCalled = null;
  /** What was looked for last on the server. */
  #answered = '';
  /** @type {HTMLElement|undefined} */ #nobody;
  /** @type {number|null} */ #current = null;
  #end = new IntersectionObserver(
    (seen) =>
      seen.some((row) => row.isIntersecting) &&
      this.app.store.next &&
      import('../client/older.js').then(({ older }) => older(this.app.chat)),
  );

  connectedCallback() {
    const search = el('input', {
      class: 'input search__input',
      type: 'search',
      dir: 'auto',
      autocomplete: 'off',
      enterkeyhint: 'search',
      'aria-label': t('rooms.search'),
      placeholder: t('rooms.search'),
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#searchKey(event),
    });
    fill(
      this,
      el(
        'nav',
        { class: 'sidebar', 'aria-label': t('rooms.title') },
        el(
          'header',
          { class: 'sidebar__head' },
          el('h1', { class: 'sidebar__title' }, t('rooms.title')),
          this.#readAll(),
          el('div', { class: 'sidebar__me' }),
        ),
        el('div', { class: 'search' }, search),
        el('ol', { class: 'rooms', role: 'list', 'aria-label': t('rooms.title') }),
        el('div', { class: 'sidebar__people' }),
        el('div', { class: 'sidebar__hits' }),
      ),
    );
    const { signal } = this.#life;
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.app.addEventListener('draft', () => this.#redrawSoon(), { signal });
    this.app.addEventListener('prefs', () => this.#redrawSoon(), { signal });
    // Presence of people we have not talked to is not announced to us: look again now and then.
    const refresh = setInterval(() => !document.hidden && this.#findPeople(), 60_000);
    signal.addEventListener('abort', () => clearInterval(refresh));
    this.#redraw();
    this.#findPeople();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#end.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** @param {number|null} conversationId the open room */
  mark(conversationId) {
    const left = this.#current;
    this.#current = conversationId;
    // Who follows a found message may want the next one, too.
    if (conversationId !== null && this.#search && !this.app.route?.messageId) this.#clear();
    this.#redraw();
    // On a phone the list comes back: to the row that was left.
    if (conversationId !== null || left === null || document.activeElement !== document.body) return;
    /** @type {HTMLElement|null} */ (this.querySelector(`[href="${roomHash(left)}"]`))?.focus();
  }

  /** @param {number} by */
  step(by) {
    const rooms = this.app.store.rooms;
    const at = rooms.findIndex((room) => room.conversation_id === this.#current);
    const next = rooms[Math.min(rooms.length - 1, Math.max(0, at + by))];
    if (next) this.app.open(next.conversation_id);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, was, conversationId }) {
    if (kind === 'begun' && was === this.#current) this.#current = conversationId;
    this.#redrawSoon();
  }

  #redrawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#redraw());
  }

  #redraw() {
    this.#drawMe();
    const found = this.app.store.rooms.filter((room) => this.#matches(room.other_user));
    this.#part('.sidebar__read-all').hidden = this.app.store.unreadTotal === 0;
    const rows = found.map((room) =>
      this.#row(`room:${room.conversation_id}`, roomRow(this.app, room, this.#current === room.conversation_id)),
    );
    arrange(this.#part('.rooms'), rows);
    this.#part('.rooms').hidden = rows.length === 0;
    this.#end.disconnect();
    if (rows.length) this.#end.observe(rows[rows.length - 1]);
    this.#drawPeople(new Set(found.map((room) => room.other_user.id)));
  }

  #drawMe() {
    const box = this.#part('.sidebar__me');
    const { me } = this.app;
    if (box.dataset.name === nameOf(me)) return;
    box.dataset.name = nameOf(me);
    const label = `${nameOf(me)}: ${t('menu.open')}`;
    const face = el('summary', { class: 'menu__open', 'aria-label': label, title: t('menu.open') }, avatar(me));
    const menu = el('details', { class: 'menu' }, face);
    fill(box, menu);
    import('../sidebar/account-menu.js').then(({ fillMenu }) => fillMenu(menu, this.app));
  }

  /** @param {Set<number>} shown */
  #drawPeople(shown) {
    const people = this.#people.filter(
      (person) =>
        person.id !== this.app.me.id &&
        !shown.has(person.id) &&
        (this.#answered === this.#search || this.#matches(person)),
    );
    const rows = people.map((person) =>
      this.#row(
        `person:${person.id}`,
        personRow({ ...person, ...this.app.store.people.get(person.id) }, this.#current === -person.id),
      ),
    );
    const box = this.#part('.sidebar__people');
    const nobody = rows.length === 0 && shown.size === 0;
    const nothing = nobody && this.#answered === this.#search && !this.#part('.sidebar__hits').firstChild;
    const list =
      box.querySelector('.rooms') ?? el('ol', { class: 'rooms', role: 'list', 'aria-label': t('rooms.people') });
    arrange(list, rows);
    const title = box.querySelector('.sidebar__section') ?? el('h2', { class: 'sidebar__section' }, t('rooms.people'));
    const none = el('p', { class: 'sidebar__none', role: 'status' }, t('rooms.none', { search: this.#search }));
    arrange(box, [
      ...(rows.length ? [title, list] : []),
      ...(nobody && !this.#search ? [this.#empty()] : []),
      ...(nothing && this.#search ? [none] : []),
    ]);
  }

  #empty() {
    if (this.#nobody) return this.#nobody;
    const box = el('div', { class: 'empty empty--small' });
    this.#nobody = box;
    import('./empty-pane.js').then(({ nobodyYet }) => fill(box, nobodyYet()));
    return box;
  }

  /** A row is replaced only when what it shows has changed. @param {string} key @param {HTMLElement} fresh */
  #row(key, fresh) {
    const known = this.#rows.get(key);
    if (known?.isEqualNode(fresh)) return known;
    const hadFocus = known?.contains(document.activeElement);
    this.#rows.set(key, fresh);
    if (known?.isConnected) known.replaceWith(fresh);
    if (hadFocus) fresh.querySelector('a')?.focus();
    return fresh;
  }

  /** @param {import('../client/types.js').Person} person */
  #matches(person) {
    return !this.#search || Boolean(this.#isCalled?.(person, this.#search));
  }

  async #typed() {
    this.#search = /** @type {HTMLInputElement} */ (this.#part('input')).value.trim();
    if (this.#search) this.#isCalled ??= (await import('../lib/words.js')).isCalled;
    this.#redraw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#findPeople(), SEARCH_AFTER_MS);
  }

  async #findPeople() {
    const asked = this.#search;
    const [answer] = await Promise.all([this.app.api.users(asked).catch(() => null), this.#findMessages(asked)]);
    if (asked !== this.#search || this.#life.signal.aborted) return;
    if (!answer) return this.#failed();
    this.#people = answer.users;
    this.#answered = asked;
    for (const person of this.#people) if (!this.app.store.people.has(person.id)) this.app.store.meet(person);
    this.#redraw();
  }

  /** Nobody was found, and nobody was looked for: the two are not the same. */
  #failed() {
    const place = this.#part('.sidebar__hits');
    if (this.#search && !place.firstChild)
      fill(place, el('p', { class: 'sidebar__none', role: 'status' }, t('rooms.failed')));
  }

  /** @param {string} words */
  async #findMessages(words) {
    const place = this.#part('.sidebar__hits');
    if (words.length < 2 && !place.firstChild) return;
    const { showHits } = await import('../sidebar/found-messages.js');
    await showHits(this.app, place, words.length > 1 ? words : '');
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    const first = /** @type {HTMLElement|null} */ (this.querySelector('.rooms .room'));
    if (event.key === 'ArrowDown') first?.focus();
    if (event.key === 'Enter' && this.#search) first?.click();
    if (event.key === 'ArrowDown' || event.key === 'Enter') event.preventDefault();
    if (event.key === 'Escape') this.#clear();
  }

  #clear() {
    /** @type {HTMLInputElement} */ (this.#part('input')).value = '';
    this.#typed();
  }

  #readAll() {
    return iconButton('checks', t('rooms.readAll'), {
      class: 'icon-button sidebar__read-all',
      onclick: () => this.app.chat.reading.all(),
    });
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}

customElements.define('chat-sidebar', ChatSidebar);
