/** The members in the details: as many rows as can be seen, of however many there are; searched on the server. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { arrange, el, fill } from '../lib/dom.js';
import { avatar, iconButton, nameOf } from '../lib/nodes.js';

const ROW_PX = 56;
const DRAWN = 120;
const AHEAD = 40;
const SEARCH_AFTER_MS = 200;
const SLOW_MS = 300;
const PRESENCE_UP_TO = 100;

/** @typedef {import('../client/types.js').Member} Member */

export class MemberList {
  /** @type {Member[]|null} what was found, while somebody searches */ #found = null;
  /** @type {Map<number, {row: HTMLElement, shape: string}>} */ #rows = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  #hasFailed = false;
  #isAsking = false;

  /** @param {import('./group-room.js').GroupRoom} room */
  constructor(room) {
    this.room = room;
    this.heading = el('h3', { class: 'details__section' });
    this.search = el('input', {
      class: 'input',
      type: 'search',
      dir: 'auto',
      'aria-label': t('details.find'),
      placeholder: t('details.find'),
      oninput: () => this.#typed(),
    });
    this.list = el('ul', { class: 'people members', role: 'list' });
    this.note = el('div', { class: 'details__note', role: 'status' });
    this.node = el('section', { class: 'details__members' }, this.heading, this.search, this.list, this.note);
  }

  draw() {
    const { room } = this;
    const { member_count: count } = room.group;
    fill(this.heading, t('details.members', { count }));
    const isSeen = room.can('see_members');
    this.search.hidden = !isSeen || count < 8;
    if (!isSeen) {
      arrange(this.list, []);
      return fill(this.note, room.my && el('p', { class: 'muted' }, t('details.hidden')));
    }
    if (room.members.next === undefined && !this.#hasFailed) this.#more();
    this.scroller?.addEventListener('scroll', this.#scrolled, { passive: true });
    this.#drawRows();
  }

  get scroller() {
    return this.node.parentElement;
  }

  #scrolled = () => {
    this.#drawRows();
    const { scroller } = this;
    if (scroller && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < ROW_PX * 10) this.#more();
  };

  /** The next page, if there is one. */
  async #more() {
    const { members } = this.room;
    if (this.#isAsking || this.#found || members.next === null) return;
    this.#isAsking = true;
    const slow = setTimeout(() => this.#showLoading(), SLOW_MS);
    this.#hasFailed = !(await members.load().then(
      () => true,
      () => false,
    ));
    clearTimeout(slow);
    this.#isAsking = false;
    this.list.removeAttribute('aria-busy');
    fill(this.note, this.#hasFailed && this.#failed());
    this.#drawRows();
  }

  #showLoading() {
    this.list.setAttribute('aria-busy', 'true');
    fill(
      this.note,
      [1, 2, 3].map(() => el('span', { class: 'skeleton', 'aria-hidden': 'true' })),
    );
  }

  #failed() {
    const again = () => {
      fill(this.note);
      this.#more();
    };
    return [
      el('p', null, t('groups.loadFailed')),
      el('button', { class: 'button button--small', type: 'button', onclick: again }, t('room.tryAgain')),
    ];
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), SEARCH_AFTER_MS);
  }

  async #find() {
    const asked = this.search.value.trim();
    const found = asked ? await this.room.members.find(asked).catch(() => null) : null;
    if (asked !== this.search.value.trim()) return;
    this.#found = found;
    fill(this.note, asked && (!found ? t('rooms.failed') : found.length === 0 && t('picker.nobody')));
    this.#drawRows();
  }

  /** Only those near the window stand in the page; the others are kept as room above and below. */
  #drawRows() {
    const all = this.#found ?? this.room.members.all;
    const { scroller, list } = this;
    const above = scroller ? scroller.getBoundingClientRect().top - list.getBoundingClientRect().top : 0;
    const first = Math.max(0, Math.min(Math.floor(above / ROW_PX) - AHEAD, all.length - DRAWN));
    const rows = all.slice(first, first + DRAWN);
    list.style.paddingBlock = `${first * ROW_PX}px ${(all.length - first - rows.length) * ROW_PX}px`;
    const total = this.#found ? all.length : this.room.group.member_count;
    arrange(
      list,
      rows.map((member, at) => this.#row(member, first + at + 1, total)),
    );
  }

  /** @param {Member} member @param {number} place @param {number} total */
  #row(member, place, total) {
    const { room } = this;
    const person = { ...member.user, ...room.app.store.people.get(member.user.id) };
    const showsPresence = room.group.member_count <= PRESENCE_UP_TO;
    const isOnline = showsPresence && person.is_online;
    const shape = JSON.stringify([
      nameOf(person),
      person.avatar,
      member.role,
      member.silenced_until,
      isOnline,
      place,
      total,
    ]);
    const known = this.#rows.get(person.id);
    if (known?.shape === shape) return known.row;
    const more = iconButton('more', t('rooms.menu', { name: nameOf(person) }), {
      'aria-haspopup': 'menu',
      onclick: async () => (await import('./member-menu.js')).openMemberMenu(room, person.id, more),
    });
    const isMe = person.id === room.app.me.id;
    const row = el(
      'li',
      { class: 'people__row members__row', 'aria-setsize': total, 'aria-posinset': place },
      avatar(person),
      el(
        'span',
        { class: 'members__who' },
        el(
          'span',
          { class: 'members__me' },
          el('bdi', { class: 'members__name' }, nameOf(person)),
          isMe && `(${t('message.you')})`,
        ),
        showsPresence &&
          el(
            'span',
            { class: 'muted members__state' },
            isOnline && el('span', { class: 'dot dot--inline', 'aria-hidden': 'true' }),
            t(isOnline ? 'rooms.online' : 'rooms.offline'),
          ),
      ),
      member.role !== 'member' && el('span', { class: 'members__role' }, t(`role.${member.role}`)),
      isMe ? null : more,
    );
    const hadFocus = known?.row.contains(document.activeElement);
    this.#rows.set(person.id, { row, shape });
    if (known?.row.isConnected) known.row.replaceWith(row);
    if (hadFocus) row.querySelector('button')?.focus();
    return row;
  }
}
