/** One line of the list, and how a message moves it. Pure. */

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Conversation & {headId?: number}} Row */

/**
 * A message counts once, however often it is told.
 * @param {Row|undefined} known @param {Person} other @param {Message} message @param {boolean} mine @returns {Row}
 */
export function moved(known, other, message, mine) {
  const row = known ?? {
    conversation_id: message.conversation_id,
    other_user: other,
    last_message: '',
    last_message_at: null,
    last_message_by_me: false,
    unread_count: 0,
  };
  const counted = row.headId ? message.id <= row.headId : message.timestamp <= (row.last_message_at ?? '');
  const next = { ...row, headId: Math.max(row.headId ?? 0, message.id) };
  if (counted) return next;
  return {
    ...next,
    last_message: message.message || (message.attachment_name ?? ''),
    last_message_at: message.timestamp,
    last_message_by_me: mine,
    unread_count: row.unread_count + (!mine && !message.is_read ? 1 : 0),
  };
}

/** Someone we only know from this message. @param {import('../elements/types.js').Message} message @param {boolean} mine @returns {Person} */
export function otherIn(message, mine) {
  /** @type {'receiver'|'sender'} */ const side = mine ? 'receiver' : 'sender';
  const name = message[`${side}_name`] ?? '';
  return {
    id: message[`${side}_id`],
    username: message[`${side}_username`] ?? name,
    full_name: name,
    avatar: message[`${side}_avatar`],
  };
}

/** As the server lists it, unless a message came while the list was on its way. @param {Row} row @param {Row|undefined} known @returns {Row} */
export function listed(row, known) {
  const isNewer = (known?.headId ?? 0) > (row.last_message_id ?? 0);
  return { ...row, headId: row.last_message_id, ...(isNewer && known), other_user: row.other_user };
}

/**
 * The server's exact counts; when they are not all, nothing is known of the others.
 * @param {Map<number, Row>} rows
 * @param {{total_unread?: number, conversations: {conversation_id: number, unread_count: number}[]}} counts
 */
export function count(rows, { total_unread = 0, conversations }) {
  const exact = new Map(conversations.map((row) => [row.conversation_id, row.unread_count]));
  const areAll = conversations.reduce((sum, row) => sum + row.unread_count, 0) >= total_unread;
  for (const [id, row] of rows) row.unread_count = exact.get(id) ?? (areAll ? 0 : row.unread_count);
}
