/** Messages that have the words of the search box, in all conversations. Fetched when first wanted. */
import { otherIn } from '../client/conversation-row.js';
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { roomHash } from '../lib/route.js';
import { exact, shortWhen } from '../lib/time.js';

const PAGE = 10;
const BEFORE = 40;
const AROUND = 160;

/** @param {import('../elements/types.js').PageApp} app @param {Element} place @param {string} words */
export async function showHits(app, place, words) {
  const box = /** @type {Element & {asked?: string}} */ (place);
  box.asked = words;
  if (!words) return fill(place);
  const found = await app.api.search(words, { limit: PAGE }).catch(() => null);
  if (box.asked !== words) return;
  const list = el('ol', { class: 'rooms', role: 'list', 'aria-label': t('hits.title') });
  const more = el(
    'button',
    { class: 'button button--small button--quiet', type: 'button', onclick: next },
    t('hits.more'),
  );
  /** @type {number|undefined} */ let lastId;
  if (!found?.messages.length) return fill(place);
  fill(place, el('h2', { class: 'sidebar__section' }, t('hits.title')), list, more);
  add(found);

  async function next() {
    const before = list.childElementCount;
    add(
      await app.api.search(words, { limit: PAGE, before_id: lastId }).catch(() => ({ messages: [], has_more: true })),
    );
    list.children[before]?.querySelector('a')?.focus();
  }

  /** @param {import('../client/types.js').Page} page */
  function add({ messages, has_more }) {
    list.append(...messages.map((message) => row(app, message, words)));
    lastId = messages.at(-1)?.id ?? lastId;
    more.hidden = !has_more;
  }
}

/** @param {import('../elements/types.js').PageApp} app @param {import('../elements/types.js').Message} message @param {string} words */
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

/** The part around the first hit, with all hits marked. @param {string} text @param {string} words @returns {(Node|string)[]} */
function marked(text, words) {
  const plain = text.replace(/\s{1,4096}/gu, ' ');
  const pattern = new RegExp(`(${(words.match(/[\p{L}\p{N}_]{1,200}/gu) ?? ['$^']).join('|')})`, 'giu');
  const from = Math.max(0, plain.search(pattern) - BEFORE);
  const shown = (from > 0 ? '…' : '') + plain.slice(from, from + AROUND);
  return shown.split(pattern).map((part, index) => (index % 2 ? el('mark', null, part) : part));
}
