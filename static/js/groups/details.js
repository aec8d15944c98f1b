/** What is told of a conversation of several people: what it is, who is in it, what one may change. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { detailsAction, isOffline } from './details-action.js';
import { MemberList } from './member-list.js';

export class GroupDetails {
  #shown = '';
  /** What could be done when it was drawn last. */ #could = '';

  /** @param {import('./group-room.js').GroupRoom} room @param {import('./panel.js').Panel} panel */
  constructor(room, panel) {
    this.room = room;
    this.panel = panel;
    this.body = el('div', { class: 'details__body' });
    this.list = new MemberList(room);
    this.nodes = [this.body, this.list.node];
  }

  draw() {
    this.#drawBody();
    this.list.draw();
  }

  #drawBody() {
    const { room } = this;
    const { group, my } = room;
    const could = JSON.stringify([
      my?.can,
      my?.notify,
      my?.request_count,
      room.app.store.isMuted(room.id),
      isOffline(room.app),
    ]);
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
    if (hadFocus && this.#could !== could) this.panel.focus();
    this.#could = could;
  }

  #actions() {
    const { room } = this;
    const { app, id } = room;
    const page = /** @type {import('../elements/types.js').PageApp} */ (app);
    const count = room.can('requests') ? (room.my?.request_count ?? 0) : 0;
    return [
      room.can('edit_info') &&
        detailsAction(app, 'edit', t('details.edit'), async () => (await import('./edit.js')).show(room)),
      room.can('invite') &&
        detailsAction(app, 'addPerson', t('groups.add'), async () => (await import('./add-people.js')).show(room)),
      room.can('invite') &&
        !app.isEmbedded &&
        detailsAction(app, 'link', t('invites.title'), async () => (await import('./invites.js')).show(room)),
      count > 0 &&
        detailsAction(app, 'people', t('requests.open', { count }), async () =>
          (await import('./outsiders.js')).show(room, 'requests'),
        ),
      room.can('ban') &&
        detailsAction(app, 'ban', t('bans.title'), async () => (await import('./outsiders.js')).show(room, 'bans')),
      room.my &&
        detailsAction(app, 'bell', t('own.notify'), async () => (await import('./notify.js')).show(app, id, room.view)),
      room.my &&
        !app.isEmbedded &&
        detailsAction(app, 'out', t('leave.menu'), async () => (await import('./leave.js')).leave(page, id)),
    ];
  }
}
