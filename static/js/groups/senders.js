/** The name and picture over what somebody says in a room of several people. Either opens what can be done with them. */
import { el } from '../lib/dom.js';
import { avatar, hueOf, nameOf } from '../lib/nodes.js';

/** @param {import('./group-room.js').GroupRoom} room @param {import('../elements/types.js').Face|undefined} face @param {import('../elements/types.js').Shown} message */
export function senderNodes(room, face, message) {
  const open = async (/** @type {Event} */ { currentTarget }) => {
    const { openMemberMenu } = await import('./member-menu.js');
    openMemberMenu(room, message.sender_id ?? 0, /** @type {HTMLElement} */ (currentTarget));
  };
  const label = nameOf(face);
  return {
    picture: el(
      'button',
      { class: 'message__face', type: 'button', tabindex: '-1', 'aria-hidden': 'true', onclick: open },
      avatar(face),
    ),
    name: el(
      'button',
      { class: `message__name message__name--${hueOf(face)}`, type: 'button', 'aria-haspopup': 'menu', onclick: open },
      el('bdi', null, label),
    ),
  };
}
