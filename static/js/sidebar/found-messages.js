/** Messages that have the words of the search box, in all conversations. Fetched when first wanted. */
import { otherIn } from '../client/conversation-row.js';
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { exact, shortWhen } from '../lib/time.js';
import { searchMessages } from '../lib/search.js';
import { placesOf, wantedWords } from '../lib/words.js';

const PAGE = 10;
const BEFORE = 40;
const AROUND = 160;

/** @param {import('../elements/types.js').PageApp} app @param {Element} place @param {string} words */
export async function showHits(app, place, words) {
  const box = /** @type {Element & {asked?: string}} */ (place);
  box.asked = words;
  if (!words) return fill(place);
  const { words: wanted } = wantedWords(words);
  const { found, note } = await searchMessages(app.api, words, { limit: PAGE });
  if (box.asked !== words) return;
  const said = note && el('p', { class: 'sidebar__none', role: 'status' }, note);
  const list = el('ol', { class: 'rooms', role: 'list', 'aria-label': t('hits.title') });
  const more = el(
    'button',
    { class: 'button button--small button--quiet', type: 'button', onclick: next },
    t('hits.more'),
  );
  /** @type {number|undefined} */ let lastId;
  if (!found?.messages.length) return fill(place, said);
  fill(place, said, el('h2', { class: 'sidebar__section' }, t('hits.title')), list, more);
  add(found);

  async function next() {
    const before = list.childElementCount;
    const older = await searchMessages(app.api, words, { limit: PAGE, before_id: lastId });
    add(older.found ?? { messages: [], has_more: true });
    list.children[before]?.querySelector('a')?.focus();
  }

  /** @param {import('../client/types.js').Page} page */
  function add({ messages, has_more }) {
    list.append(...messages.map((message) => row(app, message, wanted)));
    lastId = messages.at(-1)?.id ?? lastId;
    more.hidden = !has_more;
  }
}

/** @param {import('../elements/types.js').PageApp} app @param {import('../elements/types.js').Message} message @param {string[]} words */
function row(app, message, words) {
  const mine = message.sender_id === app.me.id;
  const other = otherIn(message, mine);
  const person = { ...other, ...app.store.people.get(other.id) };
  const snippet = [mine && `${t('message.you')}: `, ...marked(message.message, words)];
  return el(
    'li',
    null,
    el(
      'a',
      { class: 'room', href: roomHash(message.conversation_id, message.id) },
      el('span', { class: 'room__face' }, avatar(person)),
      el(
        'span',
        { class: 'room__body' },
        el(
          'span',
          { class: 'room__line' },
          el('span', { class: 'room__name' }, el('bdi', null, nameOf(person))),
          el(
            'time',
            { class: 'room__when', datetime: message.timestamp, title: exact(message.timestamp) },
            shortWhen(message.timestamp),
          ),
        ),
        el('span', { class: 'room__line' }, el('span', { class: 'room__last' }, el('bdi', null, snippet))),
      ),
    ),
  );
}

/** The part around the first hit, with all hits marked. @param {string} text @param {string[]} words @returns {(Node|string)[]} */
function marked(text, words) {
  const plain = text.replace(/\s{1,4096}/gu, ' ');
  const places = placesOf(plain, words);
  const from = Math.max(0, (places[0]?.[0] ?? 0) - BEFORE);
  const end = from + AROUND;
  /** @type {(Node|string)[]} */ const parts = from > 0 ? ['…'] : [];
  let at = from;
  for (const [begin, close] of places) {
    if (begin < at || begin >= end) continue;
    parts.push(plain.slice(at, begin), el('mark', null, plain.slice(begin, close)));
    at = close;
  }
  return [...parts, plain.slice(at, Math.max(at, end))];
}
