/** What the timeline says where there are no messages: nothing written yet, still loading. */
import { el, fill } from '../lib/dom.js';

/** @param {HTMLElement} scroller @param {boolean} isEmpty @param {string} name @param {import('../groups/group-room.js').GroupRoom|null} group */
export function showEmpty(scroller, isEmpty, name, group) {
  const known = scroller.querySelector('.timeline__empty');
  if (!isEmpty) return known?.remove();
  if (known) return;
  const box = el('div', { class: 'empty timeline__empty' });
  scroller.append(box);
  if (group) fill(box, group.nothingWritten());
  else import('../elements/empty-pane.js').then(({ nothingWritten }) => fill(box, nothingWritten(name)));
}

/** @param {HTMLElement} scroller @param {boolean} isLoading */
export function showLoading(scroller, isLoading) {
  scroller.setAttribute('aria-busy', String(isLoading));
  /** @type {HTMLElement} */ (scroller.querySelector('.timeline__loading')).hidden = !isLoading;
}
