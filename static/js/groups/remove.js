/** Asks before somebody is removed, or kept out for good; a ban may take along what they wrote last. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { confirmed } from '../dialogs/confirm.js';
import { el } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { told } from './member-menu.js';

const DAY_SECS = 86_400;

/** @param {import('./group-room.js').GroupRoom} room @param {import('../client/types.js').Member} member @param {boolean} isBan */
export async function remove(room, { user, ...member }, isBan) {
  const name = nameOf(user);
  const also = el('input', { type: 'checkbox' });
  const words = {
    title: t(isBan ? 'remove.banTitle' : 'remove.title', { name, group: nameOf(room.group) }),
    text: t(isBan ? 'remove.banText' : 'remove.text'),
    action: t(isBan ? 'remove.ban' : 'remove.do'),
    more: isBan ? el('label', { class: 'check' }, also, t('remove.also')) : null,
  };
  if (!(await confirmed(words, room.view))) return;
  const { api } = room.app;
  const json = also.checked ? { delete_messages_secs: DAY_SECS } : {};
  const call = isBan
    ? () => api.of('PUT', room.id, `bans/${user.id}/`, { json })
    : () => api.of('DELETE', room.id, `members/${user.id}/`);
  await told(
    room,
    async () => {
      await call();
      return { ...member, user, state: isBan ? 'banned' : 'left' };
    },
    t('remove.done', { name }),
  );
}
