/** Who is put into a conversation by somebody else is told by whom, and leaves by one press. Once. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { read, write } from '../lib/storage.js';

const KEPT = 500;

/** @param {import('./group-room.js').GroupRoom} room */
export function tellWhoAdded({ app, id, my, view, signal }) {
  const key = `chat.met.${app.me.id}`;
  /** @type {number[]} */ const met = read(key).ids ?? [];
  if (!my?.added_by || my.added_by.id === app.me.id || met.includes(id) || app.isEmbedded) return;
  const page = /** @type {import('../elements/types.js').PageApp} */ (app);
  const done = () => {
    write(key, { ids: [...met, id].slice(-KEPT) });
    note.remove();
  };
  const leave = async () => {
    done();
    (await import('./leave.js')).leave(page, id);
  };
  const note = el(
    'div',
    { class: 'who-added', role: 'note' },
    el('p', null, t('groups.addedBy', { name: nameOf(my.added_by) })),
    el('button', { class: 'button button--small', type: 'button', onclick: done }, t('groups.ok')),
    el('button', { class: 'button button--small button--quiet', type: 'button', onclick: leave }, t('leave.menu')),
  );
  app.store.onChange((change) => {
    if (change.kind === 'removed' && change.conversationId === id) note.remove();
  }, signal);
  // The room is drawn after this.
  queueMicrotask(() => !signal.aborted && view.querySelector('.room-view__find')?.before(note));
}
