/** The page's addresses, all behind the #: #/with/12, #/with/12/m/345, #sign-up. */

/** @typedef {{name: 'room', userId: number, messageId: number|null}|{name: 'sign-up'}} Route */

/** @param {string} hash @returns {Route|null} */
export function parseRoute(hash) {
  if (hash === '#sign-up') return { name: 'sign-up' };
  const match = /^#\/with\/(\d{1,15})(?:\/m\/(\d{1,16}))?$/u.exec(hash);
  if (!match) return null;
  return { name: 'room', userId: Number(match[1]), messageId: match[2] ? Number(match[2]) : null };
}

/** @param {number} userId @param {number} messageId */
export function messageAddress(userId, messageId) {
  return `${location.origin}${location.pathname}#/with/${userId}/m/${messageId}`;
}
