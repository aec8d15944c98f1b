/** The way to what was put aside, and back to the others. Fetched when something was. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import '../lib/more-icons.js';

/** @param {import('../elements/chat-sidebar.js').ChatSidebar} sidebar @param {number} count of what is archived */
export function drawArchive(sidebar, count) {
  const box = sidebar.box('.sidebar__archive');
  const isOpen = sidebar.showsArchived;
  const label = isOpen ? t('archive.back') : t('archive.open', { count });
  if (box.textContent === label) return;
  const turn = () => {
    sidebar.showsArchived = !isOpen;
    fill(sidebar.box('.sidebar__people'));
    sidebar.redraw();
    requestAnimationFrame(() => box.querySelector('button')?.focus());
  };
  box.classList.toggle('sidebar__archive--open', isOpen);
  fill(
    box,
    el('button', { class: 'menu__entry', type: 'button', onclick: turn }, icon(isOpen ? 'back' : 'archive'), label),
    isOpen && count === 0 && el('p', { class: 'sidebar__none' }, t('archive.none')),
  );
}
