/** The round button in the corner, with how much is unread. */
import { number, t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import '../lib/more-icons.js';

/**
 * @param {ShadowRoot|null} root
 * @param {{label: string, unread: number, isOpen: boolean, toggle: () => void}} state
 * @returns {HTMLElement|null} the button: the same one from drawing to drawing, so that it keeps the focus
 */
export function drawLauncher(root, { label, unread, isOpen, toggle }) {
  const place = root?.querySelector('.embed__launch');
  if (!place) return null;
  const known = /** @type {HTMLButtonElement|null} */ (place.querySelector('.launcher'));
  const button = known ?? el('button', { class: 'launcher', part: 'launcher', type: 'button' });
  if (!known) fill(place, button);
  button.onclick = toggle;
  button.setAttribute('aria-expanded', String(isOpen));
  const shown = JSON.stringify([label, unread, isOpen]);
  if (button.dataset.shown === shown) return button;
  button.dataset.shown = shown;
  const shows = unread > 0 && !isOpen;
  button.setAttribute('aria-label', [label, shows && t('rooms.unread', { count: unread })].filter(Boolean).join(', '));
  fill(
    button,
    icon(isOpen ? 'down' : 'chat'),
    shows && el('span', { class: 'badge launcher__badge', part: 'badge', 'aria-hidden': 'true' }, number(unread)),
  );
  return button;
}
