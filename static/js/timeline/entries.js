/**
 * From messages to what stands in the timeline: day separators, the "new" divider, groups of one person.
 * Pure: knows no DOM.
 */
import { dayKey } from '../lib/time.js';

const GROUP_MS = 5 * 60_000;

/** @typedef {import('../client/types.js').Message} Message */
/** @typedef {import('../client/types.js').Outgoing} Outgoing */
/**
 * `key` is the same for the same thing from drawing to drawing; `waiting` is not yet accepted; `head` is first of a group.
 * @typedef {import('../elements/types.js').Shown} Shown
 * @typedef {{kind: 'message', key: string, message: Shown, mine: boolean, waiting: boolean, head: boolean}} MessageEntry
 * @typedef {{kind: 'begin', key: string}|{kind: 'divider', key: string}|{kind: 'day', key: string, at: string|number}|GroupEntry|MessageEntry} Entry
 * @typedef {{kind: 'group', key: string, shape: string, build: () => HTMLElement}} GroupEntry  what stands in groups only
 * @typedef {{messages: Message[], outgoing: Outgoing[], me: number, dividerId: number|null, isBeginning: boolean}} Parts
 */

/**
 * @param {Parts} parts
 * @returns {Entry[]}
 */
export function entriesOf({ messages, outgoing, me, dividerId, isBeginning }) {
  /** @type {Entry[]} */ const entries = isBeginning ? [{ kind: 'begin', key: 'begin' }] : [];
  const accepted = new Set(messages.map((message) => message.client_id).filter(Boolean));
  const lines = [
    ...messages.map((message) => ({ message, sender: message.sender_id, at: message.timestamp, waiting: false })),
    ...outgoing
      .filter((item) => !accepted.has(item.client_id))
      .map((item) => ({ message: item, sender: me, at: item.created_at, waiting: true })),
  ];
  /** @type {typeof lines[0]|null} */ let before = null;
  for (const line of lines) {
    const newDay = !before || dayKey(before.at) !== dayKey(line.at);
    if (newDay) entries.push({ kind: 'day', key: `day:${dayKey(line.at)}`, at: line.at });
    const divided = !line.waiting && /** @type {Message} */ (line.message).id === dividerId;
    if (divided) entries.push({ kind: 'divider', key: 'divider' });
    const head = newDay || divided || before?.sender !== line.sender || moment(line.at) - moment(before.at) > GROUP_MS;
    entries.push({
      kind: 'message',
      key: keyOf(line.message),
      message: line.message,
      mine: line.sender === me,
      waiting: line.waiting,
      head,
    });
    before = line;
  }
  return entries;
}

/** A message keeps its place, and its node, when it turns from waiting to accepted. @param {import('../elements/types.js').Shown} message */
export function keyOf(message) {
  return message.client_id ? `c:${message.client_id}` : `m:${message.id}`;
}

/** @param {string|number} at */
function moment(at) {
  return new Date(at).getTime();
}
