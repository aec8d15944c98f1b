/** What is told of the other person of a direct conversation, and what can be done with it. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { avatar, handleOf, isGone, nameOf } from '../lib/nodes.js';
import { detailsAction } from './details-action.js';
import { kept } from './own-settings.js';

export class DirectDetails {
  #shown = '';

  /** @param {import('./panel.js').Panel} panel @param {AbortSignal} signal */
  constructor(panel, signal) {
    this.panel = panel;
    this.app = /** @type {import('../elements/types.js').PageApp} */ (panel.view.app);
    this.body = el('div', { class: 'details__body' });
    this.nodes = [this.body];
    this.app.store.onChange((change) => this.#changed(change), signal);
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, conversationId, userId }) {
    const { id } = this.panel;
    if (kind === 'loaded' || conversationId === id || userId === this.app.store.otherId(id)) this.panel.draw();
  }

  draw() {
    const { app } = this;
    const { id } = this.panel;
    const person = app.store.other(id);
    const my = app.store.conversations.get(id)?.my;
    const isOffline = app.chat.status.state === 'waiting';
    const shown = JSON.stringify([person, my, app.store.isMuted(id), isOffline]);
    if (!person || shown === this.#shown) return;
    this.#shown = shown;
    const at = [...this.body.querySelectorAll('button')].indexOf(
      /** @type {HTMLButtonElement} */ (document.activeElement),
    );
    const isHere = !isGone(person);
    fill(
      this.body,
      avatar(person, 'large'),
      el('p', { class: 'details__name' }, el('bdi', null, nameOf(person))),
      isHere && el('p', { class: 'muted' }, el('bdi', null, handleOf(person))),
      el(
        'p',
        { class: 'muted' },
        isHere && person.is_online && el('span', { class: 'dot dot--inline', 'aria-hidden': 'true' }),
        t(isHere ? (person.is_online ? 'rooms.online' : 'rooms.offline') : 'room.gone'),
      ),
      el('div', { class: 'details__actions' }, this.#actions(person, my)),
    );
    if (at >= 0) this.body.querySelectorAll('button')[at]?.focus();
  }

  /** @param {import('../client/types.js').Person} person @param {import('../client/types.js').My|undefined} my */
  #actions(person, my) {
    const { app } = this;
    const { id, view } = this.panel;
    return [
      detailsAction(app, 'search', t('room.find'), () => view.find()),
      my && detailsAction(app, 'bell', t('own.notify'), async () => (await import('./notify.js')).show(app, id, view)),
      my &&
        detailsAction(app, 'pin', t(my.pinned ? 'own.unpin' : 'own.pin'), () => kept(app, id, { pinned: !my.pinned })),
      my &&
        detailsAction(app, 'archive', t(my.archived ? 'own.unarchive' : 'own.archive'), () =>
          kept(app, id, { archived: !my.archived }, t(my.archived ? 'own.unarchived' : 'own.archived')),
        ),
      !isGone(person) &&
        detailsAction(app, 'people', t('details.group', { name: nameOf(person) }), async () =>
          (await import('./new-conversation.js')).show(app, [person]),
        ),
    ];
  }
}
