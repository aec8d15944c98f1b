/** Looking for messages by their words, and saying so where not all was looked for. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from './reasons.js';
import { MOST_WORDS, wantedWords } from './words.js';

const NOTHING = { messages: [], has_more: false };

/**
 * @param {import('../client/api.js').Api} api @param {string} text @param {{user_id?: number, limit?: number, before_id?: number}} page
 * @returns {Promise<{found: import('../client/types.js').Page|null, note: string}>} nothing found where it failed; the note says why, or what was left out
 */
export async function searchMessages(api, text, page) {
  const { words, isCut } = wantedWords(text);
  try {
    const found = words.length ? await api.search(isCut ? words.join(' ') : text, page) : NOTHING;
    return { found, note: isCut ? t('hits.tooMany', { count: MOST_WORDS }) : '' };
  } catch (error) {
    const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (error));
    return { found: null, note: t('hits.failed', { reason }) };
  }
}
