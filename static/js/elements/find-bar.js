/** Finding words in a conversation: at once in what is loaded, a moment later in all of it. Fetched when first opened. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';
import { searchMessages } from '../lib/search.js';
import { folded, piecesOf, placesOf, wantedWords } from '../lib/words.js';
import '../lib/more-icons.js';

const ASK_AFTER_MS = 250;
const PAGE = 100;

/** @param {HTMLElement} place @param {import('./chat-timeline.js').ChatTimeline} timeline */
export function openFind(place, timeline) {
  if (place.firstChild) return close();
  /** @type {number[]} */ let hits = [];
  let at = -1;
  /** @type {number|undefined} */ let timer;
  const input = el('input', {
    class: 'input',
    type: 'search',
    dir: 'auto',
    'aria-label': t('room.findPlaceholder'),
    placeholder: t('room.findPlaceholder'),
    oninput: typed,
    onkeydown: key,
  });
  const count = el('span', { class: 'find__count muted', role: 'status' });
  const note = el('p', { class: 'find__note', role: 'status' });
  const older = el(
    'button',
    { class: 'button button--small button--quiet', type: 'button', hidden: true, onclick: more },
    t('room.findOlder'),
  );
  fill(
    place,
    el(
      'div',
      { class: 'find', role: 'search' },
      input,
      count,
      iconButton('up', t('room.findPrevious'), { onclick: () => step(-1) }),
      iconButton('next', t('room.findNext'), { onclick: () => step(1) }),
      older,
      iconButton('close', t('room.close'), { onclick: close }),
      note,
    ),
  );
  input.focus();

  function typed() {
    const pieces = piecesOf(input.value);
    hits = pieces.length ? loadedWith(timeline, pieces) : [];
    at = hits.length - 1;
    older.hidden = true;
    fill(note);
    clearTimeout(timer);
    if (pieces.length) timer = setTimeout(() => ask(), ASK_AFTER_MS);
    draw(pieces.length > 0 && hits.length === 0 ? t('room.findBusy') : '');
    go();
  }

  /** The server finds whole words, we also parts of them: what either finds counts. @param {number} [before_id] */
  async function ask(before_id) {
    const asked = input.value;
    const options = { user_id: timeline.history.userId, limit: PAGE, before_id };
    const { found, note: said } = await searchMessages(timeline.app.api, asked, options);
    if (asked !== input.value || !place.firstChild) return;
    const current = hits[at];
    const ids = (found?.messages ?? []).map((message) => message.id);
    hits = [...new Set([...hits, ...ids])].sort((a, b) => a - b);
    older.hidden = !found?.has_more;
    at = current === undefined ? hits.length - 1 : hits.indexOf(current);
    draw(found ? t('room.findNone') : '');
    fill(note, said);
    if (hits[at] !== current) go();
  }

  /** @param {string} otherwise */
  function draw(otherwise) {
    fill(count, hits.length ? t('room.findCount', { at: at + 1, count: hits.length }) : otherwise);
  }

  /** @param {number} by */
  function step(by) {
    if (hits.length === 0) return;
    at = (at + by + hits.length) % hits.length;
    draw('');
    go();
  }

  async function go() {
    if (hits[at]) await timeline.show(hits[at]);
    /** @type {HTMLElement|null} */ (timeline.list.querySelector(`[data-id="${hits[at]}"] .message__fold`))?.click();
    mark(timeline, [...new Set([...piecesOf(input.value), ...wantedWords(input.value).words])]);
  }

  async function more() {
    older.disabled = true;
    await ask(hits[0]);
    older.disabled = false;
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === 'Enter') step(event.shiftKey ? 1 : -1);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  }

  function close() {
    clearTimeout(timer);
    mark(timeline, []);
    fill(place);
    timeline.parentElement?.querySelector('chat-composer')?.focusText();
  }
}

/** @param {import('./chat-timeline.js').ChatTimeline} timeline @param {string[]} pieces */
function loadedWith(timeline, pieces) {
  const { messages } = timeline.history.thread;
  return messages
    .map(({ id, message }) => ({ id, text: folded(message) }))
    .filter(({ text }) => pieces.every((piece) => text.includes(piece)))
    .map(({ id }) => id);
}

/** Marks the hits with the highlight API: the text's nodes stay as they are. @param {import('./chat-timeline.js').ChatTimeline} timeline @param {string[]} words */
function mark(timeline, words) {
  const highlights = globalThis.CSS?.highlights;
  if (!highlights) return;
  const ranges = [];
  const walker = document.createTreeWalker(timeline.list, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); words.length && node; node = walker.nextNode()) {
    if (!node.parentElement?.closest('.message__text')) continue;
    for (const [from, to] of placesOf(node.textContent ?? '', words)) {
      const range = new Range();
      range.setStart(node, from);
      range.setEnd(node, to);
      ranges.push(range);
    }
  }
  highlights.set('find', new Highlight(...ranges));
}
