/** What happened to a conversation, said between its messages; three or more in a row fold into one line. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { exact } from '../lib/time.js';

/** @typedef {import('../timeline/entries.js').Entry} Entry */
/** @typedef {import('../elements/types.js').Shown} Shown */

const FOLDED = 3;
/** How many of a kind are counted in a folded line; the others are "and more". */
const COUNTED = /** @type {Record<string, string>} */ ({ joined: 'groups.joinedMany', left: 'groups.leftMany' });
/** Lines that somebody unfolded. @type {Set<string>} */ const unfolded = new Set();

/** @param {Entry[]} entries @param {import('./group-room.js').GroupRoom} room @returns {Entry[]} */
export function withSystemLines(entries, room) {
  /** @type {Entry[]} */ const lines = [];
  /** @type {Entry[]} */ let run = [];
  const end = () => {
    lines.push(...drawn(run, room));
    run = [];
  };
  for (const entry of entries) {
    if (isSystem(entry) || (entry.kind === 'day' && run.length > 0)) run.push(entry);
    else {
      const isFirst = run.length > 0;
      end();
      // A line of this kind ends what one person said in a row.
      lines.push(entry.kind === 'message' && isFirst ? { ...entry, head: true } : entry);
    }
  }
  end();
  return lines;
}

/** @param {Entry} entry */
function isSystem(entry) {
  return entry.kind === 'message' && entry.message.kind === 'system';
}

/** One run, days between its lines included. @param {Entry[]} run @param {import('./group-room.js').GroupRoom} room @returns {Entry[]} */
function drawn(run, room) {
  const messages = run.flatMap((entry) => (entry.kind === 'message' ? [entry.message] : []));
  // A day that is begun at the end is that of what follows.
  const isLast = (/** @type {Entry} */ entry) => entry === run.at(-1);
  if (messages.length < FOLDED)
    return run.map((entry) => (entry.kind === 'message' ? line([entry.message], room, entry.key) : entry));
  const day = run.filter((entry) => entry.kind === 'day' && isLast(entry));
  return [line(messages, room, `folded:${messages[0].id}`), ...day];
}

/** @param {Shown[]} messages @param {import('./group-room.js').GroupRoom} room @param {string} key @returns {import('../timeline/entries.js').GroupEntry} */
function line(messages, room, key) {
  const said = messages.map((message) => wordsOf(message, room));
  return {
    kind: 'group',
    key,
    shape: JSON.stringify([key, said]),
    build: () =>
      el(
        'li',
        { class: 'system', 'data-key': key },
        said.length > 1 ? folded(messages, said, key) : one(messages[0], said[0]),
      ),
  };
}

/** @param {Shown} message @param {string} said */
function one(message, said) {
  return el('p', { title: exact(message.timestamp ?? 0) }, said);
}

/** @param {Shown[]} messages @param {string[]} said @param {string} key */
function folded(messages, said, key) {
  const list = el('div', { class: 'system__all' });
  const button = el('button', { class: 'system__fold', type: 'button', onclick: turn }, summary(messages));
  draw();
  return [button, list];

  function turn() {
    if (!unfolded.delete(key)) unfolded.add(key);
    draw();
  }

  function draw() {
    const isOpen = unfolded.has(key);
    button.setAttribute('aria-expanded', String(isOpen));
    fill(list, isOpen && messages.map((message, at) => one(message, said[at])));
  }
}

/** "5 people joined, 2 left, 1 more" @param {Shown[]} messages */
function summary(messages) {
  /** @type {Record<string, number>} */ const counts = {};
  for (const { system } of messages) {
    const kind = countedAs(system?.type ?? '');
    counts[kind] = (counts[kind] ?? 0) + Math.max(1, kind === 'joined' ? (system?.user_ids?.length ?? 1) : 1);
  }
  const parts = Object.entries(COUNTED)
    .filter(([kind]) => counts[kind])
    .map(([kind, key]) => t(key, { count: counts[kind] }));
  if (counts.other) parts.push(t(parts.length ? 'groups.moreChanges' : 'groups.changes', { count: counts.other }));
  return parts.join(t('groups.comma'));
}

/** @param {string} type */
function countedAs(type) {
  if (type === 'joined' || type === 'added') return 'joined';
  return type === 'left' || type === 'removed' ? 'left' : 'other';
}

/** What happened, in the reader's language; of what this page does not know, in the server's. @param {Pick<Shown, 'system'|'message'>} message @param {{app: import('../elements/types.js').App}} room @returns {string} */
export function wordsOf({ system, message = '' }, { app }) {
  if (!system) return message;
  const { type, actor_id, user_ids = [], value } = system;
  const people = (/** @type {number|null|undefined} */ id) => {
    const person = app.store.people.get(id ?? 0);
    return person && nameOf(person);
  };
  const actor = people(actor_id);
  const [name] = user_ids.map(people);
  const count = user_ids.length - 1;
  const told = type === 'added' && !actor_id ? 'joined' : type; // by nobody in it
  const key = `system.${told}${count > 0 && told === 'added' ? 'More' : ''}`;
  const words = t(key, {
    actor,
    name,
    count,
    value: typeof value === 'string' || typeof value === 'number' ? value : '',
  });
  // Somebody who is not known here, or a kind that is newer than this page.
  return words === key || /\{\w{1,20}\}/u.test(words) ? message : words;
}
