/** The page's addresses, all behind the #: #/c/17, #/c/17/m/345, #/c/17/info, #/with/12 for whoever one has not talked to yet, #/discover, #sign-up. */

/**
 * `id` is a person's where `isPerson`, else a conversation's.
 * @typedef {{name: 'room', isPerson: boolean, id: number, messageId: number|null, details: boolean}|{name: 'sign-up'|'discover'}} Route
 */

/** @param {string} hash @returns {Route|null} */
export function parseRoute(hash) {
  if (hash === '#sign-up') return { name: 'sign-up' };
  if (hash === '#/discover') return { name: 'discover' };
  const match = /^#\/(c|with)\/(\d{1,15})(?:\/m\/(\d{1,16})|\/(info))?$/u.exec(hash);
  if (!match) return null;
  return {
    name: 'room',
    isPerson: match[1] === 'with',
    id: Number(match[2]),
    messageId: match[3] ? Number(match[3]) : null,
    details: Boolean(match[4]),
  };
}

/** @param {number} conversationId @param {number|null} [messageId] */
export function roomHash(conversationId, messageId = null) {
  const room = conversationId < 0 ? `#/with/${-conversationId}` : `#/c/${conversationId}`;
  return messageId ? `${room}/m/${messageId}` : room;
}

/** @param {number} conversationId @param {number} messageId */
export function messageAddress(conversationId, messageId) {
  return `${location.origin}${location.pathname}${roomHash(conversationId, messageId)}`;
}
