/** One line of the list: a conversation with its last message, or a person to talk to. */
import { number, t } from '../i18n/index.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { draft, isMuted } from '../lib/conversation-prefs.js';
import { roomHash } from '../lib/route.js';
import { exact, shortWhen } from '../lib/time.js';

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/conversation-row.js').Row} room @param {boolean} isCurrent @returns {HTMLElement} */
export function roomRow(app, room, isCurrent) {
  const person = { ...room.other_user, ...app.store.people.get(room.other_user.id) };
  const unread = room.unread_count;
  const id = room.conversation_id;
  return line(person, roomHash(id), isCurrent, unread > 0 ? 'room--unread' : '', [
    el(
      'span',
      { class: 'room__line' },
      el('span', { class: 'room__name' }, el('bdi', null, nameOf(person))),
      isMuted(app.me.id, id) &&
        el('span', { class: 'room__muted' }, icon('mute'), el('span', { class: 'visually-hidden' }, t('rooms.muted'))),
      room.last_message_at &&
        el(
          'time',
          { class: 'room__when', datetime: room.last_message_at, title: exact(room.last_message_at) },
          shortWhen(room.last_message_at),
        ),
    ),
    el(
      'span',
      { class: 'room__line' },
      preview(app, room, isCurrent),
      unread > 0 &&
        el(
          'span',
          { class: 'badge' },
          el('span', { 'aria-hidden': 'true' }, number(unread)),
          el('span', { class: 'visually-hidden' }, t('rooms.unread', { count: unread })),
        ),
    ),
  ]);
}

/** @param {import('../client/types.js').Person} person @param {boolean} isCurrent @returns {HTMLElement} */
export function personRow(person, isCurrent) {
  return line(person, roomHash(-person.id), isCurrent, '', [
    el('span', { class: 'room__line' }, el('span', { class: 'room__name' }, el('bdi', null, nameOf(person)))),
    el('span', { class: 'room__line' }, el('span', { class: 'room__last' }, el('bdi', null, `@${person.username}`))),
  ]);
}

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/conversation-row.js').Row} room @param {boolean} isCurrent */
function preview(app, room, isCurrent) {
  if (app.store.isTyping(room.conversation_id))
    return el('span', { class: 'room__last room__last--typing' }, t('rooms.typing'));
  const kept = isCurrent ? '' : draft(app.me.id, room.conversation_id);
  if (kept) {
    return el(
      'span',
      { class: 'room__last' },
      el('span', { class: 'room__draft' }, t('rooms.draft')),
      ' ',
      words(oneLine(kept)),
    );
  }
  return el(
    'span',
    { class: 'room__last' },
    room.last_message_by_me && el('span', null, t('rooms.you')),
    ' ',
    words(oneLine(room.last_message) || t('message.deleted')),
  );
}

/** @param {import('../client/types.js').Person} person @param {string} href @param {boolean} isCurrent @param {string} state @param {Node[]} children */
function line(person, href, isCurrent, state, children) {
  return el(
    'li',
    null,
    el(
      'a',
      { class: `room ${state}`.trim(), href, 'aria-current': isCurrent ? 'page' : null },
      el(
        'span',
        { class: 'room__face' },
        avatar(person),
        person.is_online &&
          el(
            'span',
            { class: 'dot', title: t('rooms.onlineHelp') },
            el('span', { class: 'visually-hidden' }, t('rooms.online')),
          ),
      ),
      el('span', { class: 'room__body' }, children),
    ),
  );
}

/** In the direction of their own: their beginning is what is seen. @param {string} text */
function words(text) {
  return el('span', { class: 'room__words', dir: 'auto' }, text);
}

/** @param {unknown} text */
function oneLine(text) {
  return String(text ?? '')
    .slice(0, 1000)
    .replace(/\s{1,1000}/gu, ' ')
    .slice(0, 120)
    .trim();
}
