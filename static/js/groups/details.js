/** Beside the conversation: what it is, who is in it, what one may change. Not modal: one goes on reading and writing. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, iconButton, nameOf } from '../lib/nodes.js';
import { MemberList } from './member-list.js';

export class Details {
  #shown = '';
  /** What could be done when it was drawn last. */ #could = '';

  /** @param {import('./group-room.js').GroupRoom} room */
  constructor(room) {
    this.room = room;
    this.title = el('h2', { class: 'details__title', tabindex: '-1' }, t('details.title'));
    this.body = el('div', { class: 'details__body' });
    this.list = new MemberList(room);
    this.node = el(
      'aside',
      {
        class: 'details',
        'aria-label': t('details.title'),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      el(
        'header',
        { class: 'details__head' },
        iconButton('close', t('details.close'), { onclick: () => room.close() }),
        this.title,
      ),
      el('div', { class: 'details__scroller' }, this.body, this.list.node),
    );
  }

  focus() {
    this.title.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.room.close();
  }

  draw() {
    if (!this.node.isConnected) return;
    this.#drawBody();
    this.list.draw();
  }

  #drawBody() {
    const { room } = this;
    const { group, my } = room;
    const isOffline = room.app.chat.status.state === 'waiting';
    const could = JSON.stringify([my?.can, my?.notify, room.app.store.isMuted(room.id), isOffline]);
    const shown = JSON.stringify([group.name, group.about, group.avatar, group.member_count, could, group.preset]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = this.body.contains(document.activeElement);
    fill(
      this.body,
      avatar(group, 'large'),
      el('p', { class: 'details__name' }, el('bdi', null, nameOf(group))),
      el('p', { class: 'muted' }, t(`new.${group.preset}`), ' · ', t('groups.members', { count: group.member_count })),
      group.about && el('p', { class: 'details__about', dir: 'auto' }, group.about),
      el('div', { class: 'details__actions' }, this.#actions()),
    );
    // Taken away while it had the focus: to the title, where one is told nothing wrong.
    if (hadFocus && this.#could !== could) this.focus();
    this.#could = could;
  }

  #actions() {
    const { room } = this;
    const { app, id } = room;
    const page = /** @type {import('../elements/types.js').PageApp} */ (app);
    return [
      room.can('edit_info') &&
        this.#action('edit', t('details.edit'), async () => (await import('./edit.js')).show(room)),
      room.can('invite') &&
        this.#action('addPerson', t('groups.add'), async () => (await import('./add-people.js')).show(room)),
      room.my &&
        this.#action('bell', t('own.notify'), async () => (await import('./notify.js')).show(app, id, room.view)),
      room.my &&
        !app.isEmbedded &&
        this.#action('out', t('leave.menu'), async () => (await import('./leave.js')).leave(page, id)),
    ];
  }

  /** @param {import('../lib/icons.js').IconName} name @param {string} label @param {() => void} act */
  #action(name, label, act) {
    const { app } = this.room;
    const isOffline = app.chat.status.state === 'waiting';
    const go = () => (isOffline ? app.say(t('groups.offline')) : act());
    return el(
      'button',
      {
        class: 'menu__entry',
        type: 'button',
        'aria-disabled': isOffline ? 'true' : null,
        title: isOffline ? t('groups.offline') : null,
        onclick: go,
      },
      icon(name),
      label,
    );
  }
}
