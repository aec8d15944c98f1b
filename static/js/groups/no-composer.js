/** What stands in the composer's place where one may not write, and why; what was being written is not lost. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { draft } from '../lib/conversation-prefs.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { clock, dayKey, exact } from '../lib/time.js';

/** @param {import('./group-room.js').GroupRoom} room @returns {HTMLElement|null} nothing where one may write */
export function noComposer(room) {
  if (room.can('send')) return null;
  const { app, id } = room;
  // What was typed a moment ago may not have been kept yet.
  room.view.querySelector('chat-composer')?.save();
  const text = draft(app.me.id, id);
  const copy = async () => (await import('../timeline/actions.js')).copyText(text, app);
  return el(
    'div',
    { class: 'no-composer', role: 'note' },
    el('p', { class: 'no-composer__why' }, icon('info'), el('span', null, reason(room))),
    text &&
      el(
        'p',
        { class: 'no-composer__draft' },
        el('bdi', null, t('closed.draft', { text })),
        el('button', { class: 'button button--small', type: 'button', onclick: copy }, t('closed.copy')),
      ),
  );
}

/** @param {import('./group-room.js').GroupRoom} room */
function reason({ app, id, group, my, members }) {
  const left = app.store.left.get(id);
  if (left)
    return t(left.reason === 'left' ? 'closed.left' : left.reason === 'closed' ? 'closed.closed' : 'closed.removed');
  if (group.state === 'closed') return t('closed.closed');
  const until = members.get(app.me.id)?.silenced_until;
  if (until && Date.parse(until) > Date.now())
    return t('closed.silenced', { time: dayKey(until) === dayKey(Date.now()) ? clock(until) : exact(until) });
  if (group.state === 'frozen') return t('closed.paused');
  return t(my && group.preset === 'announcement' ? 'closed.admins' : 'closed.notYou');
}
