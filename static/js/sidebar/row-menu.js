/** What can be done with a conversation as a whole: pin, mute, mark as unread, archive, leave. Fetched behind the first draw. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { kept, OVER, sendMutedOfBefore } from '../groups/own-settings.js';
import { keepArchived } from '../lib/kept-archived.js';
import { nameOf } from '../lib/nodes.js';
import { showMenu } from '../lib/menu.js';
import '../lib/more-icons.js';

const LONG_PRESS_MS = 500;

/** By the row's button, the menu key, a right click, a long press. @param {import('../elements/chat-sidebar.js').ChatSidebar} sidebar @param {AbortSignal} signal */
export function listenForMenus(sidebar, signal) {
  const { app } = sidebar;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let press;
  const open = (/** @type {Event} */ event) => {
    const row = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest('li[data-id]'));
    const id = Number(row?.dataset.id);
    const link = /** @type {HTMLElement|null|undefined} */ (row?.querySelector('.room'));
    if (!link || id <= 0) return;
    event.preventDefault();
    openMenu(app, id, /** @type {Element} */ (event.target).closest('button') ?? link);
  };
  sidebar.addEventListener('contextmenu', open, { signal });
  sidebar.addEventListener(
    'click',
    (event) => /** @type {Element} */ (event.target).closest('.room__more') && open(event),
    { signal },
  );
  // Not every browser tells of a long press.
  sidebar.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType === 'touch') press = setTimeout(() => open(event), LONG_PRESS_MS);
    },
    { signal },
  );
  for (const name of ['pointerup', 'pointermove', 'pointercancel', 'scroll', 'contextmenu'])
    sidebar.addEventListener(name, () => clearTimeout(press), { signal, capture: true });
  sendMutedOfBefore(app);
  keepArchived(app.store, signal);
}

/** @param {import('../elements/types.js').PageApp} app @param {number} id @param {HTMLElement} opener */
export async function openMenu(app, id, opener) {
  const { store } = app;
  // Of one that has just begun nothing was told yet.
  if (!store.conversations.get(id)?.my)
    await app.api.of('GET', id).then(
      (told) => store.regroup(told),
      () => {},
    );
  const row = store.conversations.get(id);
  const { group, my } = row ?? {};
  const isHere = app.route?.conversationId === id;
  const set = (/** @type {object} */ wishes, /** @type {string} */ done = '') => kept(app, id, wishes, done);
  const dialogOf = async (/** @type {'notify'|'leave'} */ name) =>
    name === 'notify'
      ? (await import('../groups/notify.js')).show(app, id)
      : (await import('../groups/leave.js')).leave(app, id);
  const isUnread = Boolean(row?.unread_count);
  showMenu(opener, nameOf(store.face(id)), [
    isHere && {
      icon: 'info',
      label: t('details.title'),
      act: () => app.querySelector('chat-conversation')?.toggleDetails(),
    },
    isHere && { icon: 'search', label: t('room.find'), act: () => app.querySelector('chat-conversation')?.find() },
    my && {
      icon: 'pin',
      label: t(my.pinned ? 'own.unpin' : 'own.pin'),
      act: () => set({ pinned: !my.pinned }),
    },
    my && {
      icon: store.isMuted(id) ? 'bell' : 'mute',
      label: t(store.isMuted(id) ? 'own.unmute' : 'own.mute'),
      act: () => (store.isMuted(id) ? set({ muted_until: OVER }, t('own.unmuted')) : dialogOf('notify')),
    },
    my && group && { icon: 'bell', label: t('own.notify'), act: () => dialogOf('notify') },
    my &&
      Boolean(row?.headId) &&
      !isUnread && { icon: 'envelope', label: t('own.unread'), act: () => markUnread(app, id, row?.headId ?? 0) },
    isUnread && {
      icon: 'checks',
      label: t('own.read'),
      act: () => app.chat.reading.upTo(id, row?.headId ?? 0),
    },
    my && {
      icon: 'archive',
      label: t(my.archived ? 'own.unarchive' : 'own.archive'),
      act: () => set({ archived: !my.archived }, t(my.archived ? 'own.unarchived' : 'own.archived')),
    },
    group && my && { icon: 'out', label: t('leave.menu'), isDanger: true, act: () => dialogOf('leave') },
  ]);
}

/** In an open room it would be read at once: it is left. @param {import('../elements/types.js').PageApp} app @param {number} id @param {number} headId */
async function markUnread(app, id, headId) {
  const isHere = app.route?.conversationId === id;
  if (isHere) location.hash = '#/';
  await kept(app, id, { unread_from_id: headId }, t('own.unreadDone'));
}
