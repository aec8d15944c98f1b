/** Finding words in the messages loaded so far, with a way to load older ones. Fetched when first opened. */
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';

/** @param {HTMLElement} place @param {any} timeline */
export function openFind(place, timeline) {
  if (place.firstChild) return close();
  /** @type {number[]} */ let hits = [];
  let at = -1;
  const input = el('input', { class: 'input', type: 'search', dir: 'auto', 'aria-label': t('room.findPlaceholder'), placeholder: t('room.findPlaceholder'), oninput: () => search(), onkeydown: key });
  const count = el('span', { class: 'find__count muted', role: 'status' });
  const older = el('button', { class: 'button button--small button--quiet', type: 'button', onclick: more }, t('room.findOlder'));
  fill(place, el('div', { class: 'find', role: 'search' }, input, count,
    iconButton('up', t('room.findPrevious'), { onclick: () => step(-1) }), iconButton('next', t('room.findNext'), { onclick: () => step(1) }), older,
    iconButton('close', t('room.close'), { onclick: close })));
  input.focus();

  function search(keep = false) {
    const wanted = input.value.trim().toLocaleLowerCase();
    const { messages, hasOlder } = timeline.history.thread;
    hits = wanted ? messages.filter((/** @type {any} */ message) => message.message.toLocaleLowerCase().includes(wanted)).map((/** @type {any} */ message) => message.id) : [];
    at = keep ? Math.min(at, hits.length - 1) : hits.length - 1;
    older.hidden = !hasOlder;
    fill(count, wanted && (hits.length ? t('room.findCount', { at: at + 1, count: hits.length }) : t('room.findNone')));
    go(wanted);
  }

  /** @param {number} by */
  function step(by) {
    if (hits.length === 0) return;
    at = (at + by + hits.length) % hits.length;
    fill(count, t('room.findCount', { at: at + 1, count: hits.length }));
    go(input.value.trim().toLocaleLowerCase());
  }

  /** @param {string} wanted */
  async function go(wanted) {
    if (hits[at]) await timeline.show(hits[at]);
    mark(timeline, wanted);
  }

  async function more() {
    older.disabled = true;
    await timeline.history.older().catch(() => {});
    older.disabled = false;
    search();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === 'Enter') step(event.shiftKey ? 1 : -1);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  }

  function close() {
    mark(timeline, '');
    fill(place);
    timeline.parentElement?.querySelector('chat-composer')?.focusText();
  }
}

/** Marks the hits with the highlight API: the text's nodes stay as they are. @param {any} timeline @param {string} wanted */
function mark(timeline, wanted) {
  const highlights = /** @type {any} */ (globalThis.CSS)?.highlights;
  if (!highlights) return;
  const ranges = [];
  const walker = document.createTreeWalker(timeline.list, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); wanted && node; node = walker.nextNode()) {
    if (!node.parentElement?.closest('.message__text')) continue;
    const text = (node.textContent ?? '').toLocaleLowerCase();
    for (let from = text.indexOf(wanted); from >= 0; from = text.indexOf(wanted, from + wanted.length)) {
      const range = new Range();
      range.setStart(node, from);
      range.setEnd(node, Math.min(from + wanted.length, node.textContent?.length ?? 0));
      ranges.push(range);
    }
  }
  highlights.set('find', new (/** @type {any} */ (globalThis).Highlight)(...ranges));
}
