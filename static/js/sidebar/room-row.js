/** One line of the list: a conversation with its last message, or a person to talk to. */
import { number, t } from '../i18n/index.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, handleOf, iconButton, nameOf } from '../lib/nodes.js';
import { draft } from '../lib/conversation-prefs.js';
import { roomHash } from '../lib/route.js';
import { exact, shortWhen } from '../lib/time.js';

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/conversation-row.js').Row} room @param {boolean} isCurrent @returns {HTMLElement} */
export function roomRow(app, room, isCurrent) {
  const id = room.conversation_id;
  const face = app.store.face(id);
  const isMuted = app.store.isMuted(id);
  const state = `${room.unread_count > 0 ? 'room--unread' : ''} ${isMuted ? 'room--muted' : ''}`;
  const row = line(face, roomHash(id), isCurrent, state, [
    el(
      'span',
      { class: 'room__line' },
      el('span', { class: 'room__name' }, el('bdi', null, nameOf(face))),
      room.my?.pinned && sign('pin', t('rooms.pinned')),
      isMuted && sign('mute', t('rooms.muted')),
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
      (room.mention_count ?? 0) > 0 && badge('@', t('rooms.mentioned')),
      room.unread_count > 0 && badge(number(room.unread_count), t('rooms.unread', { count: room.unread_count })),
    ),
  ]);
  row.dataset.id = String(id);
  row.append(moreButton(nameOf(face)));
  return row;
}

/** Its menu comes with its code, behind the first draw. @param {string} name */
function moreButton(name) {
  const button = iconButton('more', t('rooms.menu', { name }), { class: 'icon-button room__more', tabindex: '-1' });
  button.setAttribute('aria-haspopup', 'menu');
  return button;
}

/** @param {import('../lib/icons.js').IconName} name @param {string} words */
function sign(name, words) {
  return el('span', { class: 'room__sign' }, icon(name), el('span', { class: 'visually-hidden' }, words));
}

/** @param {string} shown @param {string} words */
function badge(shown, words) {
  return el(
    'span',
    { class: 'badge' },
    el('span', { 'aria-hidden': 'true' }, shown),
    el('span', { class: 'visually-hidden' }, words),
  );
}

/** @param {import('../client/types.js').Person} person @param {boolean} isCurrent @returns {HTMLElement} */
export function personRow(person, isCurrent) {
  return line(person, roomHash(-person.id), isCurrent, '', [
    el('span', { class: 'room__line' }, el('span', { class: 'room__name' }, el('bdi', null, nameOf(person)))),
    el('span', { class: 'room__line' }, el('span', { class: 'room__last' }, el('bdi', null, handleOf(person)))),
  ]);
}

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/conversation-row.js').Row} room @param {boolean} isCurrent */
function preview(app, room, isCurrent) {
  if (app.store.writers(room.conversation_id).length)
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
    room.last_message_by_me
      ? el('span', null, t('rooms.you'))
      : room.group && room.last_sender && el('span', null, el('bdi', null, room.last_sender), ':'),
    ' ',
    words(oneLine(room.last_message) || (room.headId || !room.group ? t('message.deleted') : '')),
  );
}

/** @param {import('../elements/types.js').Face|undefined} face @param {string} href @param {boolean} isCurrent @param {string} state @param {Node[]} children */
function line(face, href, isCurrent, state, children) {
  return el(
    'li',
    null,
    el(
      'a',
      { class: `room ${state}`.trim(), href, 'aria-current': isCurrent ? 'page' : null },
      el(
        'span',
        { class: 'room__face' },
        avatar(face),
        face &&
          'is_online' in face &&
          face.is_online &&
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
