/** A menu at the button that opens it, or from the bottom of the screen under a finger. Fetched when first wanted. */
import { el } from './dom.js';
import { icon } from './icons.js';

/** @typedef {{label: string, act: () => void, icon?: import('./icons.js').IconName, isChecked?: boolean, isDanger?: boolean}} Choice */

/** @param {HTMLElement} opener where the focus goes back to @param {string} label @param {(Choice|false|null|undefined|'')[]} choices */
export function showMenu(opener, label, choices) {
  const items = choices.filter((choice) => typeof choice === 'object' && choice !== null).map(item);
  if (items.length === 0) return;
  const menu = el('div', { class: 'popup', role: 'menu', 'aria-label': label, popover: 'auto', onkeydown: key }, items);
  const root = /** @type {Document|ShadowRoot} */ (opener.getRootNode());
  // In the part of the page that it belongs to.
  (opener.closest('dialog, aside, main, nav') ?? root.querySelector('.embed') ?? document.body).append(menu);
  menu.addEventListener('toggle', (event) => /** @type {ToggleEvent} */ (event).newState === 'closed' && gone());
  menu.showPopover();
  place(menu, opener);
  opener.setAttribute('aria-expanded', 'true');
  items[0].focus();

  /** @param {Choice} choice */
  function item({ label: words, act, icon: drawn, isChecked, isDanger }) {
    return el(
      'button',
      {
        class: `popup__entry ${isDanger ? 'popup__entry--danger' : ''}`,
        type: 'button',
        role: isChecked === undefined ? 'menuitem' : 'menuitemradio',
        'aria-checked': isChecked === undefined ? null : String(isChecked),
        tabindex: '-1',
        onclick: () => {
          menu.hidePopover();
          gone();
          act();
        },
      },
      drawn
        ? icon(drawn)
        : isChecked !== undefined && el('span', { class: 'popup__check' }, isChecked && icon('check')),
      el('span', null, words),
    );
  }

  function gone() {
    if (!menu.isConnected) return;
    const hadFocus = menu.contains(root.activeElement) || root.activeElement === document.body || !root.activeElement;
    menu.remove();
    opener.removeAttribute('aria-expanded');
    if (hadFocus && opener.isConnected) opener.focus();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (root.activeElement));
    const next = nextOf(event.key, at, items);
    if (event.key === 'Tab' || event.key === 'Escape') menu.hidePopover();
    else if (next === undefined) return;
    else items[next]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {string} pressed @param {number} at @param {HTMLElement[]} items @returns {number|undefined} */
function nextOf(pressed, at, items) {
  const { length } = items;
  if (pressed === 'ArrowDown') return (at + 1) % length;
  if (pressed === 'ArrowUp') return (at - 1 + length) % length;
  if (pressed === 'Home') return 0;
  if (pressed === 'End') return length - 1;
  if (pressed.length !== 1 || pressed === ' ') return undefined;
  const begins = (/** @type {HTMLElement} */ item) =>
    item.textContent?.trim().toLowerCase().startsWith(pressed.toLowerCase());
  for (let step = 1; step <= length; step += 1) if (begins(items[(at + step) % length])) return (at + step) % length;
  return at;
}

/** Beside its opener, and inside the window. @param {HTMLElement} menu @param {HTMLElement} opener */
function place(menu, opener) {
  if (matchMedia('(hover: none), (width < 30rem)').matches) return menu.classList.add('popup--sheet');
  const from = opener.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const isRtl = getComputedStyle(opener).direction === 'rtl';
  const left = isRtl ? from.left : from.right - width;
  const below = from.bottom + 4;
  const top = below + height < innerHeight ? below : Math.max(8, from.top - height - 4);
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${top}px`;
}
