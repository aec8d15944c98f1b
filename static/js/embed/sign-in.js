/** Who talks through an embedded room: the host's own user, a session of this chat, or a guest. Knows no DOM. */
import { recalled, remember } from '../client/accounts.js';
import { ApiError } from '../client/api.js';

/** @typedef {{token: string, user: import('../client/types.js').Person}} Account */

/** @param {string} token a host signs a JWT, three parts; a session's token is one word */
function isSigned(token) {
  return /^[\w-]{1,16384}\.[\w-]{1,16384}\.[\w-]{1,16384}$/u.test(token);
}

/** @param {string} origin */
const guestKey = (origin) => `chat.guest:${origin}`;

/** @param {string} origin @returns {Account|null} the guest this browser has been */
export function keptGuest(origin) {
  try {
    return JSON.parse(recalled(guestKey(origin)) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Raises ApiError: temporary ones are worth another try, the others are a refusal.
 * @param {import('../client/api.js').Api} api
 * @param {{origin: string, token: string|null, isGuest: boolean, name: string|null}} given
 * @returns {Promise<Account>}
 */
export async function signIn(api, { origin, token, isGuest, name }) {
  if (token && isSigned(token)) return api.request('POST', 'auth/host/', { json: { token } });
  if (token) return known(api, token);
  if (!isGuest) throw new ApiError({ status: 401, code: 'token_missing' });
  const guest = keptGuest(origin);
  const kept = guest && (await still(api, guest.token));
  if (kept) return kept;
  const made = await api.request('POST', 'auth/guest/', { json: name ? { full_name: name } : {} });
  remember(guestKey(origin), JSON.stringify({ token: made.token, user: made.user }));
  return made;
}

/** @param {import('../client/api.js').Api} api @param {string} token @returns {Promise<Account|null>} nothing when the session has ended */
export async function still(api, token) {
  try {
    return await known(api, token);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return null;
  }
}

/** @param {import('../client/api.js').Api} api @param {string} token @returns {Promise<Account>} */
async function known(api, token) {
  api.token = token;
  const { user } = await api.request('GET', 'users/me/');
  return { token, user };
}
