/** What can be done with one member: what `my.can` allows, and no more. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { nameOf } from '../lib/nodes.js';
import { showMenu } from '../lib/menu.js';
import { reasonOf } from '../lib/reasons.js';

/** @typedef {import('../client/types.js').Member} Member */

const RANKS = { owner: 4, admin: 3, moderator: 2, member: 1 };
const SILENCE_MS = 3_600_000;

/** @param {import('./group-room.js').GroupRoom} room @param {number} userId @param {HTMLElement} opener */
export async function openMemberMenu(room, userId, opener) {
  const { app, members } = room;
  const member = members.get(userId) ?? (await theirs(room, userId));
  const person = member?.user ?? app.store.people.get(userId);
  if (!person) return;
  const name = nameOf(person);
  const page = /** @type {import('../elements/types.js').PageApp} */ (app);
  showMenu(opener, name, [
    userId !== app.me.id &&
      !app.isEmbedded && {
        icon: 'chat',
        label: t('member.write', { name }),
        act: () => page.open(app.store.directWith(userId)),
      },
    ...(member ? decisions(room, member) : []),
  ]);
}

/** @param {import('./group-room.js').GroupRoom} room @param {number} userId @returns {Promise<Member|undefined>} */
async function theirs({ members, app }, userId) {
  const person = app.store.people.get(userId);
  if (!person?.username) return undefined;
  const found = await members.find(person.username).catch(() => []);
  return found.find(({ user }) => user.id === userId);
}

/** Whom one stands above. @param {import('./group-room.js').GroupRoom} room @param {Member} member @returns {(import('../lib/menu.js').Choice|false)[]} */
function decisions(room, member) {
  const mine = RANKS[room.my?.role ?? 'member'];
  const { user, role } = member;
  if (user.id === room.app.me.id || RANKS[role] >= mine) return [];
  const name = nameOf(user);
  const change = (/** @type {object} */ changes, /** @type {string} */ done) =>
    told(room, () => room.app.api.of('PATCH', room.id, `members/${user.id}/`, { json: changes }), done);
  const asks = async (/** @type {boolean} */ isBan) => (await import('./remove.js')).remove(room, member, isBan);
  const isSilent = member.silenced_until !== null && Date.parse(member.silenced_until) > Date.now();
  const until = isSilent ? '' : new Date(Date.now() + SILENCE_MS).toISOString();
  /** @param {'admin'|'moderator'|'member'} wanted */
  const become = (wanted) =>
    room.can('roles') &&
    role !== wanted &&
    RANKS[wanted] < mine && {
      icon: /** @type {const} */ ('people'),
      label: t(`member.${wanted}`),
      act: () => change({ role: wanted }, t(`member.now_${wanted}`, { name })),
    };
  return [
    become('admin'),
    become('moderator'),
    become('member'),
    room.can('silence') && {
      icon: 'mute',
      label: t(isSilent ? 'member.unsilence' : 'member.silence'),
      act: () => change({ silenced_until: until }, t(isSilent ? 'member.unsilenced' : 'member.silenced', { name })),
    },
    room.can('kick') && { icon: 'out', label: t('member.remove'), isDanger: true, act: () => asks(false) },
    room.can('ban') && { icon: 'bin', label: t('member.ban'), isDanger: true, act: () => asks(true) },
  ];
}

/** @param {import('./group-room.js').GroupRoom} room @param {() => Promise<any>} call any: a member, or nothing @param {string} done */
export async function told({ app, members, view }, call, done) {
  try {
    const member = await call();
    if (member?.user) members.changed(member);
    app.say(done);
    view.redraw();
    members.onChange();
  } catch (error) {
    const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (error));
    app.say(t('groups.failed', { reason }), { urgent: true });
  }
}
