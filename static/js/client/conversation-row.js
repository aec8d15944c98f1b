/** One line of the list, and how a message moves it. Pure. */

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Group} Group */
/** @typedef {import('./types.js').Conversation & {headId?: number}} Row */

/**
 * A message counts once, however often it is told.
 * @param {Row|undefined} known @param {Person|undefined} other in a direct one @param {Message} message @param {boolean} mine @returns {Row}
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
    last_sender: message.sender_name,
    system: message.system,
    unread_count: row.unread_count + (!mine && !message.is_read && message.kind !== 'system' ? 1 : 0),
  };
}

/** A group's line, as the server tells of it; a message that came meanwhile stays the last. @param {Group} told @param {Row|undefined} known @param {number} me @returns {Row} */
export function grouped(told, known, me) {
  const group = known?.group && known.group.rev > told.rev ? known.group : told;
  const last = told.last_message;
  const isNewer = (known?.headId ?? 0) > (last?.id ?? 0);
  return {
    conversation_id: told.id,
    last_message: last ? last.message || (last.attachment_name ?? '') : '',
    last_message_at: last?.timestamp ?? told.my.joined_at,
    last_message_by_me: last?.sender_id === me,
    last_sender: last?.sender_name,
    system: last?.system,
    headId: last?.id,
    unread_count: told.my.unread_count,
    mention_count: told.my.mention_count,
    ...(isNewer && known),
    group,
    my: told.my,
  };
}

/** Someone we only know from this message. @param {import('../elements/types.js').Message} message @param {boolean} mine @returns {Person} */
export function otherIn(message, mine) {
  /** @type {'receiver'|'sender'} */ const side = mine ? 'receiver' : 'sender';
  const name = message[`${side}_name`] ?? '';
  return {
    id: message[`${side}_id`] ?? 0,
    username: message[`${side}_username`] ?? name,
    full_name: name,
    avatar: message[`${side}_avatar`],
  };
}

/** As the server lists it, unless a message came while the list was on its way. @param {Row} row @param {Row|undefined} known @returns {Row} */
export function listed(row, known) {
  const isNewer = (known?.headId ?? 0) > (row.last_message_id ?? 0);
  return { ...row, headId: row.last_message_id, my: known?.my, ...(isNewer && known), other_user: row.other_user };
}

/**
 * The server's exact counts of direct ones; when they are not all, nothing is known of the others.
 * @param {Map<number, Row>} rows
 * @param {{total_unread?: number, conversations: {conversation_id: number, unread_count: number}[]}} counts
 */
export function count(rows, { total_unread = 0, conversations }) {
  const exact = new Map(conversations.map((row) => [row.conversation_id, row.unread_count]));
  const areAll = conversations.reduce((sum, row) => sum + row.unread_count, 0) >= total_unread;
  for (const [id, row] of rows) if (!row.group) row.unread_count = exact.get(id) ?? (areAll ? 0 : row.unread_count);
}
