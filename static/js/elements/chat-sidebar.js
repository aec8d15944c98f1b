/** The list side: who I am, one search over conversations and people, and the rooms by last activity. */
import { t } from '../i18n/index.js';
import { arrange, el, fill } from '../lib/dom.js';
import { avatar, iconButton, nameOf } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { roomRow } from '../sidebar/room-row.js';

export class ChatSidebar extends HTMLElement {
  /** @type {import('./types.js').PageApp} */ app;
  #life = new AbortController();
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();
  #frame = 0;
  /** Comes behind the first draw. @type {import('../sidebar/search.js').Search|null} */ #search = null;
  /** The open room. @type {number|null} */ current = null;
  /** What was put aside is shown, and nothing else. */ showsArchived = false;
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
    });
    const begin = async () => (await import('../groups/new-conversation.js')).show(this.app);
    fill(
      this,
      el(
        'nav',
        { class: 'sidebar', 'aria-label': t('rooms.title') },
        el(
          'header',
          { class: 'sidebar__head' },
          el('h1', { class: 'sidebar__title' }, t('rooms.title')),
          iconButton('plus', t('rooms.new'), { onclick: begin }),
          el('div', { class: 'sidebar__me' }),
        ),
        el('div', { class: 'search' }, search),
        el('ol', { class: 'rooms', role: 'list', 'aria-label': t('rooms.title') }),
        el('div', { class: 'sidebar__archive' }),
        el('div', { class: 'sidebar__people' }),
        el('div', { class: 'sidebar__hits' }),
      ),
    );
    const { signal } = this.#life;
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.app.addEventListener('draft', () => this.#redrawSoon(), { signal });
    this.redraw();
    import('../sidebar/search.js').then(({ Search }) => {
      if (!signal.aborted) this.#search = new Search(this, search, signal);
    });
    import('../sidebar/row-menu.js').then(({ listenForMenus }) => !signal.aborted && listenForMenus(this, signal));
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#end.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  /** @param {number|null} conversationId the open room */
  mark(conversationId) {
    const left = this.current;
    this.current = conversationId;
    // Who follows a found message may want the next one, too.
    if (conversationId !== null && this.#search?.text && !this.app.route?.messageId) this.#search.clear();
    this.redraw();
    // On a phone the list comes back: to the row that was left.
    if (conversationId !== null || left === null || document.activeElement !== document.body) return;
    /** @type {HTMLElement|null} */ (this.querySelector(`[href="${roomHash(left)}"]`))?.focus();
  }

  /** @param {number} by */
  step(by) {
    const rooms = this.#listed;
    const at = rooms.findIndex((room) => room.conversation_id === this.current);
    const next = rooms[Math.min(rooms.length - 1, Math.max(0, at + by))];
    if (next) this.app.open(next.conversation_id);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, was, conversationId }) {
    if (kind === 'begun' && was === this.current) this.current = conversationId;
    this.#redrawSoon();
  }

  #redrawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.redraw());
  }

  /** Without words to search for, what is archived stands apart. */
  get #listed() {
    const { store } = this.app;
    return store.rooms.filter(({ conversation_id }) =>
      this.#search?.text
        ? this.#search.matches(store.face(conversation_id))
        : store.isArchived(conversation_id) === this.showsArchived,
    );
  }

  redraw() {
    this.#drawMe();
    const found = this.#listed;
    const rows = found.map((room) =>
      this.row(`room:${room.conversation_id}`, roomRow(this.app, room, this.current === room.conversation_id)),
    );
    arrange(this.box('.rooms'), rows);
    this.box('.rooms').hidden = rows.length === 0;
    this.#end.disconnect();
    if (rows.length) this.#end.observe(rows[rows.length - 1]);
    this.#drawArchive();
    const people = new Set(found.map((room) => room.other_user?.id ?? 0));
    if (!this.showsArchived) this.#search?.draw(people, rows.length);
  }

  /** The way to what was put aside, and back. */
  async #drawArchive() {
    const { store } = this.app;
    const count = store.rooms.filter(({ conversation_id }) => store.isArchived(conversation_id)).length;
    if (!count && !this.showsArchived) return fill(this.box('.sidebar__archive'));
    const { drawArchive } = await import('../sidebar/archive.js');
    drawArchive(this, count);
  }

  #drawMe() {
    const box = this.box('.sidebar__me');
    const { me } = this.app;
    const shown = `${nameOf(me)}|${me.avatar}`;
    if (box.dataset.shown === shown) return;
    box.dataset.shown = shown;
    const label = `${nameOf(me)}: ${t('menu.open')}`;
    const face = el('summary', { class: 'menu__open', 'aria-label': label, title: t('menu.open') }, avatar(me));
    const menu = el('details', { class: 'menu' }, face);
    fill(box, menu);
    import('../sidebar/account-menu.js').then(({ fillMenu }) => fillMenu(menu, this.app));
  }

  /** A row is replaced only when what it shows has changed. @param {string} key @param {HTMLElement} fresh */
  row(key, fresh) {
    const known = this.#rows.get(key);
    if (known?.isEqualNode(fresh)) return known;
    const hadFocus = known?.contains(document.activeElement);
    this.#rows.set(key, fresh);
    if (known?.isConnected) known.replaceWith(fresh);
    if (hadFocus) fresh.querySelector('a')?.focus();
    return fresh;
  }

  /** @param {string} selector */
  box(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}

customElements.define('chat-sidebar', ChatSidebar);
